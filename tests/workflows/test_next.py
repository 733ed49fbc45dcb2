"""Planned experiments in the order of their worth, and predictions beside outcomes."""

from __future__ import annotations

import pytest

from tests.arrange import (
    records,
    settle,
)
from tests.project import World


def test_planned_experiments_are_ranked_by_worth_and_the_best_is_run(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.gitexp("run", "--baseline")
    idea = ("--evidence", "gap", "--cost", "1h")
    low = ready.start("--set", "model.C=10", "--gain", "0.01", "--chance", "0.2", *idea)
    high = ready.start("--set", "model.C=11", "--gain", "0.01", "--chance", "0.9", *idea)
    bare = ready.start("--set", "model.C=12", "--gain", "0.9", "--chance", "1")
    order = ready.gitexp("next", "--json").json
    assert [idea["name"] for idea in order] == [high, low, bare]
    assert order[0]["worth"] == pytest.approx(0.009)
    assert any("--evidence" in doubt for doubt in order[2]["doubts"])
    fits = ready.gitexp("next", "--hours", "1.5", "--json").json
    assert [idea["fits"] for idea in fits] == [True, False, True]
    shown = ready.gitexp("next").out
    assert shown.index(high) < shown.index(low)
    assert f"exp/{high}  model.C 1.0 -> 11: 90 % x +0.01, 60 min" in shown
    ready.gitexp("next", "--run")
    assert len(records(ready, f"exp/{high}")) == 3
    assert [idea["name"] for idea in ready.gitexp("next", "--json").json] == [low, bare]


def test_nothing_planned_is_said(ready: World) -> None:
    assert "No experiment is planned" in ready.gitexp("next").out
    assert "No experiment with a prediction" in ready.gitexp("log", "--calibration").out
    assert (
        ready.gitexp("next", "--json").json
        == ready.gitexp("log", "--calibration", "--json").json
        == []
    )
    assert "nothing is planned" in ready.gitexp("next", "--run", code=2).err


def test_predictions_are_held_against_results(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    for value in ("10", "11", "12"):
        ready.start("--set", f"model.C={value}", "--gain", "0.06", "--chance", "0.5")
        ready.gitexp("run")
    whole, *groups = ready.gitexp("log", "--calibration", "--json").json
    assert (whole["group"], whole["gains"], whole["decided"]) == ("all", 3, 3)
    assert whole["measured"] == pytest.approx(0.02, abs=0.003)
    assert whole["brier"] == pytest.approx(0.25)
    assert {group["group"] for group in groups} == {"author Ada Tester", "key config.toml: model.C"}
    assert (
        "You predict 2.9 times the gain that you measure."
        in ready.gitexp("log", "--calibration").out
    )
