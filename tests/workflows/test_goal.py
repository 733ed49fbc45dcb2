"""What the project is after: committed, questioned, and shown with its progress."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.arrange import (
    settle,
)
from tests.project import World

SET = ("--set", "model.C=10")


def test_a_goal_is_committed_and_its_progress_shown(ready: World) -> None:
    settle(ready, repeats=[3])
    day = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=30)
    out = ready.gitexp("goal", f"accuracy >= 0.97 by {day}").out
    assert out == f"Goal accuracy >= 0.97 by {day}: not measured yet, 30 days left.\n"
    ready.gitexp("run", "--baseline")
    [found] = ready.gitexp("goal", "--json").json
    assert (found["met"], found["runs"], found["days_left"]) == (False, 3, 30)
    assert found["now"] == pytest.approx(0.902, abs=0.003)
    assert "no run of the baseline reported acuracy\nS4 (advice) · did you mean accuracy?" in (
        ready.gitexp("goal", "acuracy >= 0.9").out
    )
    ready.git("reset", "--quiet", "--hard", "HEAD^")
    ready.gitexp("goal", "accuracy >= 0.9")
    shown = " ".join(ready.gitexp("goal").out.split())
    assert "reached within the error bar, at 0.90" in shown
    assert f"It was accuracy >= 0.97 by {day} until " in shown
    # The goal that it replaced stays in the history.
    history = ready.git("log", "--format=%s", "main", "--", "GOALS.toml").splitlines()
    assert history == ["Goal: accuracy >= 0.9", f"Goal: accuracy >= 0.97 by {day}"]


@pytest.mark.parametrize(
    "goal",
    [
        "better", "accuracy", "accuracy +0.1", "accuracy >= 0.9 by soon", "a >= 1 by 2027-13-01",
        "accuracy <= 0.9", "accuracy >= 0.9 by 2020-01-01",
    ],
)  # fmt: skip
def test_a_goal_without_a_number_or_a_day_is_questioned(ready: World, goal: str) -> None:
    before = ready.snapshot()
    ready.gitexp("goal", goal, code=2)
    assert ready.snapshot() == before


@pytest.mark.parametrize("content", ["goals = [", "goals = 3", "goals = [3]", 'goals = "a >= 1"'])
def test_broken_goals_leave_the_log_whole(ready: World, content: str) -> None:
    ready.write("GOALS.toml", content)
    ready.commit("goals")
    ready.start(*SET)
    assert "GOALS.toml" in ready.gitexp("goal", code=3).err
    assert "GOALS.toml" in ready.gitexp("log").err
