"""Names of 0.1.0, each beside the command that does it now."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import gitexp
from gitexp.cli.overview import FORMER
from tests.project import BECAUSE, World

RATE = "A lower lr raises accuracy because training oscillates: its loss is noisy"


@pytest.fixture
def twin(ready: World, tmp_path: Path) -> World:
    """The same project again."""
    shutil.copytree(ready.path, tmp_path / "twin", symlinks=True)
    return World(tmp_path / "twin")


def edit_two(world: World) -> None:
    """Change two values in the work tree."""
    world.edit("C = 1.0", "C = 10")
    world.edit("lr = 1e-3", "lr = 1e-4")


def test_search_is_log_with_words(ready: World) -> None:
    ready.start("--set", "model.C=10")
    assert ready.gitexp("search", "underfits").out == ready.gitexp("log", "underfits").out
    assert ready.gitexp("search", "dropout").out == ready.gitexp("log", "dropout").out


def test_baseline_is_run_with_an_option(ready: World, twin: World) -> None:
    one = ready.gitexp("baseline", "--json").json
    other = twin.gitexp("run", "--baseline", "--json").json
    assert one["seeds"] == other["seeds"]


def test_split_is_start_with_an_option(ready: World, twin: World) -> None:
    edit_two(ready)
    edit_two(twin)
    one = ready.gitexp("split", "-m", BECAUSE, "-m", RATE, "--json").json
    other = twin.gitexp("start", "--split", BECAUSE, RATE, "--json").json
    assert [row["change"] for row in one] == [row["change"] for row in other]
    assert len(one) == 2


def test_an_experiment_is_split_by_its_name(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/two-values")
    edit_two(ready)
    ready.commit(BECAUSE, verify=False)
    ready.git("switch", "--quiet", "main")
    made = ready.gitexp("start", "--split", "--of", "two-values", BECAUSE, RATE, "--json").json
    assert [row["change"]["key"] for row in made] == ["model.C", "train.lr"]


def test_what_split_lacks_is_named_in_a_command(ready: World) -> None:
    edit_two(ready)
    error = ready.gitexp("start", "--split", BECAUSE, "--json", code=2).json["error"]
    assert "2 changes" in error["message"]
    assert error["commands"][0].startswith("gitexp start --split ")


def test_preset_is_start_with_an_option(ready: World, twin: World) -> None:
    words = ("large", "model.C=10", "train.lr=1e-4")
    one = ready.gitexp("preset", *words, "--json").json
    other = twin.gitexp("start", "--preset", *words, "--json").json
    assert (one["name"], one["file"]) == (other["name"], other["file"]) == ("large", "config.toml")


def test_restore_is_archive_with_an_option(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    for words in (("restore", name), ("archive", "--restore", name)):
        ready.gitexp("archive", name)
        ran = ready.gitexp(*words)
        assert ran.out == f"exp/{name} is a branch again.\n"
        assert ready.git("rev-parse", f"exp/{name}")


def test_gc_is_doctor_with_an_option(ready: World) -> None:
    ready.gitexp("run", "--baseline")
    for words in (("gc",), ("doctor", "--gc")):
        kept = ready.gitexp(*words, "--json").json
        assert {one["state"] for one in kept} == {"kept"}
        old = ready.gitexp(*words, "--older", "1s", "--dry-run", "--json").json
        assert len(old) == len(kept)


def test_the_help_of_a_former_name_is_that_of_its_command(tmp_path: Path) -> None:
    outside = World(tmp_path)
    assert outside.gitexp("gc", "--help").out == outside.gitexp("help", "doctor").out
    assert outside.gitexp("help", "search").out == outside.gitexp("log", "--help").out


def test_nothing_that_gitexp_says_has_a_former_name() -> None:
    former = re.compile(rf"gitexp ({'|'.join(FORMER)})\b")
    package = Path(gitexp.__file__).parent
    texts = [path for ending in ("*.py", "*.toml") for path in package.rglob(ending)]
    found = {path.name: former.findall(path.read_text()) for path in texts}
    assert not {name: words for name, words in found.items() if words}
