"""The start of an attempt: a line that is on record before its command starts.

Without it, an attempt that somebody stops leaves no trace, and whoever stops those that look bad
keeps the good ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import (
    fields_read,
    fields_to_write,
    read_contents,
    write_line,
)
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, parse_records

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAID = {
    Ended.ABORT: "stopped by its user",
    Ended.FREED: "stopped by gitexp, because another run could not go on",
    Ended.SCHEDULER: "stopped by the scheduler",
    Ended.TIMEOUT: "stopped at the time limit of its batch job",
    Ended.REBOOT: "ended with its machine, which was started again",
}


class Start(NamedTuple):
    """An attempt at a run of a commit.

    `start` is the one that its record has, too. `condition` is the one expected, "" where it is not
    known yet. `host`, `boot` and `clone` are hashes that say where it was made, `scheduler` names
    the batch job that it was part of. All attempts of one command have its `batch`.
    """

    commit: str
    seed: int
    attempt: int
    start: str
    host: str
    boot: str
    clone: str
    batch: str
    condition: str = ""
    scheduler: str = ""
    project: str = ""
    purpose: Purpose = Purpose.RUN
    explore: str = ""
    pair: str = ""  # as in its record

    def line(self) -> str:
        """Write it as one canonical line."""
        return write_line(Kind.START, fields_to_write(Kind.START, self))

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Build it from the content of its line."""
        fields = {"boot": ""} | fields_read(Kind.START, content)
        return cls(**fields | {"purpose": Purpose(content.get("purpose", ""))})

    def ended_early(self, ended: Ended, seconds: float = 0.0) -> Record:
        """The record of an attempt that was stopped from outside, after `seconds` if known."""
        by_job = self.scheduler and ended in {Ended.SCHEDULER, Ended.TIMEOUT}
        where = f" ({self.scheduler})" if by_job else ""
        return Record(
            seed=self.seed,
            attempt=self.attempt,
            condition=self.condition,
            environment="",
            metrics={},
            start=self.start,
            duration=seconds,
            exit=-15,
            failure=_SAID[ended] + where,
            ended=ended,
            batch=self.batch,
            explore=self.explore,
            project=self.project,
            commit=self.commit,
            purpose=self.purpose,
            pair=self.pair,
        )


def was_over_time(record: Record) -> bool:
    """Whether a run was stopped at the time limit of its batch job, not by one of the settings."""
    return record.failure.startswith(_SAID[Ended.TIMEOUT])


def parse_starts(text: str) -> list[Start]:
    """Read the starts in a note."""
    return [*map(Start.of, read_contents(text, Kind.START))]


def without_end(text: str, commit: str) -> list[Start]:
    """Attempts at a commit without a record of how they ended: they may still be running."""
    starts = [start for start in parse_starts(text) if start.commit == commit]
    ended = {(r.seed, r.attempt, r.start) for r in parse_records(text, None)} if starts else set()
    return [start for start in starts if (start.seed, start.attempt, start.start) not in ended]
