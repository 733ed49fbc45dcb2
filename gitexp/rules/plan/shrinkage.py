"""What to expect of screened ideas: their measured gains, shrunk towards what was predicted.

The best of thirty measured gains is mostly luck. An idea that gains g with chance p gains p x g on
average, with a variance of p (1 - p) g^2: that is its prior, a normal distribution. All ideas are
compared with the same runs of the baseline, whose luck raises or lowers all of them alike; it is
estimated from all of them, and taken out. What is left is a mean between prior and measurement,
each weighted by its precision.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_UNSURE = 0.1  # nobody is surer than this that an idea works, or that it does not
_SCATTERED = 3  # ideas; the scatter of fewer says nothing
_MAD = 1.4826  # standard deviations of a normal distribution in one median absolute deviation


@dataclass(frozen=True, slots=True)
class Prior:
    """What was predicted of an idea: a gain in the metric's unit, and the chance that it works.

    `scatter` is the standard deviation of gains of which nobody has said how large they may be.
    """

    gain: float
    chance: float
    scatter: float = 0.0

    @property
    def mean(self) -> float:
        """The gain to expect."""
        return self.chance * self.gain

    @property
    def variance(self) -> float:
        """How far from it the gain may lie."""
        chance = min(max(self.chance, _UNSURE), 1 - _UNSURE)
        return max(chance * (1 - chance) * self.gain**2, self.scatter**2)


@dataclass(frozen=True, slots=True)
class Screened:
    """What screening says of an idea, in the metric's unit; larger is better.

    `measured` is the mean difference of its `runs` from the baseline's, on a `share` of the data.
    `expected` is the mean of the posterior, and `sd` its standard deviation. `baseline` is the
    baseline's mean score; `same` says that no metric of any run differed from the baseline's.
    """

    runs: int
    share: float
    measured: float
    expected: float
    sd: float
    baseline: float
    same: bool = False


def noise_of(measured: Sequence[float], runs: Sequence[int], gains: Sequence[float]) -> float:
    """Standard deviation of a paired difference, where no experiment has shown it yet.

    By the scatter of the ideas' measured gains, which lacks what the baseline's runs have in
    common: too large if many ideas work, and then shrinks too much. Of a few ideas, the largest
    gain that was predicted.
    """
    if len(measured) >= _SCATTERED:
        middle = statistics.median(measured)
        away = [
            abs(one - middle) * math.sqrt(2 * number)
            for one, number in zip(measured, runs, strict=True)
        ]
        if scatter := _MAD * statistics.median(away):
            return scatter
    return max(map(abs, gains), default=0.0)


def scatter_of(measured: Sequence[float], runs: Sequence[int], noise: float) -> float:
    """Standard deviation of the gains themselves, by what the `noise` of runs does not explain."""
    if len(measured) < _SCATTERED:
        return 0.0
    error = statistics.fmean(noise**2 / 2 / number for number in runs)
    return math.sqrt(max(statistics.variance(measured) - error, 0.0))


def shrunk(
    priors: Sequence[Prior], measured: Sequence[float], runs: Sequence[int], noise: float
) -> list[tuple[float, float]]:
    """Mean and standard deviation of each idea's gain, after what was measured on one baseline.

    `noise` is the standard deviation of a paired difference over seeds. Half of its variance is the
    baseline's own, which all ideas share.

    Source: the posterior of a normal model with one random effect in common, Gelman et al. (2013),
    chapter 5.
    """
    half = noise**2 / 2
    errors = [half / number for number in runs]
    common = half / max(runs, default=1)
    totals = [prior.variance + error for prior, error in zip(priors, errors, strict=True)]
    surprises = [one - prior.mean for prior, one in zip(priors, measured, strict=True)]
    luck, unsure = 0.0, common
    if common:
        unsure = 1 / (1 / common + math.fsum(1 / total for total in totals))
        pulls = (one / total for one, total in zip(surprises, totals, strict=True))
        luck = unsure * math.fsum(pulls)
    found = []
    for prior, error, total, surprise in zip(priors, errors, totals, surprises, strict=True):
        weight = prior.variance / total if total else 0.0
        mean = prior.mean + weight * (surprise - luck)
        found.append((mean, math.sqrt(weight * error + weight**2 * unsure)))
    return found
