"""What each example contributes to a metric that is a mean over examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from gitexp.rules.documents.outcomes import SCORE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gitexp.statistics.arrays import RunRows

    Floats = NDArray[np.float64]

_EPSILON = 2.0**-52  # how far scikit-learn keeps probabilities from 0 and 1, and divisors from 0


def squared_error(run: RunRows) -> Floats:
    """Squared difference of y_true and y_pred."""
    return (run.true - run.guess) ** 2


def squared_log_error(run: RunRows) -> Floats:
    """Squared difference of the logarithms of 1 + y_true and 1 + y_pred."""
    if min(run.true.min(), run.guess.min()) <= -1:
        raise ValueError("a logarithmic error needs numbers above -1")
    return (np.log1p(run.true) - np.log1p(run.guess)) ** 2


def _log_loss(run: RunRows) -> Floats:
    if run.guess.min() < 0 or run.guess.max() > 1:
        raise ValueError(f"{SCORE} must be the probability of the positive label, 0 to 1")
    guess = np.clip(run.guess, _EPSILON, 1 - _EPSILON)
    return -np.log(np.where(run.true == run.positive, guess, 1 - guess))


def _brier_score(run: RunRows) -> Floats:
    return ((run.true == run.positive) - run.guess) ** 2


def _percentage_error(run: RunRows) -> Floats:
    return np.abs(run.true - run.guess) / np.maximum(np.abs(run.true), _EPSILON)


def _poisson_deviance(run: RunRows) -> Floats:
    if run.true.min() < 0 or run.guess.min() <= 0:
        raise ValueError("a Poisson deviance needs y_true of at least 0 and y_pred above 0")
    # 0 log 0 counts as 0.
    logs = np.log(np.where(run.true > 0, run.true / run.guess, 1.0))
    return 2 * (run.true * logs - run.true + run.guess)


def _gamma_deviance(run: RunRows) -> Floats:
    if min(run.true.min(), run.guess.min()) <= 0:
        raise ValueError("a gamma deviance needs numbers above 0")
    return 2 * (np.log(run.guess / run.true) + run.true / run.guess - 1)


# By the metric's name; the mean over a run's examples is its value.
LOSSES: dict[str, Callable[[RunRows], Floats]] = {
    "accuracy": lambda run: (run.true == run.guess) * 1.0,
    "error_rate": lambda run: (run.true != run.guess) * 1.0,
    "log_loss": _log_loss,
    "brier_score": _brier_score,
    "mean_absolute_error": lambda run: abs(run.true - run.guess),
    "mean_squared_error": squared_error,
    "mean_absolute_percentage_error": _percentage_error,
    "mean_squared_log_error": squared_log_error,
    "mean_poisson_deviance": _poisson_deviance,
    "mean_gamma_deviance": _gamma_deviance,
}
