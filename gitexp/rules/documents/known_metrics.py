"""Metrics that can be computed from per-example outcomes, under all the names people give them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.documents.outcomes import PREDICTED, SCORE, TRUE

if TYPE_CHECKING:
    from collections.abc import Iterable

# A run's value is the mean over its examples.
_MEANS = {
    "accuracy": "accuracy accuracy_score acc",
    "error_rate": "error_rate error zero_one_loss",
    "log_loss": "log_loss logloss",
    "brier_score": "brier_score brier_score_loss brier",
    "mean_absolute_error": "mean_absolute_error mae",
    "mean_squared_error": "mean_squared_error mse",
    "mean_absolute_percentage_error": "mean_absolute_percentage_error mape",
    "mean_squared_log_error": "mean_squared_log_error msle",
    "mean_poisson_deviance": "mean_poisson_deviance",
    "mean_gamma_deviance": "mean_gamma_deviance",
}
_OTHERS = {
    "balanced_accuracy": "balanced_accuracy balanced_accuracy_score",
    "matthews_corrcoef": "matthews_corrcoef mcc",
    "cohen_kappa": "cohen_kappa cohen_kappa_score kappa",
    "roc_auc": "roc_auc roc_auc_score auc auroc",
    "average_precision": "average_precision average_precision_score",
    "r2": "r2 r2_score",
    "explained_variance": "explained_variance explained_variance_score",
    "root_mean_squared_error": "root_mean_squared_error rmse",
    "root_mean_squared_log_error": "root_mean_squared_log_error rmsle",
    "median_absolute_error": "median_absolute_error",
} | {
    f"{family}{average}": f"{family}{average}" if average else f"{family} {family}_score"
    for family in ("f1", "precision", "recall", "jaccard")
    for average in ("", "_macro", "_micro", "_weighted")
}
_NAMES = {name: metric for metric, names in (_MEANS | _OTHERS).items() for name in names.split()}
# Metrics of quantities; all others take labels.
QUANTITIES = {
    "mean_absolute_error", "mean_squared_error", "mean_absolute_percentage_error",
    "mean_squared_log_error", "mean_poisson_deviance", "mean_gamma_deviance", "r2",
    "explained_variance", "root_mean_squared_error", "root_mean_squared_log_error",
    "median_absolute_error",
}  # fmt: skip
# Metrics of a score for the positive label instead of a predicted label.
BY_SCORE = {"roc_auc", "average_precision", "log_loss", "brier_score"}
# Metrics of two labels.
BINARY = {"f1", "precision", "recall", "jaccard"} | BY_SCORE
_PREFIX = re.compile(r"^(?:val|valid|validation|dev|test|eval)[_/.\-]")


class Metric(NamedTuple):
    """A metric that can be computed from outcomes.

    `name` is scikit-learn's, and `sign` is -1 for its `neg_` scorers. `averages` says whether a
    run's value is the mean over its examples. `columns` are the two columns that it is computed
    from.
    """

    name: str
    sign: int
    averages: bool
    columns: tuple[str, str]

    @property
    def of_quantities(self) -> bool:
        """Whether y_true is a quantity, not a label."""
        return self.name in QUANTITIES


def find_metric(name: str) -> Metric | None:
    """Find the scikit-learn metric that a name means, None if there is none."""
    plain = _PREFIX.sub("", name.lower())
    found = _NAMES.get(plain.removeprefix("neg_"))
    if found is None:
        return None
    return Metric(
        found,
        -1 if plain.startswith("neg_") else 1,
        found in _MEANS,
        (TRUE, SCORE if found in BY_SCORE else PREDICTED),
    )


def is_known(name: str) -> bool:
    """Whether a metric can be computed from outcomes, and so judged per example."""
    return find_metric(name) is not None


def known_metrics() -> Iterable[str]:
    """Canonical names of all known metrics."""
    return (*_MEANS, *_OTHERS)
