"""The second change that nobody sees: packages, data, code on the baseline."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

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


def test_a_refactoring_is_neutral_and_a_fix_says_what_it_moved(ready: World) -> None:
    ready.gitexp("run", ready.start("--set", "model.C=10"))
    ready.write(
        "train.py", "import csv  # loads one module more\n" + (ready.path / "train.py").read_text()
    )
    ready.commit("refactor")
    assert "neutral, identical over 5 seeds" in ready.gitexp("run", "--baseline").out
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
