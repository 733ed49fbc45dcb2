"""Value of a metric for one run, computed by scikit-learn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import metrics

from gitexp.rules.documents.known_metrics import BINARY, BY_SCORE

if TYPE_CHECKING:
    from gitexp.statistics.arrays import RunRows

# scikit-learn's functions that are not named after the scorer.
_FUNCTIONS = {
    "accuracy": "accuracy_score", "error_rate": "zero_one_loss", "r2": "r2_score",
    "explained_variance": "explained_variance_score", "roc_auc": "roc_auc_score",
    "average_precision": "average_precision_score", "brier_score": "brier_score_loss",
    "cohen_kappa": "cohen_kappa_score", "balanced_accuracy": "recall_score",
}  # fmt: skip


def score(name: str, run: RunRows) -> float:
    """Compute a metric for one run, nan if it is undefined; never warns."""
    true, guess = run.true, run.guess
    more: dict[str, Any] = {}
    family, _, average = name.partition("_")
    if name in BY_SCORE:
        true = (true == run.positive).astype(np.float64)
        if name == "log_loss":
            more = {"labels": [0, 1]}
        elif name != "brier_score" and len(np.unique(true)) < 2:
            return math.nan
    elif name in {"r2", "explained_variance"}:
        if len(true) < 2:
            return math.nan
    elif name in {"matthews_corrcoef", "cohen_kappa"}:
        if len(np.unique([true, guess])) < 2:
            return 0.0 if name == "matthews_corrcoef" else math.nan
    elif name == "balanced_accuracy":
        # scikit-learn's own function warns about labels that were predicted but never true.
        more = {"labels": np.unique(true), "average": "macro", "zero_division": 0}
    elif family in BINARY:
        name = f"{family}_score"
        more = {"average": average or "binary", "zero_division": 0}
        if not average:
            more["pos_label"] = run.positive
    return float(getattr(metrics, _FUNCTIONS.get(name, name))(true, guess, **more))
