"""The second change that nobody sees: packages, data, code on the baseline."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from gitexp.lab.measuring.environments import Environments
from tests.team import repository_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World


def with_data(world: World) -> None:
    """Declare a git-ignored data file that the training script reads."""
    world.write(".gitignore", "data/\n")
    world.write("data/bonus.txt", "0.0")
    settings = (world.path / "gitexp.toml").read_text()
    world.write("gitexp.toml", settings + 'link = ["data"]\n')
    train = (world.path / "train.py").read_text()
    world.write(
        "train.py", train.replace("noise =", "noise = float(open('data/bonus.txt').read()) +")
    )
    world.commit("data")
    world.gitexp("trust", "--yes")


def test_the_baseline_is_measured_again_where_the_data_has_moved(ready: World) -> None:
    with_data(ready)
    assert ready.gitexp("run", "--baseline", "--json").json["seeds"]
    ready.write("data/bonus.txt", "0.05")
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", name, "--json")
    assert "data data has changed" in ran.err
    assert "5 runs to do" in ran.err
    assert ran.json["runs"] == 10
    [row] = ready.gitexp("log", "--json").json
    assert row["verdict"] == "CONFIRMED"
    assert abs(row["effect"] - 0.018) < 0.003  # the data's own 0.05 is in both arms


def test_data_that_changes_during_a_run_fails_the_run(ready: World) -> None:
    with_data(ready)
    train = (ready.path / "train.py").read_text()
    grow = "import pathlib; p = pathlib.Path('data/bonus.txt'); p.write_text(p.read_text() + '1')\n"
    ready.write("train.py", train + grow)
    ready.commit("a script that writes its input")
    assert "R2: declared data changed" in ready.gitexp("run", "--baseline", code=4).err


def test_linked_data_that_is_missing_is_named(ready: World) -> None:
    with_data(ready)
    (ready.path / "data" / "bonus.txt").unlink()
    (ready.path / "data").rmdir()
    assert "data (named by `link`" in ready.gitexp("run", "--baseline", code=3).err


def fake_package(folder: Path, version: str) -> None:
    (folder / "site-packages" / "tinylib").mkdir(parents=True, exist_ok=True)
    (folder / "site-packages" / "tinylib" / "__init__.py").write_text("")
    for old in (folder / "site-packages").glob("tinylib-*"):
        (old / "METADATA").unlink()
        old.rmdir()
    info = folder / "site-packages" / f"tinylib-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tinylib\nVersion: {version}\n")


@pytest.mark.slow
def test_an_upgraded_package_is_noticed_before_anything_runs(ready: World, tmp_path: Path) -> None:
    fake_package(tmp_path, "1.0")
    library = {"PYTHONPATH": str(tmp_path / "site-packages")}
    train = (ready.path / "train.py").read_text()
    ready.write("train.py", "import tinylib\n" + train)
    ready.commit("use a library")
    ready.gitexp("run", "--baseline", cwd=None, **library)  # type: ignore[arg-type]
    fake_package(tmp_path, "2.0")
    ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", "--json", cwd=None, **library)  # type: ignore[arg-type]
    assert "tinylib 1.0 -> 2.0" in ran.err.split("runs to do")[0]
    assert (ran.json["verdict"], ran.json["runs"]) == ("CONFIRMED", 10)
    again = ready.start("--set", "model.C=11", text="C=11 raises accuracy because it underfits")
    assert ready.gitexp("run", again, "--json", cwd=None, **library).json["runs"] == 5  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_command_that_is_no_python_is_compared_after_the_run(
    ready: World, tmp_path: Path
) -> None:
    fake_package(tmp_path, "1.0")
    library = {"PYTHONPATH": str(tmp_path / "site-packages")}
    ready.write("run.sh", f"exec {sys.executable} train.py\n")
    ready.write("train.py", "import tinylib\n" + (ready.path / "train.py").read_text())
    settings = (ready.path / "gitexp.toml").read_text()
    ready.write("gitexp.toml", settings.replace(f"{sys.executable} train.py", "sh run.sh"))
    ready.commit("run by a shell script")
    ready.gitexp("trust", "--yes")
    ready.gitexp("run", "--baseline", cwd=None, **library)  # type: ignore[arg-type]
    fake_package(tmp_path, "2.0")
    ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", "--json", cwd=None, **library)  # type: ignore[arg-type]
    assert "tinylib 1.0 -> 2.0" in ran.err
    assert ran.json["verdict"] == "CONFIRMED"


def test_what_version_0_1_0_measured_is_measured_again(ready: World) -> None:
    ready.gitexp("run", "--baseline")
    new = {"threads", "build", "modules", "startup", "hashed", "read", "place"}
    for ref in ("gitexp-data", "gitexp-runs"):
        note = ready.git("notes", f"--ref={ref}", "show", "main")
        lines = [
            {name: value for name, value in json.loads(line).items() if name not in new}
            for line in note.splitlines()
        ]
        # Conditions were named after less.
        old = (
            line | {"condition": "0123456789ab"} if "condition" in line else line for line in lines
        )
        ready.write("note.txt", "\n".join(map(json.dumps, old)))
        ready.git("notes", f"--ref={ref}", "add", "-f", "-F", "note.txt", "main")
    ran = ready.gitexp("run", ready.start("--set", "model.C=10"), "--json")
    assert "gitexp 0.1.0 did not record threads" in " ".join(ran.err.split())
    assert (ran.json["verdict"], ran.json["runs"]) == ("CONFIRMED", 10)


def test_a_variable_that_decides_opens_a_condition_for_both_arms(ready: World) -> None:
    train = (ready.path / "train.py").read_text()
    lift = "noise += 0.03 * (os.environ['OMP_NUM_THREADS'] == '7')\naccuracy ="
    ready.write("train.py", train.replace("accuracy =", lift, 1))
    ready.commit("a trainer that computes something else with seven threads")
    ready.gitexp("run", "--baseline")
    ready.start("--set", "train.epochs=30", text="30 epochs lift accuracy because it underfits")
    ran = ready.gitexp("run", "--json", OMP_NUM_THREADS="7")
    assert "OMP_NUM_THREADS unset -> 7" in ran.err
    assert (ran.json["verdict"], ran.json["runs"]) == ("RULED OUT", 10)


def test_a_variable_that_one_arm_alone_was_given_is_named_once(ready: World) -> None:
    train = (ready.path / "train.py").read_text()
    ready.write(
        "train.py", train.replace("noise =", "noise = float(os.environ.get('BOOST', 0)) +", 1)
    )
    ready.commit("read a variable")
    ready.gitexp("run", "--baseline", EDITED="1")
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", name, BOOST="0.03", UNREAD="1")
    assert ran.err.count("E2") == 1
    assert "the variable BOOST differs between the arms" in " ".join(ran.err.split())
    assert "BOOST differs" in " ".join(ready.gitexp("show", name).out.split())
    shown = ready.gitexp("show", name, "--json")
    assert shown.json["differing_variables"] == ["BOOST", "EDITED", "UNREAD"]
    assert "0.03" not in json.dumps(shown.json["environments"])
    [told] = ready.gitexp("verify", "--json").json["information"]
    assert told["id"] == "E2"


def test_a_file_that_is_said_to_be_inert_is_named_where_a_run_loads_it(ready: World) -> None:
    ready.write("tests/__init__.py", "")
    ready.write("tests/sizes.py", "BONUS = 0.0\n")
    train = (ready.path / "train.py").read_text()
    ready.write("train.py", "from tests import sizes\n" + train)
    ready.commit("import from the tests")
    assert (
        "E1: it loaded tests/__init__.py, tests/sizes.py" in ready.gitexp("run", "--baseline").err
    )
    ready.write("tests/sizes.py", "BONUS = 0.1\n")
    ready.commit("which cannot change a run, say the settings")
    assert "5 runs to do" in ready.gitexp("run", "--baseline").err


def test_what_a_run_reads_of_other_runs_is_told(ready: World) -> None:
    train = (ready.path / "train.py").read_text()
    ready.write(
        "train.py",
        f"{train}own = os.path.join(os.environ['GITEXP_RUN_DIR'], 'checkpoint')\n"
        "import pathlib\nfor left in pathlib.Path(own).parents[2].glob('*/*/checkpoint'):\n"
        "    left.read_text()\nopen(own, 'w').close()\n",
    )
    ready.commit("go on from what earlier runs left")
    name = ready.start("--set", "model.C=10")
    said = ready.gitexp("run", name).err
    assert ".git/gitexp/runs/, outside their checkouts" in said
    assert "(E4); read and write below GITEXP_RUN_DIR alone" in said
    # Whoever accepts it may not be who ran it.
    accepted = ready.gitexp("accept", name, "--json").json
    assert [one["id"] for one in accepted["advice"]] == ["E4"]
    ready.git("reset", "--quiet", "--keep", accepted["before"])
    assert "E4" in ready.gitexp("accept", name).out


@pytest.mark.slow
def test_other_code_under_an_unchanged_version_is_noticed_before_anything_runs(
    ready: World, tmp_path: Path
) -> None:
    library, site = tmp_path / "lib", tmp_path / "site-packages"
    for folder in (library, site):
        folder.mkdir()
    (library / "mine.py").write_text("GAIN = 0.0\n")
    fake_package(tmp_path, "1.0")
    paths = {"PYTHONPATH": f"{library}:{site}"}
    ready.write("train.py", "import mine, tinylib\n" + (ready.path / "train.py").read_text())
    ready.commit("use code from elsewhere")
    ready.gitexp("run", "--baseline", cwd=None, **paths)  # type: ignore[arg-type]
    (library / "mine.py").write_text("GAIN = 0.03\n")
    ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", "--json", cwd=None, **paths)  # type: ignore[arg-type]
    assert "module mine has changed" in ran.err.split("runs to do")[0]
    assert ran.json["runs"] == 10
    (site / "tinylib" / "__init__.py").write_text("EDITED = True\n")
    (site / "helper.pth").write_text("import os; os.environ['GAIN'] = '0.03'\n")
    again = ready.start("--set", "model.C=11", text="C=11 raises accuracy because it underfits")
    said = ready.gitexp("run", again, cwd=None, **paths).err.split("runs to do")[0]  # type: ignore[arg-type]
    assert "tinylib has changed, though not its version" in said


def test_a_program_that_git_ignores_is_part_of_the_condition(ready: World) -> None:
    start = f"#!/bin/sh\n{sys.executable} train.py\n"
    ready.write(".gitignore", "go\n")
    ready.write("go", start).chmod(0o755)
    settings = (ready.path / "gitexp.toml").read_text()
    ready.write("gitexp.toml", settings.replace(f"{sys.executable} train.py", "./go"))
    ready.commit("run by a script of one's own")
    ready.gitexp("trust", "--yes")
    ready.gitexp("run", "--baseline")
    ready.write("go", start.replace(sys.executable, f"GAIN=1 {sys.executable}"))
    ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", "--json")
    assert "go has changed" in ran.err
    assert (ran.json["verdict"], ran.json["runs"]) == ("CONFIRMED", 10)


def test_another_terminal_login_or_environment_runs_nothing_again(
    ready: World, tmp_path: Path
) -> None:
    fake_package(tmp_path, "1.0")
    site = tmp_path / "site-packages"
    ready.write("train.py", "import tinylib\n" + (ready.path / "train.py").read_text())
    ready.commit("use a library")
    ready.gitexp("run", "--baseline", cwd=None, PYTHONPATH=str(site))
    (site / "tinylib" / "__pycache__").mkdir(exist_ok=True)
    (site / "tinylib" / "__pycache__" / "x.pyc").write_bytes(b"another machine's")
    ready.start("--set", "model.C=10")
    ran = ready.gitexp(
        "run", "--json", "--jobs", "2", cwd=None, PYTHONPATH=str(site), TMUX="/tmp/tmux-1/x,1,0",
        SSH_CONNECTION="1 2 3 4", TERM="screen", SHLVL="4", CUDA_VISIBLE_DEVICES="1",
        SLURM_JOB_ID="17", HOME=str(tmp_path), USER="grace", VIRTUAL_ENV="/elsewhere/.venv",
    )  # fmt: skip
    assert "environment has changed" not in ran.err
    assert ran.json["runs"] == 5


def test_the_number_of_threads_is_the_baselines_whatever_jobs_says(ready: World) -> None:
    train = (ready.path / "train.py").read_text()
    ready.write("train.py", train + "print('threads=' + os.environ['OPENBLAS_NUM_THREADS'])\n")
    ready.commit("say how many threads there are")
    assert (
        "each run computes with 1 thread" in ready.gitexp("run", "--baseline", "--jobs", "64").err
    )
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run", name)
    [row] = [ready.gitexp("show", name, "--json").json]
    assert {run["metrics"]["threads"] for run in row["runs"]} == {1}
    assert [environment["threads"] for environment in row["environments"]] == [1]


def test_a_refactoring_is_neutral_and_a_fix_says_what_it_moved(ready: World) -> None:
    ready.gitexp("run", ready.start("--set", "model.C=10"))
    ready.write(
        "train.py", "import csv  # loads one module more\n" + (ready.path / "train.py").read_text()
    )
    ready.commit("refactor")
    assert "neutral, identical over 1 seed" in ready.gitexp("run", "--baseline").out
    ready.edit("accuracy = 0.9 +", "accuracy = 0.91 +", "train.py")
    ready.commit("fix the evaluation")
    step = ready.gitexp("run", "--baseline", "--json").json["step"]
    assert (step["reason"], step["pairs"]) == ("moved", 5)
    assert abs(step["effect"] - 0.01) < 1e-6
    ready.write("README.md", "words\n")
    ready.commit("words only")
    assert "runs to do" not in ready.gitexp("run", "--baseline").err
    told = ready.gitexp("log", "--long").out
    assert told.count("UNTESTED STEP") == 2
    assert told.index("  fix the evaluation\n  moved by") < told.index("  refactor\n  neutral")


def test_long_baselines_are_not_begun_unasked(ready: World) -> None:
    ready.gitexp("run", "--baseline")
    note = ready.git("log", "-1", "--format=%N", "--notes=refs/notes/gitexp-runs", "main")
    lines = [json.loads(line) | {"duration": 4000.0} for line in note.strip().splitlines()]
    ready.write("note.txt", "\n".join(json.dumps(line) for line in lines[:2]))
    ready.git("notes", "--ref=gitexp-runs", "add", "-f", "-F", "note.txt", "main")
    ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", code=3)
    assert "--yes" in ran.err
    assert ready.gitexp("run", "--yes", "--json").json["verdict"] == "CONFIRMED"


def test_a_run_that_failed_at_once_hides_no_upgrade(ready: World) -> None:
    known = Environments(repository_of(ready))
    known.read("main")
    least = {"python": "3.11", "threads": 4}
    nothing, old, new = (
        least | {"packages": packages} for packages in ({}, {"numpy": "1.0"}, {"numpy": "2.0"})
    )
    failed = known.name(nothing, "main")
    assert known.name(old, "main") == failed
    assert known.name(new, "main") != failed
    assert known.name(nothing | {"packages": {"numpy": "1.0"}}, "main") == failed
