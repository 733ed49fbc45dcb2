"""The power of an experiment: what it can detect and what it costs, estimated before it runs.

A design that cannot detect an effect does not test it: the verdict would be INCONCLUSIVE whatever
is true. So `start` says the smallest effect that would be found, how many repeats would find one as
large as the bar, and how long that takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.record import PROOF
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.effects import detectable
from gitexp.rules.verdict.judge import ROUNDING
from gitexp.rules.verdict.paired_t import (
    FEWEST_PAIRS,
    smallest_detectable_effect,
    standard_deviation,
)
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import Judgement

_MOST_REPEATS = 1000  # more are no advice
_WORTH_SAYING = 3.0  # standard deviations of a paired difference; few changes do more
_WORTH_DATA = 2.0  # times as much test data; for less, more repeats are the easier way


@dataclass(frozen=True, slots=True)
class Power:
    """What a registered design can detect, and what it takes.

    `detectable` is the smallest true effect confirmed four times in five at the last look, as the
    criterion counts, and `in_sds` the same in standard deviations of a paired difference, which
    holds before any standard deviation is known. `source` says what it was estimated from, `enough`
    how many repeats would detect the bar (None where no number up to 1,000 would), `seconds` what
    all its `runs` would take one after the other; `checks` of them only check the baseline. What is
    not known yet is None.
    """

    runs: int
    detectable: float | None = None
    source: str = ""
    enough: int | None = None
    in_sds: float | None = None
    seconds: float | None = None
    checks: int = 0

    def with_checks(self, number: int) -> Power:
        """Add runs that check whether the baseline still gives the same."""
        if not number:
            return self
        each = None if self.seconds is None else self.seconds / max(self.runs, 1)
        return replace(
            self,
            runs=self.runs + number,
            seconds=None if each is None else each * (self.runs + number),
            checks=self.checks + number,
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as `gitexp start --json` prints it."""
        return {
            "runs": self.runs,
            "checks": self.checks,
            "detectable": self.detectable,
            "source": self.source,
            "enough": self.enough,
            "spreads": self.in_sds,
            "seconds": self.seconds,
        }


def power_of(
    registration: Registration,
    past: Sequence[tuple[Registration, Judgement]],
    baseline: Sequence[Record],
    durations: Sequence[float],
) -> Power:
    """Estimate the power of a registration from past experiments on its metric, or the baseline.

    `durations` are seconds of runs that ended well, `baseline` the records of the baseline's tip.
    """
    criterion = registration.criterion
    partners = registration.registered_seeds() if registration.seeded else PROOF
    measured = first_good(baseline, partners, criterion.metric)
    runs = registration.repeats[-1] + len(partners) - len(measured)
    seconds = math.fsum(durations) / len(durations) * runs if durations else None
    alike = [
        judgement
        for other, judgement in past
        if other.criterion.metric == criterion.metric
        and other.criterion.scale is criterion.scale
        and (other.by_examples, other.seeded) == (registration.by_examples, registration.seeded)
    ]
    if registration.by_examples or not registration.seeded:
        found = [j.detectable for j in alike if j.detectable]
        source = counted(len(found), "past experiment") if found else ""
        import statistics  # loads decimal and fractions, which most designs do without

        return Power(runs, statistics.median(found) if found else None, source, seconds=seconds)
    if registration.repeats[-1] < FEWEST_PAIRS:
        return Power(runs, seconds=seconds)
    sd, source = _expected_sd(criterion, alike, baseline)
    in_sds = _detectable(registration, 1.0, registration.repeats[-1])
    if sd is None:
        return Power(runs, in_sds=in_sds, seconds=seconds)
    return Power(runs, sd * in_sds, source, _enough(registration, sd), in_sds, seconds)


