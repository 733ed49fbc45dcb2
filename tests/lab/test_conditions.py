"""The second change that nobody sees: packages, data, code on the baseline."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.engine.condition import condition_of, moved
from gitexp.engine.data import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

ENVIRONMENT = {
    "python": "3.11.7",
    "implementation": "cpython",
    "accelerators": ["A100"],
    "data": {"data": "abc"},
    "packages": {"numpy": "2.0", "torch": "2.5"},
}


def other(**changed: object) -> dict[str, Any]:
    return ENVIRONMENT | changed


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (other(), []),
        (other(packages={"numpy": "2.0"}), []),
        (other(packages={"numpy": "2.0", "torch": "2.5", "lightgbm": "4"}), []),
        (other(packages={"numpy": "2.1", "torch": "2.5"}), ["numpy 2.0 -> 2.1"]),
        (other(packages={"numpy": None, "torch": "2.5"}), ["numpy 2.0 -> None"]),
        (other(python="3.12.1"), ["python 3.11.7 -> 3.12.1"]),
        (other(accelerators=["H100"]), ["accelerators A100 -> H100"]),
        (other(data={"data": "xyz"}), ["data data has changed"]),
        (other(data={}), []),
    ],
)
def test_what_keeps_two_runs_apart_is_named(
    environment: dict[str, object], said: list[str]
) -> None:
    assert moved(ENVIRONMENT, environment) == said


def test_a_run_joins_the_condition_that_it_agrees_with() -> None:
    known: dict[str, dict[str, Any]] = {"one": ENVIRONMENT, "two": other(python="3.12.1")}
    assert condition_of(other(packages={"numpy": "2.0", "xgboost": "2"}), known) == "one"
    assert condition_of(other(python="3.12.1", packages={}), known) == "two"
    alone = condition_of(other(packages={"numpy": "9"}), known)
    assert alone not in known
    assert condition_of(other(packages={"numpy": "9"}), {}) == alone


def test_data_is_fingerprinted_by_content_and_hashed_once(tmp_path: Path) -> None:
    place, cache = tmp_path / "place", tmp_path / "cache.json"
    (place / "data" / "deep").mkdir(parents=True)
    (place / "data" / "a.csv").write_text("1\n")
    (place / "data" / "deep" / "b.csv").write_text("2\n")
    patterns = ["data", "data/*.csv", "nothing/*"]
    first = fingerprint(place, patterns, cache)
    assert first["nothing/*"] == "absent"
    assert first["data"] != first["data/*.csv"]
    assert len(json.loads(cache.read_text())) == 2
    assert fingerprint(place, patterns, cache) == first
    (place / "data" / "deep" / "b.csv").write_text("3\n")
    second = fingerprint(place, patterns, cache)
    assert second["data"] != first["data"]
    assert second["data/*.csv"] == first["data/*.csv"]


def test_the_same_content_elsewhere_has_the_same_fingerprint(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / "a.bin").write_bytes(b"\0" * 100_000)
        digests.append(fingerprint(tmp_path / name, ["data"], tmp_path / f"{name}.json"))
    assert digests[0] == digests[1]


def test_a_linked_folder_is_entered(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("1")
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "data").symlink_to(tmp_path / "real")
    before = fingerprint(tmp_path / "place", ["data"], tmp_path / "c.json")
    (tmp_path / "real" / "a.csv").write_text("22")
    assert fingerprint(tmp_path / "place", ["data"], tmp_path / "c.json") != before


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
    assert ready.gitexp("baseline", "--json").json["seeds"]
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
    assert "R2: declared data changed" in ready.gitexp("baseline", code=4).err


def test_linked_data_that_is_missing_is_named(ready: World) -> None:
    with_data(ready)
    (ready.path / "data" / "bonus.txt").unlink()
    (ready.path / "data").rmdir()
    assert "data (named by `link`" in ready.gitexp("baseline", code=3).err


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
    ready.gitexp("baseline", cwd=None, **library)  # type: ignore[arg-type]
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
    ready.gitexp("baseline", cwd=None, **library)  # type: ignore[arg-type]
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
    assert "neutral, identical over 5 seeds" in ready.gitexp("baseline").out
    ready.edit("accuracy = 0.9 +", "accuracy = 0.91 +", "train.py")
    ready.commit("fix the evaluation")
    step = ready.gitexp("baseline", "--json").json["step"]
    assert (step["reason"], step["pairs"]) == ("moved", 5)
    assert abs(step["effect"] - 0.01) < 1e-6
    ready.write("README.md", "words\n")
    ready.commit("words only")
    assert "runs to do" not in ready.gitexp("baseline").err
    told = ready.gitexp("log").out
    assert told.count("UNTESTED STEP") == 2
    assert told.index("  fix the evaluation\n  moved by") < told.index("  refactor\n  neutral")


def test_long_baselines_are_not_begun_unasked(ready: World) -> None:
    ready.gitexp("baseline")
    note = ready.git("log", "-1", "--format=%N", "--notes=refs/notes/gitexp-runs", "main")
    lines = [json.loads(line) | {"duration": 4000.0} for line in note.strip().splitlines()]
    ready.write("note.txt", "\n".join(json.dumps(line) for line in lines[:2]))
    ready.git("notes", "--ref=gitexp-runs", "add", "-f", "-F", "note.txt", "main")
    ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", code=3)
    assert "--yes" in ran.err
    assert ready.gitexp("run", "--yes", "--json").json["verdict"] == "CONFIRMED"
