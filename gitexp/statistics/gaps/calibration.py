"""Whether predicted probabilities are calibrated, and whether confident errors are wrong labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import calibration_curve

from gitexp.rules.documents.outcomes import SCORE
from gitexp.rules.plan.gaps import Gap, wilson
from gitexp.statistics.gaps.rows import FEWEST, numbers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gitexp.statistics.gaps.rows import Rows


def measure_calibration(rows: Rows, skipped: list[str]) -> dict[str, Any] | None:
    """Compare predicted probabilities with the frequency of the positive label."""
    score = numbers_of(rows.columns[SCORE]) if SCORE in rows.columns else None
    labels = np.unique(rows.true)
    if score is None or len(labels) != 2 or score.min() < 0 or score.max() > 1:
        skipped.append("calibration: needs two labels and a y_score between 0 and 1")
        return None
    truth = rows.true == positive_label(labels)
    seen, stated = calibration_curve(truth, score, n_bins=10, strategy="quantile")
    return {
        "error": float(np.mean(np.abs(seen - stated))),
        "bins": [{"stated": float(s), "seen": float(t)} for s, t in zip(stated, seen, strict=True)],
    }


def find_wrong_labels(rows: Rows, skipped: list[str]) -> list[Gap]:
    """Errors among the most confident predictions: the labels themselves may be wrong.

    A model is rarely wrong where it is confident, unless labels are wrong at random.
    """
    sure = _confidence(rows)
    if sure is None:
        skipped.append("wrong labels: no probabilities were saved (y_score or proba_LABEL)")
        return []
    wrong = rows.true != rows.predicted
    if wrong.mean() >= 1 - np.unique(rows.true, return_counts=True)[1].max() / rows.count:
        skipped.append(
            "wrong labels: the model is no better than predicting the most frequent label"
        )
        return []
    top = sure >= np.quantile(sure, 0.5)
    count, n = int((wrong & top).sum()), int(top.sum())
    if count < FEWEST or float(sure[top].mean()) < 0.6:
        return []
    low, _ = wilson(count * rows.worth, n * rows.worth)
    overall = float(wrong.mean())
    # Both are wrong equally often only if labels are wrong at random.
    if low < 0.5 * overall:
        return []
    # Then the same share of the unsure rows has a wrong label, too.
    share = min(1.0, count / n / overall)
    whole = rows.gap("labels", "", wrong, 0.0)
    return [
        Gap(
            "labels",
            f"{count} of the {n} most confident predictions are wrong, almost as many as of all"
            " predictions: labels may be wrong",
            share * whole.ceiling,
            share * whole.ceiling,
            (share * whole.interval[0], share * whole.interval[1]),
            count,
            n,
            unit=rows.unit,
        )
    ]


def _confidence(rows: Rows) -> NDArray[np.float64] | None:
    """Probability of the predicted label, None if it was not saved."""
    names = probability_columns(rows)
    columns = {label: numbers_of(rows.columns[name]) for name, label in names.items()}
    known = {label: values for label, values in columns.items() if values is not None}
    if known and set(np.unique(rows.predicted)) <= known.keys():
        return np.array([known[str(p)][i] for i, p in enumerate(rows.predicted)])
    score = numbers_of(rows.columns[SCORE]) if SCORE in rows.columns else None
    labels = np.unique(rows.true)
    if score is None or len(labels) != 2 or score.min() < 0 or score.max() > 1:
        return None
    return np.where(rows.predicted == positive_label(labels), score, 1 - score)


def probability_columns(rows: Rows) -> dict[str, str]:
    """Columns that hold the probability of a label, with that label; not p_value."""
    labels = {*map(str, np.unique(rows.true)), *map(str, np.unique(rows.predicted))}
    split = ((name, name.partition("_")) for name in rows.columns)
    return {
        name: label
        for name, (head, _, label) in split
        if head in {"proba", "prob", "p"} and label in labels
    }


def positive_label(labels: NDArray[np.str_]) -> str:
    """The label that probabilities are meant for: 1 or True, else the last."""
    return "1" if "1" in labels else "True" if "True" in labels else str(labels[-1])
