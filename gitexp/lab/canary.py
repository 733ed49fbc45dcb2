"""The canary: one run of the baseline is made again before its old records are used again."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from gitexp.engine.host import host_id
from gitexp.rules.verdict.baseline_check import (
    BaselineRuns,
    check_since,
    goes_unchecked,
    seed_to_check,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.ledger import Ledger
    from gitexp.rules.verdict.baseline_check import BaselineCheck


class Canary:
    """A check of the baseline on one of `seeds`, from the question whether it is due to its answer.

    `always` asks whatever the settings say, and `never` nothing at all. `seed` is the one to run
    again while it is due, and `over` says that nothing is left to ask.
    """

    def __init__(
        self,
        ledger: Ledger,
        base: str,
        batch: str,
        seeds: Sequence[int],
        *,
        always: bool = False,
        never: bool = False,
    ) -> None:
        self.seed: int | None = None
        # Where load changes the metric, runs at two times cannot tell whether a baseline moved.
        self._never = self.over = ledger.settings.rules < 2 or bool(ledger.why or ledger.beside)
        self._span = math.inf if never else ledger.settings.canary
        self._ledger, self._base, self._batch = ledger, base, batch
        self._seeds, self._always = seeds, always
        self._since = 0.0

    def is_due(self, here: Sequence[str] | None) -> bool:
        """Whether records in the conditions that hold `here` must be checked before they are used.

        Once it is due it stays so until it is answered.
        """
        if self.seed is None and not self.over:
            self.seed = seed_to_check(self._runs(), self._seeds, here, always=self._always)
            self._since = time.time() - 0.001  # records have milliseconds
        return self.seed is not None

    def renew(self) -> None:
        """Let it be asked again, before anything relies on its answer."""
        self.over = self._never

    def answer(self) -> BaselineCheck | None:
        """What it showed, as soon as no further run is needed."""
        check = self._check()
        if check is None or not check.over:
            return None
        self.seed, self.over = None, True
        return check

    def goes_without(self, here: Sequence[str] | None) -> bool:
        """Whether old records are used without it, because the settings ask for none."""
        return goes_unchecked(self._runs(), self._seeds, here)

    def __str__(self) -> str:
        """Say what is run."""
        more = "" if self._check() is None else "more "
        return f"1 run {more}to check that the baseline still gives the same"

    def _check(self) -> BaselineCheck | None:
        return None if self.seed is None else check_since(self._runs(), self.seed, self._since)

    def _runs(self) -> BaselineRuns:
        """What is on record of the baseline, as this command sees it now."""
        ledger, base = self._ledger, self._base
        return BaselineRuns(
            ledger.metric,
            tuple(ledger.records(base)),
            tuple(ledger.started(base)),
            tuple(ledger.canaries(base)),
            host=host_id(),
            batch=self._batch,
            moment=time.time(),
            span=self._span,
        )
