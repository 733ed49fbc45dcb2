"""Labels that a classifier confuses or misses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats
from sklearn.metrics import confusion_matrix

from gitexp.rules.plan.gaps import holm, label
from gitexp.statistics.gaps.rows import FEWEST, SURE

if TYPE_CHECKING:
    from gitexp.rules.plan.gaps import Gap
    from gitexp.statistics.gaps.rows import Rows

MOST_LABELS = 200


def find_confusions(rows: Rows, skipped: list[str]) -> list[Gap]:
    """Labels that are confused with one another, or missed, more often than chance allows."""
    labels = np.unique(np.concatenate([rows.true, rows.predicted]))
    if len(labels) > MOST_LABELS:
        skipped.append(f"confusions: {len(labels)} labels are too many to compare pairwise")
        return []
    matrix = confusion_matrix(rows.true, rows.predicted, labels=labels)
    sizes = matrix.sum(axis=1)
    errors = matrix.sum() - np.trace(matrix)
    if errors == 0:
        return []
    n, others = int(matrix.sum()), len(labels) - 1
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
    whole = len(labels) * others
    adjusted = holm([*p, *[1.0] * (whole - len(p))])[: len(p)]
    gaps = []
    covered: dict[int, float] = {}
    for (a, b), sure in zip(cells, adjusted, strict=True):
        count = int(matrix[a, b])
        if sure > SURE:
            continue
        covered[a] = covered.get(a, 0.0) + count
        mine = (rows.true == labels[a]) & (rows.predicted == labels[b])
        gaps.append(
            rows.gap(
                "confusion",
                f"{label(labels[a])} is mistaken for {label(labels[b])}"
                f" in {count} of {errors} errors",
                mine,
                min(expected[a, b] / count, 1.0),
                count=count,
                rows=n,
                true=str(labels[a]),
                predicted=str(labels[b]),
            )
        )
    if others == 1:
        return gaps
    missed = [(a, int(sizes[a] - matrix[a, a])) for a in range(len(labels)) if sizes[a]]
    usual = [errors * sizes[a] / n for a, _ in missed]
    p = [_excess(k, e, n, rows.worth) for (_, k), e in zip(missed, usual, strict=True)]
    for (a, count), expectation, sure in zip(missed, usual, holm(p), strict=True):
        if sure > SURE or count < FEWEST or covered.get(a, 0.0) > count / 2:
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
