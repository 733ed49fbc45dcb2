"""The features that were saved beside predictions, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gitexp.rules.documents.outcomes import SCORE
from gitexp.statistics.gaps.calibration import probability_columns
from gitexp.statistics.gaps.rows import Rows, numbers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


MOST_CATEGORIES = 20


def read_features(rows: Rows) -> tuple[NDArray[np.float64], list[str], list[str]]:
    """Saved columns as numbers, with their names, and the names of those that were left out.

    A category with few values becomes a column for each value. A column with missing numbers gets
    their median, and a second column says where they are missing.
    """
    columns, names, texts = [], [], []
    probabilities = probability_columns(rows)
    for name, cells in rows.columns.items():
        if name == SCORE or name in probabilities:
            continue
        numbers = numbers_of(cells, missing=True)
        if numbers is not None:
            gone = np.isnan(numbers)
            columns.append(np.where(gone, np.nanmedian(numbers), numbers))
            names.append(name)
            if gone.any():
                columns.append(gone.astype(float))
                names.append(f"{name} = missing")
            continue
        values = {*cells}
        if len(values) > MOST_CATEGORIES:
            texts.append(name)
            continue
        for value in sorted(values):
            columns.append(np.array([cell == value for cell in cells], float))
            names.append(f"{name} = {value}")
    table = np.column_stack(columns) if columns else np.zeros((rows.count, 0))
    return table, names, texts
