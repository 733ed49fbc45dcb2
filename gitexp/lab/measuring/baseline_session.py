"""A baseline that is measured alone: checked, and measured again if it has moved and you ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.measuring.canary import Canary, check_of
from gitexp.lab.measuring.session import Session, SessionTools
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.due import Due, baseline_due, proof_due
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.objections.moved import MOVED, say_moved

if TYPE_CHECKING:
    from gitexp.rules.verdict.baseline_check import BaselineCheck


class BaselineSession(Session):
    """The baseline's runs of some seeds; `again` measures all of them again where it has moved."""

    def __init__(self, tools: SessionTools, seeds: Sequence[int], *, again: bool) -> None:
        super().__init__(tools)
        self._seeds, self._again = seeds, again
        self._settled = False  # whether it is known, and said, if records stay
        self._unclear = False  # whether a check could not tell
        self._canary = Canary(
            self.ledger, self.bench.base, self.maker.batch, seeds, always=again,
            away=self.bench.away,
        )  # fmt: skip

    @property
    def command(self) -> str:
        """What goes on with it."""
        return f"gitexp run --baseline{' --again' if self._again else ''}"

    def advance(self) -> None:
        """Find out what is due.

        Raises:
            NotReady: the baseline has moved, and nobody asked to measure it again; or the trainer
                is said to be deterministic, and is not.
        """
        ledger, bench = self.ledger, self.bench
        bench.find_conditions(ledger, self.label(Arm.BASELINE))
        if self._canary.is_due(bench.here):
            if (check := self._canary.answer()) is None:
                self.due = self._canary.due
                return
            self._heed(check)
        if self._again and not self._settled:
            self._settled = True
            told = "gave another score, and there are too few records to tell whether it has moved"
            said = told if self._unclear else "has not moved"
            self.watcher.said(f"{self.label(Arm.BASELINE)} {said}, so its records stay")
        self._canary.over = True
        records = ledger.records(bench.base)
        if ledger.settings.seeded:
            self.due = Due(baseline_due(records, self._seeds, ledger.metric, bench.here))
        else:
            self.due = Due(proof_due(records, ledger.metric, bench.here))
        self.over = not self.due
        self._demand_progress()

    def _heed(self, check: BaselineCheck) -> None:
        """Measure it again if it has moved and that was asked for."""
        self._unclear = check.found is Found.UNCLEAR
        if check.found is Found.MOVED:
            if not self._again:
                told = check_of(self.ledger, self.bench.base, check, "")
                here = "gitexp run --baseline --again"
                hint = "the same command with --again" if self.bench.away else here
                raise NotReady(f"{MOVED}: {say_moved(told)}", hint)
            self._settled = True
            self.ledger.environments.open_generation()
            self.bench.here = []

    def _announce(self, run: Run) -> None:
        if run.why is Why.CHECK:
            self.watcher.said(f"{self.label(run.arm)}: {self._canary}")
        else:
            super()._announce(run)
