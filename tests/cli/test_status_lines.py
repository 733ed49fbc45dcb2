"""Where you stand fits a dozen lines, however much there is to say."""

from __future__ import annotations

import pytest

from gitexp.cli.views.status import status_lines
from gitexp.cli.views.terminal import columns
from gitexp.lab.queues.under_way import UnderWay
from gitexp.lab.standing.goals import GoalProgress
from gitexp.lab.standing.next_step import NextStep
from gitexp.lab.standing.to_do import Wait, WaitKind
from gitexp.rules.documents.goal import parse_goal
from gitexp.rules.plan.evidence import EvidenceCount, EvidenceKind
from gitexp.rules.plan.ranking import WeighedIdea
from gitexp.rules.plan.run_scores import Score
from gitexp.workflows.status import Status, Taken

LONG = "model.encoder.layers.attention.dropout_of_the_first_block 0.1 -> 0.25"
IDEA = WeighedIdea(
    "brave-otter", "it helps", LONG, 0.01, 0.5, 7200, 1.0, "paper: Wide ResNets " * 9, True, ()
)
SCORE = Score(0.9, 0.008, 0.01, 5)
PAPERS = (EvidenceCount(EvidenceKind.PAPER, 1, 9), EvidenceCount(EvidenceKind.GAP, 4, 7))


def status(
    *,
    goals: int = 0,
    running: int = 0,
    planned: int = 0,
    waits: int = 0,
    taken: int = 0,
    withdrawn: int = 0,
) -> Status:
    goal = GoalProgress(parse_goal("accuracy >= 0.97 by 2027-01-31"), SCORE, 63)
    return Status(
        folder="", baseline="main", commit="c" * 40, metric="accuracy", score=SCORE,
        current=None, is_checked_out=False,
        by_state={"planned": [f"idea-{n}" for n in range(planned)]},
        running=[UnderWay("calm-owl", LONG, 3, 5, 400.0)] * running,
        planned=[IDEA] * planned, decided=[],
        waits=[
            Wait(WaitKind.CONFIRMED, "1 confirmed and not accepted", "gitexp accept x", "it is")
        ] * waits,
        withdrawn=withdrawn, campaign=Taken(1, taken, 20), evidence=PAPERS * bool(taken),
        goals=[goal] * goals, queues=[], warnings=[],
        next=NextStep('gitexp start --set KEY=VALUE "HYPOTHESIS because REASON"', "no plan"),
    )  # fmt: skip


@pytest.mark.parametrize("columns_there", [80, 120])
@pytest.mark.parametrize("many", [0, 1, 2, 9])
def test_it_fits(many: int, columns_there: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns_there))
    lines = status_lines(status(goals=many, running=many, planned=many, waits=many, taken=many))
    assert len(lines) <= 12
    assert max(map(columns, lines)) <= columns_there
    assert lines[-1].startswith("next: gitexp start --set KEY=VALUE")
    assert lines[-2] == ""


def test_what_does_not_fit_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = status_lines(status(goals=3, running=4, planned=2, waits=6, taken=3))
    text = "\n".join(lines)
    assert all(f"(and {more} more)" in text for more in (1, 2, 4))  # goals, runs, what waits
    assert "Planned   2, the best: " in text
    assert "1: 3 of 20 experiments run; by evidence: papers 1 of 9 confirmed, gaps 4 of 7" in text


def test_what_evidence_came_true_is_not_cut_where_there_is_a_line_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = status_lines(status(taken=3))
    at = lines.index("Campaign  1: 3 of 20 experiments run")
    assert lines[at + 1] == "          by evidence: papers 1 of 9 confirmed, gaps 4 of 7"
    monkeypatch.setenv("COLUMNS", "55")
    lines = status_lines(status(taken=3))
    assert lines[at + 1 : at + 3] == [
        "          by evidence: papers 1 of 9 confirmed, gaps 4", "          of 7",
    ]  # fmt: skip


def test_withdrawn_experiments_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "Campaign  1: 0 of 20 experiments run; 2 withdrawn" in status_lines(status(withdrawn=2))


def test_how_far_a_run_is_comes_with_the_time_that_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = status_lines(status(running=1))
    assert f"Running   3 of 5 runs, about 7 min left: {LONG}  (calm-owl)" in lines
    assert "Planned   nothing" in lines
    assert not any(line.startswith(("Campaign", "Waiting", "Goal")) for line in lines)


def test_days_are_told_of_a_goal() -> None:
    goal = next(line for line in status_lines(status(goals=1)) if line.startswith("Goal "))
    # The baseline's own line says how many runs that is.
    assert goal.endswith("at 0.900 ± 0.010, 63 days left")
