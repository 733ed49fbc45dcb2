"""Which records of an experiment and of its baseline count: one answer for runs and verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.verdict.rivals import gated

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration


@dataclass(frozen=True, slots=True)
class Scope:
    """What decides which records count.

    `project` is the folder of the one whose command ran, None for any. `exact`: its trainer is
    deterministic. `experiment` is a commit, "" where a baseline is measured by itself; `beside` is
    its baseline where the runs of both are made pair by pair, for this experiment alone. `why` it
    runs although the gate refuses it, "" if it passed. The failures of the commits that it
    `replaces` count with its own.
    """

    metric: str
    project: str | None
    rules: int
    exact: bool = False
    experiment: str = ""
    beside: str = ""
    why: str = ""
    replaces: tuple[str, ...] = ()

    @classmethod
    def of(cls, registration: Registration | None, commit: str, base: str) -> Scope:
        """The scope of a verdict; nothing but its own commit limits what was not registered."""
        if registration is None:
            return cls("", None, 1, experiment=commit)
        return cls(
            registration.criterion.metric, registration.project, registration.rules,
            exact=not registration.seeded, experiment=commit,
            beside=base if registration.interleaved else "", replaces=registration.replaces,
        )  # fmt: skip

    @property
    def is_paired(self) -> bool:
        """Whether pairs may be set aside, which takes the records of both sides."""
        return bool(self.beside) and self.rules > 1

    def pair_of(self, commit: str) -> str:
        """The experiment that runs of a commit are made for alone, if it is one."""
        return self.experiment if commit == self.beside else ""

    def counting(self, commit: str, records: Iterable[Record]) -> list[Record]:
        """Those in the note of a commit that count, whichever was held first of several.

        A baseline's records may come from a commit that runs the same; an experiment's must be its
        own: if git is configured to copy notes, an amended commit has those of the original. Runs
        that skipped the gate count only where it is skipped again.
        """
        own = commit == self.experiment
        found = [
            record
            for record in records
            if (self.project is None or record.project == self.project)
            and (not own or record.is_of(commit))
        ]
        if self.why:
            return found
        if self.rules > 1:
            return gated(found)
        return [record for record in found if not own or not record.explore]
