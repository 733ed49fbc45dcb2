"""Ties: pairs of equal scores, which mean less than they seem to.

On 50 test rows, two models that differ by half a point give the same accuracy in every second pair.
Equal scores show that a change does nothing only if the outputs behind them are equal, too; else
they leave room for an effect that is finer than the metric can show.
"""

from __future__ import annotations

import itertools
import math
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.verdict.criterion import Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.documents.record import Record

COMPARABLE = 3  # metrics that agree, from which equal outputs are concluded
_DIGITS = 1e-12  # relative; what rounding in floating point may change


SAME_SCORE = (
    "the baseline scores the same on every seed: the command needs {seed}, or the settings seed_key"
)
_SAME_SHIFT = (
    "the baseline's scores do differ, so the seed works; a change that moves them all alike often"
    " alters how the score is computed"
)


def about_same_shift(baseline: Sequence[float]) -> str:
    """What the scores of the baseline say of pairs that all differ by the same amount."""
    largest = max(map(abs, baseline))
    return SAME_SCORE if max(baseline) - min(baseline) <= _DIGITS * largest else _SAME_SHIFT


class Ties(NamedTuple):
    """What is known of outputs behind equal scores.

    `identical` says that the runs of every pair gave the same output. `step` is the smallest
    difference that the metric can show, as the criterion counts; None if it is not known.
    `decimal` is the last one to which the scores were printed, on the same scale, which says less.
    """

    identical: bool = False
    step: float | None = None
    decimal: float = math.inf

    @property
    def coarsest(self) -> float:
        """The step where it is known, else the last printed decimal."""
        return self.decimal if self.step is None else self.step


def room(step: float, pairs: int, level: float) -> float:
    """Largest mean effect that ties in all pairs leave possible at a one-sided level.

    An effect of `share` times the step shows in that share of pairs; it shows in none of them with
    probability (1 - share) ** pairs.
    """
    return step * (1 - math.pow(level, 1 / pairs))


def ties_of(
    paired: Sequence[tuple[Record, Record]],
    metric: str,
    scale: Scale,
    repeatable: frozenset[str],
) -> Ties:
    """What paired runs, as (baseline, candidate), show beside their scores.

    `repeatable` are metrics that two runs of the baseline on one seed repeat to 12 digits.
    """
    identical = all(_same_output(one, other, repeatable) for one, other in paired)
    scores = [run.metrics[metric] for both in paired for run in both]
    decimal, unit = _last_decimal(scores), 1.0
    if scale is Scale.PERCENT:
        if min(scores, default=0.0) <= 0:
            return Ties(identical)
        # A step of the score is a relative one where effects are logarithms of ratios.
        unit = 1 / min(scores)
    rows = [run.tested for both in paired for run in both]
    if rows and all(rows):
        step: float | None = max(decimal, 1 / min(rows)) * unit
    else:
        step = _smallest_within_arms(paired, metric, scale)
    return Ties(identical, step, decimal * unit)


def repeatable_metrics(runs: Iterable[tuple[Record, Record]]) -> frozenset[str]:
    """Metrics that are equal to 12 digits whenever a seed was run twice; empty if none was."""
    twice = [
        frozenset(
            name for name, value in one.metrics.items() if _equal(value, other.metrics.get(name))
        )
        for one, other in runs
    ]
    return frozenset.intersection(*twice) if twice else frozenset()


def _same_output(one: Record, other: Record, repeatable: frozenset[str]) -> bool:
    if one.output or other.output:
        return one.output == other.output
    both = (one.metrics.keys() & other.metrics.keys()) & repeatable
    return len(both) >= COMPARABLE and all(
        _equal(one.metrics[name], other.metrics[name]) for name in both
    )


def _equal(one: float, other: float | None) -> bool:
    return other is not None and math.isclose(one, other, rel_tol=_DIGITS, abs_tol=_DIGITS)


def _smallest_within_arms(
    paired: Sequence[tuple[Record, Record]], metric: str, scale: Scale
) -> float | None:
    """Smallest nonzero difference among the scores of an arm; None if neither varies."""
    found = []
    for arm in zip(*paired, strict=True):
        scores = [run.metrics[metric] for run in arm]
        shown = map(math.log, scores) if scale is Scale.PERCENT else scores
        found.append(_smallest_difference(shown))
    return min((step for step in found if step is not None), default=None)


def _smallest_difference(values: Iterable[float]) -> float | None:
    """Smallest nonzero difference among values; None where all are equal."""
    ordered = sorted(values)
    slack = _DIGITS * max((abs(value) for value in ordered), default=1.0)
    gaps = [b - a for a, b in itertools.pairwise(ordered) if b - a > slack]
    return min(gaps, default=None)


def _last_decimal(scores: Iterable[float]) -> float:
    """The last decimal to which scores were printed, such as 0.001; 0 where all are whole."""
    exponents = [int(Decimal(repr(score)).normalize().as_tuple().exponent) for score in scores]
    return 10.0 ** min(exponents, default=0)


def same_score(one: float, other: float) -> bool:
    """Whether two scores agree to 12 digits."""
    return math.isclose(one, other, rel_tol=_DIGITS)
