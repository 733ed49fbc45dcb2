"""The canary: one run of the baseline is made again before its old records are used again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitexp.engine.clock import now
from gitexp.engine.host import host_id
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents, sha256
from gitexp.rules.documents.settings import INTERLEAVED
from gitexp.rules.verdict.baseline_check import (
    BaselineCheck,
    BaselineRuns,
    check_after,
    goes_unchecked,
    last_attempt,
    seed_to_check,
)
from gitexp.rules.verdict.due import Due
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.record import Record


class Canary:
    """A check of the baseline on one of `seeds`, from the question whether it is due to its answer.

    `always` asks whatever the settings say; `away` says that other machines make the runs, so that
    one agreement counts for all of them. `due` is the run to make next, and `over` says that
    nothing is left to ask.
    """

    def __init__(
        self,
        ledger: Ledger,
        base: str,
        batch: str,
        seeds: Sequence[int],
        *,
        always: bool = False,
        away: bool = False,
    ) -> None:
        # Where load changes the metric, runs at two times cannot tell whether a baseline moved.
        self._never = self.over = ledger.settings.rules < 2 or bool(ledger.why or ledger.beside)
        self._ledger, self._base = ledger, base
        self._host, self._batch = ("", "") if away else (host_id(), batch)
        self._seeds, self._always = seeds, always
        self._seed: int | None = None  # the one to run again, while that is due
        self._after = 0  # the last attempt at it before it was due

    @property
    def due(self) -> Due:
        """The run of the baseline that is due, if any."""
        if self._seed is None:
            return Due()
        check = self._check()
        # Where machines differ, the next one tells more only where the first one ran.
        alike = (check.condition,) if check is not None and not self._host else None
        return Due((Run(Arm.BASELINE, self._seed, Why.CHECK, alike),))

    def is_due(self, here: Sequence[str] | None) -> bool:
        """Whether records in the conditions that hold `here` must be checked before they are used.

        Once it is due it stays so until it is answered.
        """
        if self._seed is None and not self.over:
            runs = self._runs()
            self._seed = seed_to_check(runs, self._seeds, here, always=self._always)
            if self._seed is not None:
                self._after = last_attempt(runs, self._seed)
        return self._seed is not None

    def renew(self) -> None:
        """Let it be asked again, before anything relies on its answer."""
        self.over = self._never

    def answer(self) -> BaselineCheck | None:
        """What it showed, as soon as no further run is needed."""
        check = self._check()
        if check is None or not check.over:
            return None
        self._seed, self.over = None, True
        return check

    def goes_without(self, here: Sequence[str] | None) -> bool:
        """Whether old records are used without it, because the settings ask for none."""
        return goes_unchecked(self._runs(), self._seeds, here)

    def __str__(self) -> str:
        """Say what is run."""
        more = "" if self._check() is None else "more "
        return f"1 run {more}to check that the baseline still gives the same"

    def _check(self) -> BaselineCheck | None:
        return None if self._seed is None else check_after(self._runs(), self._seed, self._after)

    def _runs(self) -> BaselineRuns:
        """What is on record of the baseline, as this command sees it now."""
        ledger, base = self._ledger, self._base
        return BaselineRuns(
            ledger.metric,
            tuple(ledger.records(base)),
            tuple(ledger.started(base)),
            tuple(ledger.canaries(base)),
            host=self._host,
            batch=self._batch,
            moment=time.time(),
            span=ledger.settings.canary,
            exact=not ledger.settings.seeded,
        )


def about_unused(ledgers: Iterable[Ledger]) -> str:
    """Say that the settings ask for a check which pairs of runs do without; "" if they do not."""
    asked = (ledger.settings.canary for ledger in ledgers if ledger.beside)
    if all(span is None or span == math.inf for span in asked):
        return ""
    return (
        f'canary is not used with pairing = "{INTERLEAVED}": where load changes the metric, an'
        " earlier run cannot tell whether the baseline has moved, so it runs again in each pair"
    )


def check_of(ledger: Ledger, base: str, check: BaselineCheck, experiment: str) -> Check:
    """What repeated runs showed, for the experiment that asked ("": none)."""
    assert check.found is not None  # noqa: S101 - only then there is something to tell
    assert check.old is not None  # noqa: S101
    old = first_good(ledger.records(base), [check.seed], ledger.metric, [check.condition])
    pair = (_environment(ledger, base, r) for r in (old[check.seed], check.runs[-1]))
    return Check(
        experiment, check.found, now(), check.seed, check.condition,
        (check.old, *check.scores), tuple(_differences(*pair)),
    )  # fmt: skip


def _environment(ledger: Ledger, base: str, record: Record) -> dict[str, Any]:
    for content in read_contents(ledger.environments.text(base), Kind.ENVIRONMENT):
        if sha256(content) == record.environment:
            return content
    return {}


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Name what differs between two environment lines, with values where these are short."""
    for name in sorted(then.keys() | now.keys()):
        old, new = then.get(name), now.get(name)
        if old == new or name in {"condition", "schema", "kind"}:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            parts = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            yield f"{name} ({', '.join(map(str, parts[:5]))}{', ...' * (len(parts) > 5)})"
        else:
            yield f"{name} {_short(old)} -> {_short(new)}"


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) < 40 else f"{text[:37]}..."
