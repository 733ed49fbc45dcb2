"""Which verdicts came last: by when the runs ended, not by when experiments were registered."""

from __future__ import annotations

from pathlib import Path

from gitexp.lab.log.log import Row
from gitexp.lab.log.result import Result
from gitexp.lab.log.run_notes import RunNotes
from gitexp.rules.plan.state import State
from gitexp.store.cache import CachedSummary, Moment
from gitexp.store.experiments import Entry
from gitexp.store.git import Git
from gitexp.store.heads import Head
from gitexp.store.repository import Repository
from gitexp.workflows.status import last_decided

REGISTERED = "2026-01-0{}T00:00:00+00:00"
DAY = 86_400.0
NEW_YEAR = 1_767_225_600.0  # 2026-01-01


def row(day: int, finished: int | None, verdict: str | None = "RULED OUT") -> Row:
    """An experiment by the days of January on which it was registered and its last run ended."""
    name, commit, time = f"on-day-{day}", str(day) * 40, REGISTERED.format(day)
    ended = None if finished is None else NEW_YEAR + DAY * (finished - 1) + 1
    entry = Entry(f"refs/heads/exp/{name}", commit, (), "A", time, "It helps because it does")
    kept = CachedSummary("", "decided", verdict, 5, ended, 0.0, 0.0, 0, "", "{}", "{}")
    head = Head(entry.ref, commit, Moment(0.0, "", ""))
    nowhere = Repository(Git(Path()), Path(), Path(), None, "", shallow=False)
    notes = RunNotes(nowhere, {})  # what is kept is not read again
    return Row(Result(head, lambda: entry, notes, kept), State.DONE)


def test_the_last_verdicts_are_those_that_came_last() -> None:
    rows = [row(5, 5), row(4, 9), row(3, None, None), row(2, 7), row(1, 8)]
    found = [one.result.name for one in last_decided(rows, 3)]
    assert found == ["on-day-4", "on-day-1", "on-day-2"]


def test_one_that_its_baseline_decided_counts_from_its_registration() -> None:
    rows = [row(6, None), row(5, 4), row(4, 7)]
    found = [one.result.name for one in last_decided(rows, 2)]
    assert found == ["on-day-4", "on-day-6"]
