"""What an experiment's differences will vary by, foreseen before it has any.

The first experiment on a metric shows how alike the two runs of a pair are. Before that only the
baseline's own runs are known, and what pairs share lies between nothing and most of what a seed
does: with real trainers, runs on one seed correlate by 0.1 to 0.8. So a range is foreseen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict.criterion import Criterion, Scale
from gitexp.rules.verdict.guard import ROUNDING
from gitexp.rules.verdict.judge import share_of
from gitexp.rules.verdict.one_run import detectable_by_one_run
from gitexp.rules.verdict.paired_t import (
    FEWEST_PAIRS,
    detectable_effect,
    error_of_mean,
    standard_deviation,
)
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.verdict import Examples, Judgement

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration

_MOST_SHARED = 0.8  # correlation of two runs on one seed
_FEWEST_CHANGED = 12  # predictions put right by a change that any test at these levels confirms
_FIRST_SHOWS = "; the first experiment will narrow this down"


@dataclass(frozen=True, slots=True)
class Noise:
    """What a difference may vary by, as the criterion counts.

    `sd` is the standard deviation over seeds of a paired difference, or of one run where a single
    one borrows it; `examples` is what one test set leaves open, None for evidence by scores.
    """

    sd: float
    examples: Examples | None = None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The least and the most that differences may vary by; None where nothing is known yet.

    Both are the same once an experiment on the same terms was judged. `source` says what they rest
    on.
    """

    least: Noise | None = None
    most: Noise | None = None
    source: str = ""


def foresee(
    registration: Registration,
    past: Iterable[tuple[Registration, Judgement]],
    baseline: Sequence[Record],
) -> Foreseen:
    """Foresee it from experiments on the same terms, else from the baseline's records."""
    alike = [(other, judged) for other, judged in past if _same_terms(registration, other)]
    found = _learned(registration, alike)
    return found or _from_baseline(registration, baseline)


def detects(registration: Registration, noise: Noise, repeats: int) -> float:
    """Smallest effect confirmed four times in five by the last look, after so many repeats."""
    level, widening = registration.level, registration.widening
    if registration.borrowed:
        examples = noise.examples or Examples(2, 0.0)
        return detectable_by_one_run(noise.sd, registration.borrowed, examples, level)
    level *= share_of(registration.repeats, len(registration.repeats))
    sd = noise.sd if registration.seeded else None
    error, df = error_of_mean(sd, repeats, widening, noise.examples)
    return detectable_effect(error, df, level)


def _same_terms(one: Registration, other: Registration) -> bool:
    return (
        other.criterion.metric == one.criterion.metric
        and other.criterion.scale is one.criterion.scale
        and (other.by_examples, other.seeded) == (one.by_examples, one.seeded)
        and bool(other.borrowed) == bool(one.borrowed)
    )


def _learned(
    registration: Registration, alike: Sequence[tuple[Registration, Judgement]]
) -> Foreseen | None:
    """What experiments on the same terms varied by, pooled; None if none of them tells."""
    by_examples = registration.by_examples or not registration.seeded
    told = [
        (other, judged)
        for other, judged in alike
        if (not registration.seeded or (judged.sd or 0.0) > ROUNDING)
        and (not by_examples or (judged.standard_error and judged.examples))
    ]
    if not told:
        return None
    degrees = [(other.borrowed or judged.pairs) - 1 for other, judged in told]
    squares = [
        (judged.sd or 0.0) ** 2 / (1 + 1 / other.borrowed if other.borrowed else 1)
        for other, judged in told
    ]
    pooled = math.fsum(map(math.prod, zip(degrees, squares, strict=True)))
    sd = math.sqrt(pooled / sum(degrees)) if sum(degrees) else 0.0
    examples = None
    if by_examples:
        shares = [_of_examples(other, judged) for other, judged in told]
        least = min(judged.examples or 2 for _, judged in told)
        examples = Examples(least, math.fsum(shares) / len(shares))
    noise = Noise(sd, examples)
    return Foreseen(noise, noise, counted(len(told), "past experiment"))


def _of_examples(registration: Registration, judged: Judgement) -> float:
    """What the examples added to the variance of a judged experiment's mean difference."""
    error, sd = judged.standard_error or 0.0, judged.sd or 0.0
    of_seeds = sd**2 / judged.pairs if registration.seeded else 0.0
    return max(0.0, error**2 - of_seeds) / (1 + registration.widening)


def _from_baseline(registration: Registration, baseline: Sequence[Record]) -> Foreseen:
    criterion = registration.criterion
    runs = list(first_good(baseline, {r.seed for r in baseline}, criterion.metric).values())
    values = [run.metrics[criterion.metric] for run in runs]
    if criterion.scale is Scale.PERCENT:
        values = [math.log(value) for value in values if value > 0]
    sd = 0.0
    if registration.seeded:
        if len(values) < FEWEST_PAIRS or not (sd := standard_deviation(values)):
            return Foreseen()
    elif not values:
        return Foreseen()
    # Two runs that share nothing but their seed differ by twice the variance of one.
    pairs, source = not (registration.borrowed or criterion.scale is Scale.CONSTANT), ""
    least, most = (math.sqrt(2 * (1 - _MOST_SHARED)) * sd, math.sqrt(2) * sd) if pairs else (sd, sd)
    source = f"the baseline's {counted(len(values), 'run')}"
    if not (registration.by_examples or not registration.seeded):
        return Foreseen(Noise(least), Noise(most), source + _FIRST_SHOWS * pairs)
    few, many = _examples_of_accuracy(criterion, runs)
    if many is None:
        nothing = Noise(least, Examples(2, 0.0))
        return Foreseen(nothing if sd else None, None, f"{source}, without what examples add")
    return Foreseen(Noise(least, few), Noise(most, many), source + _FIRST_SHOWS)


def _examples_of_accuracy(
    criterion: Criterion, runs: Sequence[Record]
) -> tuple[Examples | None, Examples | None]:
    """The least and the most that one test set leaves open; None for any metric but accuracy.

    The least is left if the change puts as many predictions right as the bar needs and spoils none,
    the most if the errors of both arms have nothing to do with each other.
    """
    rows = [run.tested for run in runs if run.tested]
    if criterion.metric.casefold() not in {"accuracy", "accuracy_score"} or not rows:
        return None, None
    right = math.fsum(run.metrics[criterion.metric] for run in runs) / len(runs)
    if not 0 < right < 1 or min(rows) < 2 or criterion.scale is Scale.CONSTANT:
        return None, None
    unit = right if criterion.scale is Scale.PERCENT else 1.0
    most = 2 * right * (1 - right) / min(rows)
    least = max(_FEWEST_CHANGED / min(rows), criterion.bar * unit) / min(rows)
    few, many = (Examples(min(rows), v / unit**2) for v in (min(least, most), most))
    return few, many
