"""Which rows stand for all: a random share in which each class keeps its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.multiclass import type_of_target

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEEDS = 1 << 32  # that scikit-learn takes


def rows_of_sample(
    count: int,
    share: float,
    seed: int,
    labels: Any = None,  # noqa: ANN401 - arrays of any library
) -> NDArray[np.intp]:
    """Draw a share of `count` rows, in their order; at least one.

    Where `labels` are classes, each keeps its share and at least one row. If the share is too small
    for two rows of each, rows are drawn whatever their class.
    """
    size, rows = max(1, round(share * count)), np.arange(count)
    if size >= count:
        return rows
    classes = None if labels is None else _classes(labels)
    if classes is None:
        return _drawn(rows, size, seed, None)
    _, firsts, which, members = np.unique(
        classes, return_index=True, return_inverse=True, return_counts=True
    )
    if 2 * len(members) > size:
        return _drawn(rows, size, seed, None)
    several = members[which] > 1  # only such classes can be split
    kinds = int((members > 1).sum())
    wanted = min(size, int(several.sum()) - kinds)  # a row of each is left over
    drawn = _drawn(rows[several], wanted, seed, which[several])
    lost = np.setdiff1d(which, which[drawn])
    return np.sort(np.concatenate([drawn, firsts[lost]]))


def _classes(labels: Any) -> NDArray[Any] | None:  # noqa: ANN401 - as above
    """Labels as an array if they are classes, else None."""
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or type_of_target(array) not in {"binary", "multiclass"}:
        return None
    return array


def _drawn(
    rows: NDArray[np.intp], size: int, seed: int, strata: NDArray[Any] | None
) -> NDArray[np.intp]:
    drawn, _ = train_test_split(rows, train_size=size, stratify=strata, random_state=seed % _SEEDS)
    return np.sort(drawn)
