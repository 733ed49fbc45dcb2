"""What an experiment can be expected to see and to cost, told before it runs.

An effect that a design cannot see is not tested by it: the answer would be INCONCLUSIVE whatever is
true. So `start` says the smallest effect that it would detect, how many repeats would see the bar,
and how long that takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.documents.record import PROOF
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.verdict import FEWEST_PAIRS, ROUNDING, smallest_detectable_effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import Judgement

_MOST_REPEATS = 1000  # more are no advice
_WORTH_SAYING = 3.0  # standard deviations of a paired difference; few changes do more


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a registered design can see.

    `detectable` is the smallest true effect confirmed four times in five at the last look, as the
    criterion counts; `source` says where the spread came from, `enough` how many repeats would see
    the bar (None where no number up to 1,000 would), `seconds` what all its `runs` would take one
    after the other. None stands for what nothing tells yet; without any spread `detectable` is in
    `spreads`, standard deviations of a paired difference.
    """

    runs: int
    detectable: float | None = None
    source: str = ""
    enough: int | None = None
    spreads: float | None = None
    seconds: float | None = None


def foresee(
    registration: Registration,
    past: Sequence[tuple[Registration, Judgement]],
    baseline: Sequence[Record],
    durations: Sequence[float],
) -> Outlook:
    """Foresee what a registration will see, from past experiments on its metric or the baseline.

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
        seen = [j.detectable for j in alike if j.detectable]
        source = counted(len(seen), "past experiment") if seen else ""
        import statistics  # loads decimal and fractions

        return Outlook(runs, statistics.median(seen) if seen else None, source, seconds=seconds)
    if registration.repeats[-1] < FEWEST_PAIRS:
        return Outlook(runs, seconds=seconds)
    spread, source = _spread(criterion, alike, baseline)
    in_spreads = _detectable(registration, 1.0, registration.repeats[-1])
    if spread is None:
        return Outlook(runs, spreads=in_spreads, seconds=seconds)
    return Outlook(
        runs,
        spread * in_spreads,
        source,
        _enough(registration, spread),
        in_spreads,
        seconds,
    )


def _spread(
    criterion: Criterion, alike: Iterable[Judgement], baseline: Iterable[Record]
) -> tuple[float | None, str]:
    """Spread of paired differences to expect, and where it was found."""
    seen = [j for j in alike if j.spread is not None and j.spread > ROUNDING]
    if seen:
        pooled = math.fsum((j.pairs - 1) * (j.spread or 0) ** 2 for j in seen)
        degrees = sum(j.pairs - 1 for j in seen)
        return math.sqrt(pooled / degrees), counted(len(seen), "past experiment")
    runs = list(baseline)
    good = first_good(runs, {record.seed for record in runs}, criterion.metric)
    values = [record.metrics[criterion.metric] for record in good.values()]
    if criterion.scale is Scale.PERCENT:
        values = [math.log(value) for value in values if value > 0]
    if len(values) < FEWEST_PAIRS:
        return None, ""
    # A pair that shares nothing but its seed varies twice as much as one run, in squares.
    arms = 1 if criterion.scale is Scale.CONSTANT else 2
    mean = math.fsum(values) / len(values)
    spread = math.hypot(*(v - mean for v in values)) * math.sqrt(arms / (len(values) - 1))
    runs_said = counted(len(values), "run")
    return (spread or None), f"the baseline's {runs_said}, as if pairs shared nothing"


def _detectable(registration: Registration, spread: float, repeats: int) -> float:
    """Smallest effect that shows at the last look, if it came after that many repeats."""
    r = registration
    return spread * spreads_to_confirm(r.repeats, r.level, r.widening, repeats)


def spreads_to_confirm(
    looks: Sequence[int], level: float, widening: float, repeats: int = 0
) -> float:
    """Smallest effect that the last look confirms four times in five.

    In standard deviations of a paired difference; with `repeats`, as if that look came after so
    many.
    """
    before = looks[-2] if len(looks) > 1 else 0
    share = (looks[-1] - before) / looks[-1]
    return smallest_detectable_effect(1.0, repeats or looks[-1], widening, level * share)


def _enough(registration: Registration, spread: float) -> int | None:
    bar = registration.criterion.bar
    low, high = FEWEST_PAIRS, _MOST_REPEATS
    if _detectable(registration, spread, high) > bar:
        return None
    while low < high:
        middle = (low + high) // 2
        if _detectable(registration, spread, middle) <= bar:
            high = middle
        else:
            low = middle + 1
    return high


def question(registration: Registration, outlook: Outlook) -> Finding | None:
    """Say that a design cannot answer what it asks, and what would."""
    bar, repeats = registration.criterion.bar, registration.repeats[-1]
    if registration.seeded and repeats < FEWEST_PAIRS:
        return Finding(
            "S2",
            f"{counted(repeats, 'repeat')} cannot confirm anything: fewer than {FEWEST_PAIRS} pairs"
            " cannot tell an effect from a lucky seed",
            "at least 5: `repeats` in the settings",
            advice=True,
        )
    if outlook.detectable is None:
        if outlook.spreads is None or outlook.spreads <= _WORTH_SAYING:
            return None
        return Finding(
            "S2",
            f"{counted(repeats, 'repeat')} at level {registration.level:.3g} confirm only an effect"
            f" of {outlook.spreads:.1f} standard deviations of a paired difference, or more",
            "more repeats see smaller effects: `repeats` in the settings; gitexp baseline measures"
            " the spread",
            advice=True,
        )
    # Against a constant any true value beyond it is success, and how far beyond none can know.
    if bar >= outlook.detectable or registration.criterion.scale is Scale.CONSTANT:
        return None
    times = (outlook.detectable / bar) ** 2 if bar else math.inf
    if outlook.enough:
        way = f"{outlook.enough} repeats would: `repeats` in the settings"
        if times > 2:
            way += f"; or test sets {_rounded(times)} times as large"
    elif math.isfinite(times):
        way = f"no number of repeats would; test sets {_rounded(times)} times as large would"
    else:
        way = "ask for an effect worth having: --expect"
    return Finding(
        "S2",
        f"an effect of just {registration.criterion} is unanswerable here: this design confirms"
        f" {shown(registration.criterion, outlook.detectable)} or more, four times in five (by"
        f" {outlook.source}), and can only rule out less",
        way,
        advice=True,
    )


def shown(criterion: Criterion, effect: float) -> str:
    """Write an effect as the criterion counts it; against a constant, the value it leads to."""
    if criterion.scale is Scale.CONSTANT:
        return f"{criterion.amount + criterion.sign * effect:.4g}"
    if criterion.scale is Scale.PERCENT:
        return f"{100 * math.expm1(criterion.sign * effect):+.3g}%"
    return f"{criterion.sign * effect:+.3g}"


def _rounded(times: float) -> str:
    return f"{times:.2g}" if times < 10 else f"{times:.0f}"