def _expected_sd(
    criterion: Criterion, alike: Iterable[Judgement], baseline: Iterable[Record]
) -> tuple[float | None, str]:
    """Standard deviation of paired differences to expect, and what it was estimated from."""
    found = [j for j in alike if j.sd is not None and j.sd > ROUNDING]
    if found:
        pooled = math.fsum((j.pairs - 1) * (j.sd or 0) ** 2 for j in found)
        degrees = sum(j.pairs - 1 for j in found)
        return math.sqrt(pooled / degrees), counted(len(found), "past experiment")
    runs = list(baseline)
    good = first_good(runs, {record.seed for record in runs}, criterion.metric)
    values = [record.metrics[criterion.metric] for record in good.values()]
    if criterion.scale is Scale.PERCENT:
        values = [math.log(value) for value in values if value > 0]
    if len(values) < FEWEST_PAIRS:
        return None, ""
    # A pair that shares nothing but its seed varies twice as much as one run, in squares.
    arms = 1 if criterion.scale is Scale.CONSTANT else 2
    sd = math.sqrt(arms) * standard_deviation(values)
    return (sd or None), f"the baseline's {counted(len(values), 'run')}, treated as unpaired"


def _detectable(registration: Registration, sd: float, repeats: int) -> float:
    """Smallest effect that the last look detects, if it came after that many repeats."""
    r = registration
    return sd * sds_to_confirm(r.repeats, r.level, r.widening, repeats)


def sds_to_confirm(looks: Sequence[int], level: float, widening: float, repeats: int = 0) -> float:
    """Smallest effect that the last look confirms four times in five.

    In standard deviations of a paired difference; `repeats` says after how many that look comes,
    where not after the last of `looks`.
    """
    before = looks[-2] if len(looks) > 1 else 0
    share = (looks[-1] - before) / looks[-1]
    return smallest_detectable_effect(1.0, repeats or looks[-1], widening, level * share)


def _enough(registration: Registration, sd: float) -> int | None:
    bar = registration.criterion.bar
    low, high = FEWEST_PAIRS, _MOST_REPEATS
    if _detectable(registration, sd, high) > bar:
        return None
    while low < high:
        middle = (low + high) // 2
        if _detectable(registration, sd, middle) <= bar:
            high = middle
        else:
            low = middle + 1
    return high


def underpowered(registration: Registration, power: Power) -> Finding | None:
    """Warn that a design would usually miss the effect that it asks for, and what would help."""
    criterion, repeats = registration.criterion, registration.repeats[-1]
    if registration.seeded and repeats < FEWEST_PAIRS:
        return Finding(
            "S2",
            f"{counted(repeats, 'repeat')} cannot confirm anything: fewer than {FEWEST_PAIRS} pairs"
            " cannot tell an effect from a lucky seed",
            "set `repeats` in the settings to at least 5",
            advice=True,
        )
    if power.detectable is None:
        if power.in_sds is None or power.in_sds <= _WORTH_SAYING:
            return None
        return Finding(
            "S2",
            f"{counted(repeats, 'repeat')} at level {registration.level:.3g} detect only effects of"
            f" {power.in_sds:.1f} standard deviations of a paired difference, or more",
            "more repeats detect smaller effects: `repeats` in the settings; gitexp run --baseline"
            " measures the standard deviation",
            advice=True,
        )
    # Against a constant any true value beyond it is success, and how far beyond nobody can know.
    if criterion.bar >= power.detectable or criterion.scale is Scale.CONSTANT:
        return None
    return Finding(
        "S2",
        f"a gain of just {criterion} would usually be missed;"
        f" {detectable(criterion, power.detectable)} would be found 4 times in 5"
        f" (estimated from {power.source})",
        _remedy(criterion.bar, power.detectable, power.enough),
        advice=True,
    )


def _remedy(bar: float, detectable: float, enough: int | None) -> str:
    """What would find an effect as large as the bar."""
    if not bar:
        return "ask for an effect worth having: --expect"
    times = (detectable / bar) ** 2
    larger = f"a test set about {_rounded(times)} times as large"
    if enough is None:
        return f"no number of repeats is enough; you would need {larger}"
    way = f"you would need {enough} repeats (`repeats` in the settings)"
    return f"{way}, or {larger}" if times > _WORTH_DATA else way


def _rounded(times: float) -> str:
    return f"{times:.1f}" if times < 3 else f"{times:,.0f}"
