"""Learning curve of a model: its score on parts of the training data, and what more would bring."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gitexp.rules.verdict import student_t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_DRAWS = 500  # of the bootstrap over seeds
_SEED = 20_261_125  # of the draws: any number will do, but always the same one


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean score at each share of the training data, and the gain from doubling the data.

    `gain` extrapolates a power law, with its 95 % interval. Beyond twice the data nothing is
    predicted.
    """

    points: tuple[tuple[float, float], ...]
    gain: float
    interval: tuple[float, float]

    def better(self, *, higher_is_better: bool) -> tuple[float, float]:
        """The interval, with improvements above 0."""
        low, high = self.interval
        return (low, high) if higher_is_better else (-high, -low)


def fit_curve(
    points: Mapping[float, Sequence[float]], *, higher_is_better: bool, widening: float
) -> Curve | None:
    """Fit a power law to what is lost at each share; `points` has the scores of the same seeds.

    None if the score of a perfect model is not known, or was reached. Resampling a few seeds varies
    less than new seeds would, so the standard error is scaled up to that of a t interval.

    Source: loss = b n^-c, fitted on logarithms; bootstrap over seeds; scaling for small samples by
    Hesterberg (2015), The American Statistician 69; widening as in a verdict.
    """
    best = 1.0 if higher_is_better else 0.0
    shares = sorted(points)
    scores = np.array([points[share] for share in shares], float)
    losses = np.abs(best - scores)
    n = losses.shape[1]
    beyond = scores.max() > 1 if higher_is_better else scores.min() < 0
    if beyond or n < 2 or losses.min() <= 0:
        return None

    def gain(table: NDArray[np.float64]) -> float:
        slope, height = np.polyfit(np.log(shares), np.log(table.mean(axis=1)), 1)
        return float(np.exp(height) * (1 - 2.0**slope))

    rng = np.random.default_rng(_SEED)
    drawn = [gain(losses[:, rng.integers(0, n, n)]) for _ in range(_DRAWS)]
    sign = 1 if higher_is_better else -1
    found, error = gain(losses), float(np.std(drawn)) * math.sqrt(n / (n - 1) * (1 + n * widening))
    reach = -student_t.ppf(0.025, n - 1) * error
    low, high = sorted(sign * bound for bound in (found - reach, found + reach))
    means = tuple((share, statistics.fmean(points[share])) for share in shares)
    return Curve(means, sign * found, (low, high))
