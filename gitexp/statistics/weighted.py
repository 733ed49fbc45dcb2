"""Metrics of resampled examples: one value for each draw, without recomputing from rows.

Sums are exact, so that two machines come to the same digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gitexp.rules.documents.known_metrics import BY_SCORE, QUANTITIES
from gitexp.statistics.losses import LOSSES, squared_log_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gitexp.statistics.arrays import RunRows

    Floats = NDArray[np.float64]

_STEPS = 2.0**30  # sums of up to 8 million losses in so many steps are exact in a float
_FEW_LABELS = 32  # up to which a matrix product counts faster than np.bincount


def weighted_score(name: str, run: RunRows, weights: Floats) -> Floats:
    """Compute a metric for each draw; `weights` has a line per draw and a column per row.

    A label that was not drawn does not count as one of the draw's labels.
    """
    if name in LOSSES:
        return _weighted_sums(LOSSES[name](run), weights) / weights.sum(axis=1)
    if name in BY_SCORE:
        return _of_rankings(name, run, weights)
    return (
        _of_quantities(name, run, weights) if name in QUANTITIES else _of_labels(name, run, weights)
    )


def _weighted_sums(values: Floats, weights: Floats) -> Floats:
    """Weighted sums, rounded so that the order of addition does not matter."""
    unit = np.abs(values).max() / _STEPS
    return (weights @ np.rint(values / unit)) * unit if unit else np.zeros(len(weights))


def _of_quantities(name: str, run: RunRows, weights: Floats) -> Floats:
    """Metrics of quantities that are not a mean over examples."""
    rows = weights.sum(axis=1)
    error = run.true - run.guess
    match name:
        case "root_mean_squared_error":
            return np.sqrt(_weighted_sums(error**2, weights) / rows)
        case "root_mean_squared_log_error":
            return np.sqrt(_weighted_sums(squared_log_error(run), weights) / rows)
        case "median_absolute_error":
            error = np.abs(error)
            order = np.argsort(error, kind="stable")
            reached = np.cumsum(weights[:, order], axis=1)
            half = rows[:, None] / 2
            low = (reached < half).sum(axis=1)
            high = np.minimum((reached <= half).sum(axis=1), len(order) - 1)
            return (error[order[low]] + error[order[high]]) / 2
    centred = run.true - math.fsum(run.true) / len(run.true)
    total = _weighted_sums(centred**2, weights) - _weighted_sums(centred, weights) ** 2 / rows
    residual = _weighted_sums(error**2, weights)
    if name == "explained_variance":
        residual = residual - _weighted_sums(error, weights) ** 2 / rows
    return 1 - residual / total


def _of_rankings(name: str, run: RunRows, weights: Floats) -> Floats:
    """Metrics of how well scores rank the positive examples above the others."""
    order = np.argsort(run.guess, kind="stable")
    true = (run.true == run.positive)[order]
    if name == "roc_auc":
        return _roc_auc(run.guess, order[true], order[~true], weights)
    starts = np.flatnonzero(np.diff(run.guess[order], prepend=-np.inf))  # of equal scores
    drawn = weights[:, order]
    positive = np.add.reduceat(drawn * true, starts, axis=1)
    negative = np.add.reduceat(drawn * ~true, starts, axis=1)
    positives = positive.sum(axis=1)
    positive, negative = positive[:, ::-1], negative[:, ::-1]
    hits, ranked = np.cumsum(positive, axis=1), np.cumsum(positive + negative, axis=1)
    return (positive * (hits / np.maximum(ranked, 1))).sum(axis=1) / positives


def _roc_auc(
    scores: Floats, positive: NDArray[np.intp], negative: NDArray[np.intp], weights: Floats
) -> Floats:
    """Share of pairs of a positive and a negative row that the scores put in the right order.

    `positive` and `negative` are rows in the order of their scores. All sums are of whole numbers
    and halves, and so exact.
    """
    reached = np.zeros((len(weights), len(negative) + 1))
    np.cumsum(weights[:, negative], axis=1, out=reached[:, 1:])
    below, up_to = (
        np.searchsorted(scores[negative], scores[positive], side) for side in ("left", "right")
    )
    drawn = weights[:, positive]
    beaten = (reached[:, below] + reached[:, up_to]) / 2  # ties count half
    return np.einsum("ij,ij->i", drawn, beaten) / (drawn.sum(axis=1) * reached[:, -1])


def _of_labels(name: str, run: RunRows, weights: Floats) -> Floats:
    """Metrics of labels, from how often each was right, true and predicted in a draw."""

    def count(numbers: Floats, where: NDArray[np.bool_] | None = None) -> Floats:
        among = weights if where is None else weights * where
        if run.labels <= _FEW_LABELS:
            return among @ (numbers[:, None] == np.arange(run.labels)).astype(np.float64)
        codes = numbers.astype(np.intp)
        return np.stack([np.bincount(codes, line, run.labels) for line in among])

    right = count(run.true, run.true == run.guess)
    true, guess = count(run.true), count(run.guess)
    rows = true.sum(axis=1)
    hits = right.sum(axis=1)
    chance = (true * guess).sum(axis=1)
    match name:
        case "balanced_accuracy":
            return np.nanmean(right / true, axis=1)
        case "matthews_corrcoef":
            scale = (rows**2 - (true**2).sum(axis=1)) * (rows**2 - (guess**2).sum(axis=1))
            return np.where(scale > 0, (hits * rows - chance) / np.sqrt(scale), 0.0)
        case "cohen_kappa":
            return (hits * rows - chance) / (rows**2 - chance)
    family, _, average = name.partition("_")
    if average == "micro":
        right, true, guess = (part.sum(axis=1, keepdims=True) for part in (right, true, guess))
    of = {
        "f1": (true + guess) / 2, "precision": guess, "recall": true,
        "jaccard": true + guess - right,
    }[family]  # fmt: skip
    scores = np.where(of > 0, right / of, 0.0)
    if average == "weighted":
        return (scores * true).sum(axis=1) / rows
    if average == "macro":
        return scores.sum(axis=1) / (true + guess > 0).sum(axis=1)
    return scores[:, 0 if average else run.positive]
