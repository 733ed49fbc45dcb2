"""Whether predicted probabilities are calibrated, and whether confident errors are wrong labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from gitexp.rules.documents.outcomes import SCORE
from gitexp.rules.plan.gaps import Gap, wilson
from gitexp.statistics.gaps.rows import FEWEST, Rows, numbers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


_TENTHS = 10
_ONE_SIDED = 1.645  # standard deviations that a normal number stays under 19 times in 20
_UNSURE = 0.4  # share of errors stated, above which no prediction is confident


def measure_calibration(rows: Rows, skipped: list[str]) -> dict[str, Any] | None:
    """Compare predicted probabilities with how often they come true.

    They are those of the positive label, or, of several labels, those of the predicted one.
    `by_chance` is the mean error of perfect probabilities on so few examples, `limit` what they
    stay under 19 times in 20.

    Source: expected calibration error over tenths (Guo et al. 2017); a tenth's frequency is taken
    to be normal about the mean of its probabilities.
    """
    labels = np.unique(rows.true)
    stated = _positive_score(rows) if len(labels) == 2 else None
    came_true = rows.true == positive_label(labels)
    if stated is None:
        stated, came_true = _confidence(rows), rows.true == rows.predicted
    if stated is None:
        skipped.append("calibration: no probabilities were saved (y_score or proba_LABEL)")
        return None
    edges = np.quantile(stated, np.linspace(0, 1, _TENTHS + 1)[1:-1])
    tenth = np.searchsorted(edges, stated)
    bins, error, chance, variance = [], 0.0, 0.0, 0.0
    for mine in (tenth == number for number in np.unique(tenth)):
        share, probability = float(mine.mean()), float(stated[mine].mean())
        seen = float(came_true[mine].mean())
        spread = stated[mine] * (1 - stated[mine])
        sd = share * math.sqrt(float(spread.mean()) / (mine.sum() * rows.worth))
        error += share * abs(seen - probability)
        chance += sd * math.sqrt(2 / math.pi)
        variance += sd**2 * (1 - 2 / math.pi)
        bins.append({"stated": probability, "seen": seen})
    limit = chance + _ONE_SIDED * math.sqrt(variance)
    return {"error": error, "by_chance": chance, "limit": limit, "bins": bins}


def find_wrong_labels(rows: Rows, skipped: list[str]) -> list[Gap]:
    """Errors among the most confident predictions: the labels themselves may be wrong.

    A model is rarely wrong where it is confident, unless labels are wrong at random, or unless it
    is too confident. So nothing is said where the most confident half makes more errors than its
    probabilities state: a tree or a nearest neighbour is certain of every row.
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
    stated = 1 - float(sure[top].mean())
    if count < FEWEST or stated > _UNSURE:
        return []
    low, _ = wilson(count * rows.worth, n * rows.worth)
    if low > stated:
        skipped.append(
            f"wrong labels: the surest {n} predictions state {100 * stated:.1f} % errors and make"
            f" {100 * count / n:.1f} %; probabilities so far off cannot tell"
        )
        return []
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
            unit=rows.unit or None,
        )
    ]


def _confidence(rows: Rows) -> NDArray[np.float64] | None:
    """Probability of the predicted label, None if it was not saved."""
    names = probability_columns(rows)
    columns = {label: numbers_of(rows.columns[name]) for name, label in names.items()}
    known = {label: values for label, values in columns.items() if _are_probabilities(values)}
    if known and set(np.unique(rows.predicted)) <= known.keys():
        return np.array([known[str(p)][i] for i, p in enumerate(rows.predicted)])
    score, labels = _positive_score(rows), np.unique(rows.true)
    if score is None or len(labels) != 2:
        return None
    return np.where(rows.predicted == positive_label(labels), score, 1 - score)


def _positive_score(rows: Rows) -> NDArray[np.float64] | None:
    """Probability of the positive label, None if it was not saved."""
    score = numbers_of(rows.columns[SCORE]) if SCORE in rows.columns else None
    return score if _are_probabilities(score) else None


def _are_probabilities(values: NDArray[np.float64] | None) -> TypeGuard[NDArray[np.float64]]:
    return values is not None and values.min() >= 0 and values.max() <= 1


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
