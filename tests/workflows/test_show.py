"""One experiment in full: its registration, its seeds side by side, its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.project import World


FIELDS = {
    "name", "branch", "commit", "baseline", "hypothesis", "change", "criterion", "state",
    "verdict", "reason", "effect", "lower", "upper", "p", "level", "pairs",
}  # fmt: skip


def test_show_puts_the_seeds_side_by_side(ready: World) -> None:
    name = ready.start("--set", "model.C=10", "--evidence", "train 0.93")
    text = ready.gitexp("show").out
    for words in (f"exp/{name}", "Ada Tester", "Evidence:    train 0.93", "Not run yet"):
        assert words in text
    ready.gitexp("run")
    sheet = ready.gitexp("show", name, "--json").json
    assert sheet.keys() >= FIELDS
    assert [pair["seed"] for pair in sheet["seeds"]] == [1, 2, 3, 4, 5]
    for pair in sheet["seeds"]:
        assert pair["experiment"] - pair["baseline"] > 0.01
    assert sheet["effect"] == pytest.approx(
        sum(pair["experiment"] - pair["baseline"] for pair in sheet["seeds"]) / 5
    )
    assert len(sheet["runs"]) == 5
    assert sheet["message"].startswith("C raises accuracy because")
    text = ready.gitexp("show").out
    assert "CONFIRMED: accuracy +0.0" in text
    assert "ran on python" in text
    for pair in sheet["seeds"]:
        assert f"{pair['baseline']:.4g}" in text
