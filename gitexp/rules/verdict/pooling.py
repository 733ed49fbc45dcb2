"""One interval for a change that was tested several times."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.paired_t import satterthwaite

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Estimate(NamedTuple):
    """What one experiment measured, and the runs that it rests on.

    `sd` is the standard deviation of paired differences, 0 where a single run was enough.
    `widening` is n_test / n_train where a seed redraws the split, else 0. `of_examples` is the
    variance that comes from which `examples` were tested, 0 where scores alone were judged. `base`
    is its baseline commit, `seeds` the first and last one of its pairs.
    """

    effect: float
    pairs: int
    base: str
    seeds: tuple[int, int]
    sd: float = 0.0
    widening: float = 0.0
    of_examples: float = 0.0
    examples: int = 0


def _overlap(one: Estimate, other: Estimate) -> bool:
    (first, last), (first_, last_) = one.seeds, other.seeds
    return one.base == other.base and first <= last_ and first_ <= last


def apart(estimates: Iterable[Estimate]) -> list[Estimate]:
    """Those that share no runs of a baseline; where some do, the one with most pairs."""
    found: list[Estimate] = []
    for one in sorted(estimates, key=lambda one: -one.pairs):
        if not any(_overlap(one, other) for other in found):
            found.append(one)
    return found


def pool(estimates: Iterable[Estimate]) -> tuple[float, float]:
    """Mean effect of experiments on one value, weighted by their pairs, and its 95 % half-width.

    Of experiments that share baseline runs, the one with most pairs counts: only fresh seeds add
    information. More tries do not make the data set larger, so what comes from a redrawn split or
    from the examples is not divided by their number.

    Raises:
        ValueError: nothing to pool.

    Source: the standard error of paired_t.standard_error over all pairs; degrees of freedom by
    Satterthwaite (1946).
    """
    alone = apart(estimates)
    if not alone:
        raise ValueError("nothing to pool")
    pairs = sum(one.pairs for one in alone)
    mean = math.fsum(one.pairs * one.effect for one in alone) / pairs
    of_seeds, df_seeds = _of_seeds(alone, pairs)
    weighed = max(alone, key=lambda one: one.of_examples)
    of_examples = math.sqrt(weighed.of_examples), weighed.examples - 1
    error, freedom = satterthwaite(of_examples, (math.sqrt(of_seeds), df_seeds))
    return mean, -student_t.ppf(0.025, freedom) * error


def _of_seeds(alone: Sequence[Estimate], pairs: int) -> tuple[float, int]:
    """Variance of the mean over all pairs that comes from the seeds, and its degrees of freedom."""
    freedom = sum(one.pairs - 1 for one in alone)
    if not freedom:
        return 0.0, 1
    sd2 = math.fsum((one.pairs - 1) * one.sd**2 for one in alone) / freedom
    return sd2 * (1 / pairs + max(one.widening for one in alone)), freedom
