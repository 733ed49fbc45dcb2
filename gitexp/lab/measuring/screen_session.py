"""An idea that is screened: a few runs of it and of the baseline, and no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError
from gitexp.lab.measuring.session import Session, SessionTools
from gitexp.rules.plan.screening import screening_due
from gitexp.rules.verdict.due_run import Arm, Run

if TYPE_CHECKING:
    from gitexp.engine.engine import Made
    from gitexp.rules.documents.record import Record


class ScreenSession(Session):
    """An idea's screening runs of some seeds, each on a `share` of the data."""

    def __init__(self, tools: SessionTools, seeds: Sequence[int], share: float) -> None:
        super().__init__(tools)
        self._seeds, self._share = seeds, share
        self._known = [*self.baseline, *self.records]  # what was there before this command

    @property
    def baseline(self) -> list[Record]:
        """The screening runs of its baseline."""
        return self.ledger.screened(self.bench.base)

    @property
    def records(self) -> list[Record]:
        """Its own screening runs."""
        return self.ledger.screened(self.ledger.experiment)

    def advance(self) -> None:
        """Find out which screening runs are missing.

        Raises:
            NotReady: one is due again that went well.
        """
        self.due = screening_due(
            self._seeds,
            self._share,
            self.ledger.metric,
            self.baseline,
            self.records,
            self._known,
        )
        self.over = not self.due
        self._demand_progress()

    def came(self, run: Run, made: Made) -> GitexpError | None:
        """Note that a run which was ordered has ended; returns what to tell if it failed."""
        if run.arm is Arm.BASELINE and made.result is not None:
            self._doubt_share(run, made.result.record)
        return super().came(run, made)

    def _announce(self, run: Run) -> None:
        # Thirty lines about one run each would tell nothing.
        if run.arm is Arm.BASELINE and (run.why,) not in self.bench.told:
            self.bench.told.add((run.why,))
            count = sum(one.arm is Arm.BASELINE for one in self.due.now)
            self.bench.announce(self.ledger, self.label_of(run), self.bench.base, count)
