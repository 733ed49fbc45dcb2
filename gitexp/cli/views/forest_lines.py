"""Experiments with their effects drawn, as lines of a fixed width for a text that keeps it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from gitexp.cli.views.forest import Forest
from gitexp.cli.views.log_cells import Column, cells_of
from gitexp.cli.views.log_table import mark_of
from gitexp.cli.views.terminal import columns, padded, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.log.log import Row

_CHANGE, _PLOT = 34, 25  # columns


def forest_lines(rows: Sequence[Row]) -> list[str]:
    """A line for each experiment that has an effect, below a line that names the columns."""
    now = dt.datetime.now(tz=dt.UTC)  # of which nothing is shown
    found = [cells_of(row, now, "→") for row in rows]
    known = [(one, one.estimate) for one in found if one.estimate is not None]
    if not known:
        return []
    forest = Forest([measured for _, measured in known], _PLOT)
    changes = [shortened(one.text(Column.CHANGE), _CHANGE) for one, _ in known]
    wide = max(map(columns, changes))
    effects = [one.text(Column.EFFECT) for one, _ in known]
    most = max(map(columns, effects))
    lines = [f"   {'':{wide}}  {forest.head()}  {'effect':>{most}}".rstrip()]
    for (one, measured), change, effect in zip(known, changes, effects, strict=True):
        told = f"{padded(effect, most, right=True)}  {one.text(Column.INTERVAL)}".rstrip()
        line = f"{mark_of(one)} {padded(change, wide)}  {forest.drawn(measured)}  {told}"
        lines.append(line.rstrip())
    return lines
