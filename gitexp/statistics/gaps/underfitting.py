"""Evidence that a model underfits: that its errors are not where labels overlap.

A low score on the training data alone says nothing: no model can tell labels apart that overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gitexp.rules.documents.outcomes import PREDICTED, TRUE, Outcomes
from gitexp.rules.plan.gaps import wilson
from gitexp.rules.text import counted
from gitexp.statistics.gaps.features import read_features
from gitexp.statistics.gaps.rows import FEWEST_ROWS, Rows, one_spelling

if TYPE_CHECKING:
    from numpy.typing import NDArray


_NEIGHBORS = 15
_MOST = 2000  # examples that are compared with one another
_RARE = 0.5  # of the rows that a label has if all are equally frequent


def find_underfitting(rows: Rows, outcomes: Sequence[Outcomes]) -> tuple[float, str]:
    """Share of a classifier's errors that a better model would not make, and what shows it.

    0 where nothing shows it, which does not prove that labels overlap.
    """
    if silent := min(map(_never_predicted, outcomes), default=0):
        return 1.0, f"every run leaves out {counted(silent, 'label')} or more"
    examples = _one_row_each(rows)
    table, _, _ = read_features(rows)
    table = table[examples]
    if len(examples) < FEWEST_ROWS or not np.ptp(table, axis=0).any():
        return 0.0, ""
    true, n = rows.true[examples], len(examples)
    errors = float((rows.true != rows.predicted).mean())
    by_neighbors = float((_vote(table, true) != true).mean())
    most = wilson(by_neighbors * n, n)[1]
    if most >= errors:
        return 0.0, ""
    return 1 - most / errors, (
        f"a vote of the {_NEIGHBORS} nearest rows is wrong in {100 * by_neighbors:.3g} %,"
        f" the model in {100 * errors:.3g} %"
    )


def _never_predicted(run: Outcomes) -> int:
    """Number of labels that a run never predicts although they are not rare."""
    both = one_spelling(np.array([*run.columns[TRUE], *run.columns[PREDICTED]]))
    true, predicted = both[: len(run.ids)], both[len(run.ids) :]
    labels, counts = np.unique(true, return_counts=True)
    frequent = labels[counts > _RARE * len(true) / len(labels)]
    return len({*frequent.tolist()} - {*predicted.tolist()})


def _one_row_each(rows: Rows) -> NDArray[np.intp]:
    """The first row of each example, of at most so many examples."""
    _, first = np.unique(rows.ids, return_index=True)
    return np.random.default_rng(0).permutation(first)[:_MOST]


def _vote(table: NDArray[np.float64], true: NDArray[np.str_]) -> NDArray[np.str_]:
    """The most frequent label among the nearest other rows, in columns of unit variance."""
    varying = table[:, np.ptp(table, axis=0) > 0]
    scaled = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    squares = (scaled**2).sum(axis=1)
    labels, number = np.unique(true, return_inverse=True)
    found = np.empty(len(true), np.intp)
    for row, point in enumerate(scaled):
        apart = squares - 2 * scaled @ point
        apart[row] = np.inf
        near = np.argpartition(apart, _NEIGHBORS)[:_NEIGHBORS]
        found[row] = np.bincount(number[near], minlength=len(labels)).argmax()
    return labels[found]
