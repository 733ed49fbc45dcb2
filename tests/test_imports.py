"""What each command loads: start-up is part of the feedback loop, one careless import its end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.project import BECAUSE

if TYPE_CHECKING:
    from tests.project import World

# Each costs 20 ms to a second where it is loaded.
HEAVY = {
    "asyncio", "coolname", "distributed", "email", "git", "http", "importlib.metadata", "joblib",
    "multiprocessing", "numpy", "pandas", "pydantic", "rich", "ruamel", "scipy", "sklearn", "ssl",
    "tomlkit", "unittest", "urllib.request", "xml", "yaml",
}  # fmt: skip


def loaded(world: World, *words: str) -> set[str]:
    """Modules that `python WORDS` imports; it must succeed."""
    ran = world.run(sys.executable, "-X", "importtime", *words)
    assert ran.code == 0, ran.err
    lines = [line for line in ran.err.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.fixture
def by_hand(ready: World) -> World:
    """A project on a hand-made experiment with one changed value in the index."""
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    ready.edit("C = 1.0", "C = 10")
    ready.git("add", "--all")
    return ready


def test_help_loads_no_workflow(ready: World) -> None:
    modules = loaded(ready, "-m", "gitexp", "--help")
    assert not modules & HEAVY
    layers = ("gitexp.workflows", "gitexp.engine", "gitexp.store", "gitexp.rules.gate.formats")
    assert not [name for name in modules if name.startswith(layers)]


@pytest.mark.parametrize("words", [("check",), ("log",), ("log", "--json"), ("show",), ("verify",)])
def test_reading_loads_nothing_heavy(words: tuple[str, ...], ready: World) -> None:
    ready.start("--set", "model.C=10")
    modules = loaded(ready, "-m", "gitexp", *words)
    assert not modules & HEAVY
    assert not any(name.startswith("gitexp.engine") for name in modules)


def test_start_loads_the_names_and_nothing_else_heavy(ready: World) -> None:
    modules = loaded(ready, "-m", "gitexp", "start", "--set", "model.C=10", BECAUSE)
    assert modules & HEAVY == {"coolname"}
    assert not any(name.startswith("gitexp.engine") for name in modules)


def test_run_loads_nothing_heavy_where_nobody_watches(ready: World) -> None:
    ready.start("--set", "model.C=10")
    unwanted = {
        "concurrent.futures", "csv", "gitexp.lab.registering.precedents",
        "gitexp.rules.documents.elsewhere", "gitexp.rules.gate.formats.python",
        "gitexp.rules.gate.formats.yaml_1_1", "statistics", "zipfile",
    }  # fmt: skip
    modules = loaded(ready, "-m", "gitexp", "run")
    assert not modules & (HEAVY | unwanted)
    others = ("gitexp.workflows.", "gitexp.lab.sharing", "gitexp.engine.clusters")
    assert {name for name in modules if name.startswith(others)} == {"gitexp.workflows.run"}


def test_pre_commit_loads_the_gate_alone(by_hand: World) -> None:
    modules = loaded(by_hand, "-EP", "-m", "gitexp.hook", "pre-commit")
    unwanted = {
        "gitexp.rules.gate.hypothesis", "gitexp.rules.verdict.verdict", "gitexp.store.notes",
        "gitexp.store.note_writing", "gitexp.workflows.start", "gitexp.rules.catalogue", "hashlib",
        "random", "tempfile", "typer",
    }  # fmt: skip
    if sys.version_info < (3, 13):  # whose dataclasses asks inspect for every class
        unwanted |= {"ast", "dis", "tokenize"}
    assert not modules & (HEAVY | unwanted)


def test_commit_msg_loads_no_command_line(by_hand: World) -> None:
    by_hand.write(".git/COMMIT_EDITMSG", f"{BECAUSE}\n")
    words = ("-EP", "-m", "gitexp.hook", "commit-msg", ".git/COMMIT_EDITMSG")
    # What judges is not needed either, as long as nothing was measured.
    unwanted = {
        "gitexp.workflows.start",
        "gitexp.rules.catalogue",
        "gitexp.rules.verdict.verdict",
        "gitexp.rules.documents.record",
        "typer",
    }
    assert not loaded(by_hand, *words) & (HEAVY | unwanted)


def test_a_training_script_that_imports_gitexp_loads_the_standard_library_alone(
    world: World,
) -> None:
    alone = loaded(world, "-c", "import json, os")
    assert loaded(world, "-c", "import gitexp") - alone <= {"gitexp", "__future__"}
