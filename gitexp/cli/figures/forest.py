"""The forest plot: each experiment's effect with its interval, all on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.cli.figures.drawing import (
    BOLD,
    LETTER,
    Drawing,
    Drawn,
    Label,
    Mark,
    Role,
    Shape,
    Stroke,
    cut,
    drawn_as,
    legend,
    legend_width,
    line,
    middled,
    verdict_entries,
)
from gitexp.cli.figures.scale import Scale, tick_labels, usual
from gitexp.cli.views.log_cells import fitted_change
from gitexp.rules.text import counted
from gitexp.rules.verdict.criterion import Scale as Unit

if TYPE_CHECKING:
    from gitexp.cli.figures.measured import Measured

ROW = 22.0  # pixels
_PLOT = 320.0
_LONGEST_CHANGE = 44  # characters
_MARGIN = 12
_FOOT = 72.0
_LABEL = 0.16  # share of the scale that the label of a tick takes


def forest_scale(rows: Sequence[Measured], first: float, last: float) -> Scale:
    """One scale for all effects; those far from the others lie beyond its ends."""
    effects = [row.effect for row in rows]
    bounds = [b for row in rows for b in (row.lower, row.upper) if b is not None]
    bars = [row.bar for row in rows]
    zero = () if rows and rows[0].criterion.scale is Unit.CONSTANT else (0.0,)
    return Scale(*usual([*effects, *bounds], must=[*zero, *bars[:1]]), first, last)


def rulers(row: Measured, scale: Scale, y: float, *, height: float = ROW) -> list[Drawn]:
    """The lines that an effect is read against: no change, and the bar for success."""
    top, foot = y - height / 2, y + height / 2
    shapes: list[Drawn] = []
    if row.criterion.scale is not Unit.CONSTANT:
        shapes.append(line(scale(0.0), top, scale(0.0), foot, Role.ZERO))
    if scale.holds(row.bar):
        x = scale(row.bar)
        shapes.append(Stroke(((x, top), (x, foot)), Role.BAR, dashed=True))
    return shapes


def row_shapes(row: Measured, scale: Scale, y: float) -> list[Drawn]:
    """An experiment's line of the plot: interval, mark, and what was predicted."""
    shapes: list[Drawn] = []
    role, shape = drawn_as(row.verdict)
    if row.lower is not None and row.upper is not None:
        low, high = max(row.lower, scale.low), min(row.upper, scale.high)
        if low <= high:
            shapes.append(line(scale(low), y, scale(high), y, role, 2))
        if row.lower < scale.low:
            shapes.append(Mark((scale(low), y), Shape.ARROW_LEFT, role))
        if row.upper > scale.high:
            shapes.append(Mark((scale(high), y), Shape.ARROW_RIGHT, role))
    if row.predicted is not None and scale.holds(row.predicted):
        shapes.append(Mark((scale(row.predicted), y), Shape.TICK, Role.PREDICTED))
    if scale.holds(row.effect):
        shapes.append(Mark((scale(row.effect), y), shape, role))
    elif row.lower is None:
        beyond = Shape.ARROW_LEFT if row.effect < scale.low else Shape.ARROW_RIGHT
        shapes.append(Mark((scale(row.effect), y), beyond, role))
    return shapes


def axis_shapes(scale: Scale, row: Measured, y: float, most: int = 5) -> list[Drawn]:
    """The scale's values at a place below or above the rows."""
    ticks = _on_both_sides(scale, scale.ticks(most))
    constant = row.criterion.scale is Unit.CONSTANT
    unit = "%" if row.criterion.scale is Unit.PERCENT else ""
    labels = tick_labels(ticks, sign=not constant, unit=unit)
    return [
        Label((scale(tick), y), text, anchor="middle")
        for tick, text in zip(ticks, labels, strict=True)
    ]


def _on_both_sides(scale: Scale, ticks: list[float]) -> list[float]:
    """Ticks, with one more on a side of zero that is wide enough for a label and has none."""
    if len(ticks) < 2 or not scale.low < 0 < scale.high:
        return ticks
    step = ticks[1] - ticks[0]
    for end in (scale.low, scale.high):
        share = next((s for s in (0.5, 0.4, 0.2) if s * step <= abs(end) + step / 1e9), 0.0)
        wide = share * step / (scale.high - scale.low)
        if wide >= _LABEL and not any(tick * end > 0 for tick in ticks):
            ticks = sorted([*ticks, math.copysign(share * step, end)])
    return ticks


def forest(rows: Sequence[Measured]) -> Drawing:
    """The whole plot with changes on its left and figures on its right, newest experiment first.

    `rows` are of one kind, at least one.
    """
    first = rows[0]
    changes = [fitted_change([row.change], _LONGEST_CHANGE, "→", middled) for row in rows]
    left = BOLD * max(map(len, changes)) + 24
    right = LETTER * max(len(row.said) for row in rows) + 24
    scale = forest_scale(rows, left, left + _PLOT)
    shapes: list[Drawn] = []
    for number, (row, change) in enumerate(zip(rows, changes, strict=True)):
        y = 16 + ROW * (number + 0.5)
        shapes.append(Label((left - 16, y + 4), change, Role.STRONG, "end"))
        shapes += [*rulers(row, scale, y), *row_shapes(row, scale, y)]
        role = drawn_as(row.verdict)[0]
        shapes.append(Label((left + _PLOT + 16, y + 4), row.said, role))
    foot = 16 + ROW * len(rows)
    shapes.append(line(left, foot + 3, left + _PLOT, foot + 3, Role.ZERO))
    shapes += axis_shapes(scale, first, foot + 19)
    better = f"effect on {cut(first.criterion.metric, 30)}, success at {first.criterion.target}"
    shapes.append(Label((left + _PLOT / 2, foot + 37), better, anchor="middle"))
    entries = verdict_entries(row.verdict for row in rows)
    if any(row.predicted is not None for row in rows):
        entries.append(("predicted gain", Mark((8, 0), Shape.TICK, Role.PREDICTED)))
    wide = max(left + _PLOT + right, legend_width(entries) + 2 * _MARGIN)
    shapes += legend((wide - legend_width(entries)) / 2, foot + 61, entries)
    return Drawing(
        math.ceil(wide),
        math.ceil(foot + _FOOT),
        f"Effects on {first.criterion.metric}",
        f"Forest plot of {counted(len(rows), 'experiment')}. "
        + "; ".join(f"{row.change}: {row.said}, {row.verdict or 'undecided'}" for row in rows[:20]),
        tuple(shapes),
    )
