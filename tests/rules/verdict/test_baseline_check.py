"""Whether a baseline must be checked, where this machine makes its runs and where others do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.found import Found
from gitexp.rules.documents.start import Start
from gitexp.rules.verdict.baseline_check import (
    BaselineRuns,
    check_after,
    last_attempt,
    seed_to_check,
)
from tests.rules.verdict.test_objections import a_run

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record

AT = a_run(1, 0.9, start="2026-01-02T03:00:00Z").began


def made(record: Record, host: str, batch: str = "") -> tuple[Start, Record]:
    return Start("b", record.seed, record.attempt, record.start, host, "", "", batch), record


def on_record(
    canaries: list[tuple[Start, Record]], *, host: str = "", batch: str = "", hour: float = 0.5
) -> BaselineRuns:
    """A baseline of six seeds, made at 3 o'clock on host-a, `hour` hours ago."""
    runs = [
        a_run(seed, 0.9 + 0.01 * seed, start="2026-01-02T03:00:00Z", condition="c")
        for seed in range(1, 7)
    ]
    started = tuple(made(run, "host-a") for run in runs)
    return BaselineRuns(
        "accuracy", tuple(runs), started, tuple(canaries), host, batch, AT + 3600 * hour
    )


def canary(score: float, attempt: int, start: str = "04:10", condition: str = "c") -> Record:
    return a_run(1, score, attempt=attempt, start=f"2026-01-02T{start}:00Z", condition=condition)


@pytest.mark.parametrize(
    ("canaries", "host", "hour", "due"),
    [
        ([], "host-a", 0.5, False),
        ([], "host-b", 0.5, True),
        # One agreement counts for all machines of a cluster.
        ([], "", 0.5, False),
        ([], "", 1.5, True),
        ([made(canary(0.91, 2), "host-b", "other")], "", 1.5, False),
        ([made(canary(0.91, 2), "host-b", "other")], "host-a", 1.5, True),
        # Noise is an agreement, too, and so is a check that came after one that shows nothing yet.
        ([made(canary(0.93, 2), "b", "x"), made(canary(0.92, 3), "b", "y")], "", 1.5, False),
        ([made(canary(0.93, 2), "b", "x")], "", 1.5, True),
        ([made(canary(0.99, n), "b", f"{n}") for n in (2, 3, 4)], "", 1.5, True),
        # Of another condition, or with a clock of its own.
        ([made(canary(0.91, 2, condition="d"), "b")], "", 1.5, True),
        ([made(canary(0.91, 2, start="23:00"), "b")], "", 1.5, True),
    ],
)
def test_a_baseline_is_checked_once_an_hour_here_or_on_all_other_machines_together(
    canaries: list[tuple[Start, Record]], host: str, hour: float, *, due: bool
) -> None:
    runs = on_record(canaries, host=host, batch="mine" if host else "", hour=hour)
    assert (seed_to_check(runs, range(1, 7), None) is not None) is due


def test_what_answers_is_what_came_after_the_question_whatever_clocks_say() -> None:
    before = made(canary(0.91, 2), "b", "x")
    runs = on_record([before])
    asked = last_attempt(runs, 1)
    assert asked == 2
    assert check_after(runs, 1, asked) is None
    # Another machine's clock is an hour late, and runs come in the order in which they were made.
    first, elsewhere, second = (
        made(canary(0.97, 3, start="03:20"), "b", "x"),
        made(canary(0.91, 4, start="03:10", condition="d"), "c", "y"),
        made(canary(0.91, 5, start="03:00"), "c", "z"),
    )
    check = check_after(on_record([second, elsewhere, first, before]), 1, asked)
    assert check is not None
    assert (check.scores, check.condition, check.found) == ((0.97, 0.91), "c", Found.NOISE)
    # On this machine, another command's runs are its own affair.
    mine = on_record([second, first])._replace(batch="z")
    check = check_after(mine, 1, asked)
    assert check is not None
    assert (check.scores, check.found) == ((0.91,), Found.SAME)


def test_a_check_that_lands_where_nothing_was_measured_tells_nothing() -> None:
    check = check_after(on_record([made(canary(0.5, 2, condition="d"), "b")]), 1, 1)
    assert check is not None
    assert (check.over, check.found) == (True, None)
