"""What an objection looks at, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration


class Objection(NamedTuple):
    """Why runs cannot be evidence.

    `reason` is a key that words.meaning puts into plain words; `detail` says in one sentence what
    is on record, with counts.
    """

    reason: str
    detail: str


class Evidence(NamedTuple):
    """What one look rests on.

    `pairs` are the runs that are compared, as (baseline, candidate), one pair for each of the first
    registered seeds. `baseline` and `candidate` are all records of both arms on these seeds, good
    or failed, in the order in which they count. `checks` are what runs showed that were made again.
    """

    registration: Registration
    pairs: tuple[tuple[Record, Record], ...]
    baseline: tuple[Record, ...] = ()
    candidate: tuple[Record, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the look."""
        return tuple(mine.seed for _, mine in self.pairs)
