"""Whether new code may take the place of code that failed: only before anybody saw a result."""

from __future__ import annotations

from collections.abc import Iterable

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.series import parse_series
from gitexp.rules.documents.start import without_end
from gitexp.rules.verdict.set_aside import RATE

# A user, and a rule about what a run reports, may have ended it because of what it showed.
_CHOSEN = {
    Ended.STOP_IF: "was ended by stop_if",
    Ended.SILENCE: "was ended because it was silent",
    Ended.ABORT: "was stopped by its user",
}


def what_it_showed(runs: str, bulk: str, commit: str) -> str:
    """What a run of a commit on all of the data showed, by its notes; empty if nothing."""
    records = [r for r in full_runs(runs) if r.is_of(commit)]
    for record in records:
        if logged := [name for name in record.metrics if name != RATE]:
            return f"its run of seed {record.seed} reported {logged[0]}"
        if record.end in _CHOSEN:
            return f"its run of seed {record.seed} {_CHOSEN[record.end]}"
    attempts = {(record.seed, record.attempt) for record in records}
    for series in parse_series(bulk) if attempts else ():
        if (series.seed, series.attempt) in attempts:
            return f"its run of seed {series.seed} logged {series.metric}"
    for start in without_end(runs, commit):
        if start.purpose is not Purpose.SAMPLE:
            return f"its run of seed {start.seed} has no end on record"
    return ""


def full_runs(runs: str) -> list[Record]:
    """Runs on all of the data in a note, whatever they were made for."""
    found = parse_records(runs, None)
    return [r for r in found if r.purpose is not Purpose.SAMPLE and r.sample >= 1]


def as_replaced(records: Iterable[Record]) -> list[Record]:
    """Failed runs of a replaced commit as those of the one in its place, which count for it."""
    return [record.of_replaced() for record in records if not record.ok and not record.metrics]
