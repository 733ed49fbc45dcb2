"""How much a metric would vary with other test examples.

The variance of a metric that averages over examples has a closed form. For all others it comes from
a paired bootstrap: the metric is computed on resampled examples, the same for both arms and all
seeds. Sums are exact and the draws fixed, so that two machines come to the same digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gitexp.rules.documents.known_metrics import find_metric
from gitexp.statistics.arrays import pair_arms
from gitexp.statistics.losses import LOSSES
from gitexp.statistics.weighted import weighted_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gitexp.rules.documents.known_metrics import Metric
    from gitexp.rules.documents.outcomes import Outcomes
    from gitexp.statistics.arrays import Arms, RunRows

    Floats = NDArray[np.float64]

BLOCK = 4_000_000  # weights held in memory at a time
SEED = 20_261_125  # of the bootstrap: any number will do, but always the same one
_DRAWS = 500  # of the bootstrap: they give a standard error to 3 %
_FEWEST_DEFINED = 0.9  # share of draws on which the metric must be defined


def example_variance(
    metric: str,
    baseline: Sequence[Outcomes] | None,
    candidate: Sequence[Outcomes],
    *,
    percent: bool = False,
) -> tuple[float, int]:
    """Variance of the mean paired difference over examples, and the number of examples n.

    Runs are paired by position, one per seed; ids in only one arm are left out. `percent` compares
    logarithms. Without a baseline it is the variance of the candidate's own mean. The caller adds
    the variance over seeds and the factor 1 + c for the training set. n counts distinct ids, and
    includes an estimate of those that were not stored.

    Raises:
        ValueError: these outcomes do not give a variance; the message says why.

    Source: sd(d_i)^2 / n for means over examples, where d_i is an example's difference, averaged
    over seeds; else the paired bootstrap, Efron & Tibshirani (1993), chapter 6.
    """
    known = find_metric(metric)
    if known is None:
        raise ValueError(f"{metric} cannot be computed from predictions")
    arms = pair_arms(known, candidate, baseline)
    if arms.n < 2:
        raise ValueError("one example is not enough for a variance")
    if known.averages and not percent:
        variance, digits = _variance_of_mean(known.name, arms), 12
    else:
        # Digits beyond the sixth are noise of the draws, and the last bit of a logarithm differs
        # between processors.
        variance, digits = _bootstrap(known, arms, percent=percent), 6
    total = max(arms.n, round(arms.n / arms.share))
    return float(f"{variance * arms.n / total:.{digits - 1}e}"), total


def _variance_of_mean(name: str, arms: Arms) -> float:
    """Variance of a mean over examples, each averaged over the seeds first."""
    total, count = np.zeros(arms.n), np.zeros(arms.n)
    for n, run in enumerate(arms.candidate):
        losses = LOSSES[name](run)
        if arms.baseline is not None:
            losses = losses - LOSSES[name](arms.baseline[n])
        total[run.place] += losses
        count[run.place] += 1
    means = total / count
    centre = math.fsum(means) / arms.n
    return math.fsum((means - centre) ** 2) / (arms.n - 1) / arms.n


def _bootstrap(metric: Metric, arms: Arms, *, percent: bool) -> float:
    """Variance over draws of the examples; both arms and all seeds share each draw."""

    def value(run: RunRows, weights: Floats) -> Floats:
        found = metric.sign * weighted_score(metric.name, run, weights)
        return np.log(found) if percent else found

    rng = np.random.default_rng(SEED)
    size = max(1, min(_DRAWS, BLOCK // arms.n))
    statistics: list[float] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for begin in range(0, _DRAWS, size):
            picks = rng.integers(0, arms.n, (min(size, _DRAWS - begin), arms.n))
            drawn = np.stack([np.bincount(row, minlength=arms.n) for row in picks])
            totals = np.zeros(len(drawn))
            for n, run in enumerate(arms.candidate):
                weights = drawn[:, run.place].astype(np.float64)
                totals += value(run, weights)
                if arms.baseline is not None:
                    totals -= value(arms.baseline[n], weights)
            statistics += (totals / len(arms.candidate)).tolist()
    defined = [statistic for statistic in statistics if math.isfinite(statistic)]
    if len(defined) < _FEWEST_DEFINED * _DRAWS:
        kind = f"the logarithm of {metric.name}" if percent else metric.name
        raise ValueError(f"{kind} is undefined on too many resamples of these {arms.n} examples")
    centre = math.fsum(defined) / len(defined)
    return math.fsum((s - centre) ** 2 for s in defined) / (len(defined) - 1)
