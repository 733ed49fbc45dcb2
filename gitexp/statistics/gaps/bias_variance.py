"""Bias and variance: what a model loses on its training data, and what more on test data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gitexp.rules.plan.gaps import Gap
from gitexp.rules.verdict import student_t

if TYPE_CHECKING:
    from gitexp.statistics.yardstick import Yardstick


def find_bias_and_variance(
    train: Sequence[float],
    scores: Sequence[float],
    metric: str,
    stick: Yardstick,
    *,
    own: bool,
    higher_is_better: bool,
    underfits: tuple[float, str] = (0.0, ""),
) -> list[Gap]:
    """What the model loses on its training data (bias), and what more on test data (variance).

    `underfits` is the share of its errors that a better model would not make, and what shows it.
    Without such evidence bias is not ranked: no model can fit labels that overlap, or noise.
    """
    sign = 1 if higher_is_better else -1
    mean = float(np.mean(train))
    gaps = find_variance(train, scores, metric, higher_is_better=higher_is_better)
    if own:
        best = stick.best
    elif min(every := [*train, *scores]) >= 0 and (not higher_is_better or max(every) <= 1):
        best = 1.0 if higher_is_better else 0.0
    else:
        return gaps  # a perfect score is not known
    kept = "only" if higher_is_better else "still"
    left = [sign * (best - value) for value in train]
    ceiling = float(np.mean(left))
    if ceiling > 0:
        share, shown = underfits
        why = "underfitting, or noisy targets"
        if not stick.quantity:
            why = f"underfitting: {shown}" if shown else "underfitting, overlapping or wrong labels"
        gaps.append(
            Gap(
                "bias",
                f"{metric} is {kept} {mean:.4g} in training ({why})",
                ceiling,
                share * ceiling,
                _interval_of_runs(left),
            )
        )
    return gaps


def find_variance(
    train: Sequence[float], scores: Sequence[float], metric: str, *, higher_is_better: bool
) -> list[Gap]:
    """What the model loses on test data beside its training data; nothing if that may be noise."""
    sign = 1 if higher_is_better else -1
    mean, score = float(np.mean(train)), float(np.mean(scores))
    lost = [sign * (a - b) for a, b in zip(train, scores, strict=True)]
    low, high = _interval_of_runs(lost)
    if np.mean(lost) <= 0 or low <= 0:
        return []
    moves = "falls" if higher_is_better else "rises"
    said = (
        f"{metric} {moves} from {mean:.4g} in training to {score:.4g} in testing"
        " (overfitting, or too little data)"
    )
    return [Gap("variance", said, float(np.mean(lost)), float(np.mean(lost)), (low, high))]


def _interval_of_runs(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of a mean over runs by Student's t, cut at 0; the value itself for one run."""
    n, mean = len(values), float(np.mean(values))
    reach = -student_t.ppf(0.025, n - 1) * float(np.std(values, ddof=1)) / n**0.5 if n > 1 else 0.0
    return max(0.0, mean - reach), max(0.0, mean + reach)
