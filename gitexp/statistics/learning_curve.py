"""Learning curve of a model: its score on parts of the training data, and what more may bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.guard import ROUNDING
from gitexp.rules.verdict.paired_t import standard_error


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Mean score at each share of the training data, and what its last doubling brought.

    `gain` is the change of the metric from half of the data to all of it, with its 95 % interval
    `within`. `interval` is where the change by the next doubling lies: returns diminish, so twice
    as much data brings at most as much again.
    """

    points: tuple[tuple[float, float], ...]
    gain: float
    within: tuple[float, float]
    interval: tuple[float, float]

    def better(self, *, higher_is_better: bool) -> tuple[float, float]:
        """The interval of the last doubling, with improvements above 0."""
        low, high = self.within
        return (low, high) if higher_is_better else (-high, -low)


def measure_gain(
    points: Mapping[float, Sequence[float]], *, widening: float
) -> LearningCurve | None:
    """What the last doubling brought; `points` has the scores of the same seeds at each share.

    None if all seeds gained the same: then nothing says how far that is from the truth. The curve
    is not continued: the errors of most models do not fall to 0, and three points cannot tell to
    what they fall.

    Source: paired t interval, widened as in a verdict (Nadeau & Bengio 2003).
    """
    gains = np.array(points[1.0], float) - np.array(points[0.5], float)
    n, mean = len(gains), float(np.mean(gains))
    if n < 2 or np.ptp(gains) <= ROUNDING * np.abs(points[1.0]).max():
        return None
    sd = float(np.std(gains, ddof=1))
    reach = -student_t.ppf(0.025, n - 1) * standard_error(sd, n, widening)
    means = tuple((share, float(np.mean(points[share]))) for share in sorted(points))
    low, high = mean - reach, mean + reach
    return LearningCurve(means, mean, (low, high), (min(low, 0.0), max(high, 0.0)))
