"""Predicted gains beside measured ones, with the line on which they are equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.cli.figures.drawing import (
    Drawing,
    Label,
    Mark,
    Role,
    Stroke,
    cut,
    drawn_as,
    level_axis,
    line,
)
from gitexp.cli.figures.scale import Scale, tick_labels, usual
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from gitexp.cli.figures.measured import Measured

_TOP, _FOOT, _RIGHT = 14, 46, 12  # pixels around the plot


def predictions(rows: Sequence[Measured], *, width: float = 560, height: float = 340) -> Drawing:
    """A mark an experiment, its interval upright; `rows` are of one kind and predicted a gain."""
    gains = [row.predicted or 0.0 for row in rows]
    low, high = usual([*gains, *(row.effect for row in rows)], must=(0.0,))
    upright = Scale(low, high, height - _FOOT, _TOP)
    left, shapes = level_axis(upright, width - _RIGHT, 5, room=16, sign=True)
    across = Scale(low, high, left, width - _RIGHT)
    shapes += [
        line(left, upright(0.0), width - _RIGHT, upright(0.0), Role.ZERO),
        Stroke(((across(low), upright(low)), (across(high), upright(high))), Role.BAR, 1.5, True),
    ]
    ticks = across.ticks(5)
    for tick, text in zip(ticks, tick_labels(ticks, sign=True), strict=True):
        shapes.append(Label((across(tick), height - _FOOT + 18), text, anchor="middle"))
    metric = cut(rows[0].criterion.metric, 24)
    shapes.append(
        Label(((left + width) / 2, height - 8), f"predicted change of {metric}", anchor="middle")
    )
    for row in sorted(rows, key=lambda row: str(row.verdict)):
        role, _ = drawn_as(row.verdict)
        if row.lower is not None and row.upper is not None:
            x = across(row.predicted or 0.0)
            shapes.append(line(x, upright(row.lower), x, upright(row.upper), role))
    for row in sorted(rows, key=lambda row: str(row.verdict)):
        role, shape = drawn_as(row.verdict)
        shapes.append(Mark((across(row.predicted or 0.0), upright(row.effect)), shape, role))
    reached = sum(row.criterion.sign * (row.effect - (row.predicted or 0.0)) >= 0 for row in rows)
    return Drawing(
        width, height, f"Predicted and measured changes of {rows[0].criterion.metric}",
        f"{counted(len(rows), 'experiment')}; {reached} reached what was predicted.", tuple(shapes),
        beyond=sum(not low <= v <= high for r in rows for v in (r.effect, r.predicted or 0.0)),
    )  # fmt: skip
