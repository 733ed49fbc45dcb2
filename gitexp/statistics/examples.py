"""How much a metric would vary with other test examples.

The variance of a metric that averages over examples has a closed form. For all others it comes from
a paired bootstrap: the metric is computed on resampled examples, the same for both arms and all
seeds. Sums are exact and the draws fixed, so that two machines come to the same digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gitexp.rules.documents.known_metrics import Metric, find_metric
from gitexp.statistics.arrays import Arms, pair_arms
from gitexp.statistics.losses import LOSSES
from gitexp.statistics.resampling import DRAWS, Resampler

if TYPE_CHECKING:
    from gitexp.rules.documents.outcomes import Outcomes

_FEWEST_DEFINED = 0.9  # share of draws on which the metric must be defined


def example_variance(
    metric: str,
    baseline: Sequence[Outcomes] | None,
    candidate: Sequence[Outcomes],
    *,
    percent: bool = False,
    resampler: Resampler | None = None,
) -> tuple[float, int]:
    """Variance of the mean paired difference over examples, and the number of examples n.

    Runs are paired by position, one per seed; ids in only one arm are left out. `percent` compares
    logarithms. Without a baseline it is the variance of the candidate's own mean. The caller adds
    the variance over seeds and the factor 1 + c for the training set. n counts distinct ids, and
    includes an estimate of those that were not stored. A `resampler` that is used again saves time,
    and gives the same figures.

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
        variance, digits = _bootstrap(known, arms, resampler or Resampler(), percent=percent), 6
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


def _bootstrap(metric: Metric, arms: Arms, resampler: Resampler, *, percent: bool) -> float:
    """Variance over draws of the examples; both arms and all seeds share each draw."""
    runs, half = [*arms.candidate, *(arms.baseline or ())], len(arms.candidate)
    totals = np.zeros(DRAWS)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = [metric.sign * s for s in resampler.scores(metric.name, runs, arms.n)]
        if percent:
            scores = [np.log(score) for score in scores]
        for n, mine in enumerate(scores[:half]):
            totals += mine
            if arms.baseline is not None:
                totals -= scores[half + n]
    statistics = (totals / half).tolist()
    defined = [statistic for statistic in statistics if math.isfinite(statistic)]
    if len(defined) < _FEWEST_DEFINED * DRAWS:
        kind = f"the logarithm of {metric.name}" if percent else metric.name
        raise ValueError(f"{kind} is undefined on too many resamples of these {arms.n} examples")
    centre = math.fsum(defined) / len(defined)
    return math.fsum((s - centre) ** 2 for s in defined) / (len(defined) - 1)
