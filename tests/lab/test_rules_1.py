"""A notebook that version 0.1.0 wrote keeps every verdict, with all of its figures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.project import World

NOTEBOOK = Path(__file__).parents[1] / "data" / "rules_1"
RECORDED: list[dict[str, Any]] = json.loads((NOTEBOOK / "log.json").read_text())
FIGURES = ("effect", "lower", "upper", "p", "level")


@pytest.fixture
def notebook(tmp_path: Path) -> World:
    world = World(tmp_path / "project")
    world.path.mkdir()
    world.git("init", "--quiet")
    bundle = str(NOTEBOOK / "notebook.bundle")
    world.git("fetch", "--quiet", "--update-head-ok", bundle, "refs/*:refs/*")
    world.git("reset", "--quiet", "--hard", "main")
    return world


def differences(recorded: dict[str, Any], entry: dict[str, Any]) -> list[str]:
    """Fields that are not as recorded; figures may differ in what another libm rounds."""
    found = [
        name
        for name in recorded
        if name not in FIGURES and name != "guards" and recorded[name] != entry[name]
    ]
    for one, other in ((recorded, entry), *zip(recorded["guards"], entry["guards"], strict=True)):
        for name in one.keys() & {*FIGURES, "worst"}:
            same = one[name] == other[name] or math.isclose(
                one[name], other[name], rel_tol=1e-12, abs_tol=1e-12
            )
            found += [] if same else [name]
    return found


def test_the_notebook_has_every_verdict_and_nearly_every_reason() -> None:
    assert {(entry["verdict"], entry["reason"]) for entry in RECORDED} == {
        ("CONFIRMED", None),
        ("CONFIRMED", "strong"),
        ("RULED OUT", "below the bar"),
        ("RULED OUT", "guard broken"),
        ("RULED OUT", "harmful"),
        ("RULED OUT", "identical output"),
        ("INCONCLUSIVE", "futile"),
        ("INCONCLUSIVE", "guard not shown"),
        ("INCONCLUSIVE", "not positive"),
        ("INCONCLUSIVE", "passes alone but not at its level"),
        ("INCONCLUSIVE", "real but below the bar"),
        ("INCONCLUSIVE", "repeats failed"),
        ("INCONCLUSIVE", "too noisy"),
        ("INCONCLUSIVE", "unreplicated"),
        ("INCONCLUSIVE", "zero variance"),
        ("EXPLORATORY", None),
        (None, None),
    }


def test_every_verdict_of_version_0_1_0_is_as_it_was_recorded(notebook: World) -> None:
    now = {entry["name"]: entry for entry in notebook.gitexp("log", "--json").json}
    assert now.keys() == {entry["name"] for entry in RECORDED}
    changed = {e["name"]: differences(e, now[e["name"]]) for e in RECORDED}
    assert {name: fields for name, fields in changed.items() if fields} == {}


def test_verify_finds_nothing_wrong_with_a_notebook_of_version_0_1_0(notebook: World) -> None:
    found = notebook.gitexp("verify", "--json").json
    assert found["problems"] == []
    assert found["verdicts"] == sum(e["verdict"] not in {None, "EXPLORATORY"} for e in RECORDED)
    assert {remark["id"] for remark in found["information"]} == {"V13", "V17"}


@pytest.mark.parametrize("reason", ["strong", "repeats failed", "guard not shown", "futile"])
def test_an_experiment_of_version_0_1_0_is_shown_as_it_was(notebook: World, reason: str) -> None:
    recorded = next(entry for entry in RECORDED if entry["reason"] == reason)
    shown = notebook.gitexp("show", recorded["name"], "--json").json
    assert differences(recorded, shown) == []
    assert recorded["verdict"] in notebook.gitexp("show", recorded["name"]).out
