"""The headline in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from gitexp.cli.views.goal import progress
from gitexp.cli.views.headline import headline_lines
from gitexp.lab.standing.goals import GoalProgress
from gitexp.lab.standing.headline import Headline
from gitexp.rules.documents.goal import Goal
from gitexp.rules.plan.run_scores import Score
from gitexp.rules.verdict.criterion import Criterion

BEGUN = Headline(
    metric="accuracy", now=Score(0.97214, 0.004, 0.0031, 10),
    beginning=Score(0.94108, 0.005, 0.0042, 10), goals=(), confirmed=12, ruled_out=31,
    inconclusive=4, exploratory=0, open=3, withdrawn=0, campaign=2, places_left=6, hours=14.2,
    hours_saved=3.14, misled=9,
)  # fmt: skip
EMPTY = Headline(
    metric="acc\x1b[2Juracy", now=None, beginning=None, goals=(), confirmed=0, ruled_out=0,
    inconclusive=0, exploratory=0, open=0, withdrawn=0, campaign=1, places_left=20, hours=0.0,
    hours_saved=0.0, misled=0,
)  # fmt: skip


def goal(
    now: float | None, left: int | None = None, wanted: str = "accuracy >= 0.97"
) -> GoalProgress:
    by = None if left is None else dt.date(2027, 1, 31)
    score = None if now is None else Score(now, 0.001, 0.001, 10)
    return GoalProgress(Goal(Criterion.parse(wanted), by), score, left)


def test_a_headline_says_where_a_project_stands_and_what_that_took() -> None:
    assert headline_lines(BEGUN) == [
        "accuracy 0.9721 ± 0.0031, 0.9411 at the beginning",
        (
            "12 confirmed, 31 ruled out, 4 inconclusive, 3 open, 6 places left; 14.2 h of runs,"
            " 3.1 h saved by early stops"
        ),
        "a single run would have kept 9 of the 31 ruled out",
    ]


def test_a_headline_counts_what_was_explored_and_what_was_withdrawn() -> None:
    said = headline_lines(replace(BEGUN, exploratory=2, withdrawn=1))[1]
    assert "4 inconclusive, 2 exploratory, 3 open, 1 withdrawn, 6 places left" in said


def test_a_headline_of_nothing_shows_hostile_names_and_runs_none() -> None:
    assert headline_lines(EMPTY) == [
        "acc\\x1b[2Juracy of the baseline: not measured yet",
        "0 confirmed, 0 ruled out, 0 open, 20 places left; no run yet",
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (goal(0.98), "goal >= 0.97 reached"),
        (goal(0.9701), "goal >= 0.97 reached within the error bar"),
        (goal(0.9), "goal >= 0.97 not reached"),
        (goal(None, left=1), "goal >= 0.97 not reached, 1 day left"),
        (goal(0.3, wanted="loss <= 0.2"), "goal loss <= 0.2 not reached"),
        (goal(0.9, left=-3), "goal >= 0.97 not reached, 3 days late"),
    ],
)
def test_a_headline_has_the_goals(told: GoalProgress, said: str) -> None:
    first = headline_lines(replace(BEGUN, goals=(told,)))[0]
    assert first == f"accuracy 0.9721 ± 0.0031, 0.9411 at the beginning, {said}"


@pytest.mark.parametrize(
    ("left", "said"), [(1, "1 day left."), (12, "12 days left."), (-1, "1 day late.")]
)
def test_a_goal_counts_its_days(left: int, said: str) -> None:
    assert progress(goal(None, left=left)).endswith(said)


def test_the_first_baseline_is_not_compared_with_itself() -> None:
    assert headline_lines(replace(BEGUN, beginning=BEGUN.now))[0] == "accuracy 0.9721 ± 0.0031"
    one = replace(BEGUN, ruled_out=1, misled=1)
    assert headline_lines(one)[-1] == "a single run would have kept the one ruled out"
