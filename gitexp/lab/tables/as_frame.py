"""Rows as a pandas frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from gitexp.errors import NotReady
from gitexp.lab.tables.columns import Cells, Column, Extras, Kind


def frame(rows: Iterable[Cells], fixed: tuple[Column, ...]) -> Any:  # noqa: ANN401 - pandas is optional
    """Make a frame: dates aware of their zone, numbers as floats, NaN where there is no value.

    Counts that every row has are integers. Values of configs keep the types that they have there.

    Raises:
        NotReady: pandas is not installed.
    """
    try:
        import pandas as pd  # an optional dependency
    except ImportError:
        raise NotReady(
            "gitexp.load() needs pandas, which is not installed",
            "install it: python -m pip install 'gitexp[pandas]'",
        ) from None
    held, extras = [*rows], Extras(fixed)
    for row in held:
        extras.note(row)
    return pd.DataFrame(
        {
            column.name: _series(pd, [row.get(column.name) for row in held], column.kind)
            for column in extras.columns
        }
    )


def _series(pd: Any, cells: Sequence[object], kind: Kind) -> Any:  # noqa: ANN401 - as above
    match kind:
        case Kind.MOMENT:
            return pd.to_datetime(pd.Series(cells, dtype="object"), utc=True, format="ISO8601")
        case Kind.NUMBER:
            return pd.Series(cells, dtype="float64")
        case Kind.COUNT:
            whole = all(cell is not None for cell in cells)
            return pd.Series(cells, dtype="int64" if whole else "float64")
    # Not None where there is nothing: one test for missing values holds for all columns.
    return pd.Series([math.nan if cell is None else cell for cell in cells], dtype="object")
