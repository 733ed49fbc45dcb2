"""Labels that a classifier confuses or misses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from sklearn.metrics import confusion_matrix

from gitexp.rules.plan.gaps import Gap, holm, label
from gitexp.statistics.gaps.rows import FEWEST, SURE, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[np.str_]
    Counts = NDArray[Any]

MOST_LABELS = 200


def find_confusions(rows: Rows, skipped: list[str]) -> list[Gap]:
    """Labels that are confused with one another, or missed, more often than chance allows."""
    labels = np.unique(np.concatenate([rows.true, rows.predicted]))
    if len(labels) > MOST_LABELS:
        skipped.append(f"confusions: {len(labels)} labels are too many to compare pairwise")
        return []
    matrix = confusion_matrix(rows.true, rows.predicted, labels=labels)
    if matrix.sum() == np.trace(matrix):
        return []
    pairs = _confused_pairs(rows, labels, matrix)
    # Of two labels, missing one is the same as confusing it with the other.
    return pairs if len(labels) == 2 else pairs + _missed_labels(rows, labels, matrix, pairs)


def _confused_pairs(rows: Rows, labels: Labels, matrix: Counts) -> list[Gap]:
    sizes, n, others = matrix.sum(axis=1), int(matrix.sum()), len(labels) - 1
    errors = n - int(np.trace(matrix))
    cells = [
        (a, b)
        for a in range(len(labels))
        for b in range(len(labels))
        if a != b and matrix[a, b] >= FEWEST
    ]
    # If errors were spread evenly, each label would lose its share of them to every other label.
    expected = {(a, b): errors * sizes[a] / n / others for a, b in cells}
    p = [_excess(matrix[cell], expected[cell], n, rows.worth) for cell in cells]
    # The correction counts all pairs, including those with too few errors to be listed.
    every = len(labels) * others
    adjusted = holm([*p, *[1.0] * (every - len(p))])[: len(p)]
    gaps = []
    for (a, b), sure in zip(cells, adjusted, strict=True):
        if sure > SURE:
            continue
        count = int(matrix[a, b])
        gaps.append(
            rows.gap(
                "confusion",
                f"{label(labels[a])} is mistaken for {label(labels[b])}"
                f" in {count} of {errors} errors",
                (rows.true == labels[a]) & (rows.predicted == labels[b]),
                min(expected[a, b] / count, 1.0),
                count=count,
                rows=n,
                true=str(labels[a]),
                predicted=str(labels[b]),
            )
        )
    return gaps


def _missed_labels(rows: Rows, labels: Labels, matrix: Counts, pairs: Sequence[Gap]) -> list[Gap]:
    """Labels that are missed too often, unless confused pairs explain over half of their errors."""
    sizes, n = matrix.sum(axis=1), int(matrix.sum())
    errors = n - int(np.trace(matrix))
    explained = Counter[str]()
    for gap in pairs:
        explained[gap.true or ""] += gap.count or 0
    missed = [(a, int(sizes[a] - matrix[a, a])) for a in range(len(labels)) if sizes[a]]
    usual = [errors * sizes[a] / n for a, _ in missed]
    p = [_excess(k, e, n, rows.worth) for (_, k), e in zip(missed, usual, strict=True)]
    gaps = []
    for (a, count), expectation, sure in zip(missed, usual, holm(p), strict=True):
        if sure > SURE or count < FEWEST or explained[str(labels[a])] > count / 2:
            continue
        gaps.append(
            rows.gap(
                "class",
                f"{label(labels[a])} is missed in {count} of {sizes[a]} rows",
                rows.true == labels[a],
                min(expectation / count, 1.0),
                count=count,
                rows=int(sizes[a]),
                true=str(labels[a]),
            )
        )
    return gaps


def _excess(count: float, expected: float, n: int, worth: float) -> float:
    """One-sided p-value of at least this many errors, counting distinct examples."""
    return float(stats.binom.sf(math.ceil(count * worth) - 1, round(n * worth), expected / n))
