"""An experiment that is run on parts of the data only: does it work at all?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError
from gitexp.lab.measuring.session import Session, SessionTools
from gitexp.lab.measuring.small_first import failed_on_sample
from gitexp.rules.verdict.due import Due
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.small_first import SMALL_SEED

if TYPE_CHECKING:
    from gitexp.engine.engine import Made
    from gitexp.rules.documents.record import Record


class SmokeSession(Session):
    """An experiment's run on each of `shares` of the data, whatever it was run on before.

    `records` are those runs, the smallest first.
    """

    def __init__(self, tools: SessionTools, shares: Iterable[float]) -> None:
        super().__init__(tools)
        self.records: list[Record] = []
        self._shares = sorted(shares)

    @property
    def command(self) -> str:
        """What runs it once more."""
        return f"gitexp run {self.name} --smoke"

    def advance(self) -> None:
        """Find out which part of the data comes next: what fails on it runs on no larger one."""
        left = self._shares[len(self.records) :]
        runs = [Run(Arm.EXPERIMENT, SMALL_SEED, Why.SAMPLE, share=share) for share in left]
        self.due = Due(tuple(runs[:1]), tuple(runs[1:]))
        self.over = not self.due

    def came(self, run: Run, made: Made) -> GitexpError | None:
        """Note that a run has ended; returns the error if it failed."""
        if made.job is None or made.result is None:
            return None
        record = made.result.record
        if not record.ok:
            shares = self.ledger.settings.sample
            return failed_on_sample(self.label_of(run), made.job, made.result, shares)
        self._doubt_share(run, record)
        self.records.append(record)
        return None

    def _announce(self, run: Run) -> None:
        """Say nothing: what was asked for is these runs."""
