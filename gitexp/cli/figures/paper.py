"""Shapes drawn by Matplotlib, for PNG and PDF: the same picture as in SVG, in the light colors."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

from gitexp.cli.figures.drawing import (
    LINES,
    Band,
    Drawing,
    Drawn,
    Label,
    Mark,
    Role,
    Shape,
    Stroke,
)
from gitexp.cli.figures.palette import LIGHT, OPACITY
from gitexp.cli.figures.svg import WRITTEN_BY
from gitexp.rules.text import visible

_PIXELS = 96  # an inch of the drawing
_DOTS = 200  # an inch of a PNG
_POINT = 72 / _PIXELS  # points in a pixel
_MARKERS = {Shape.DISC: "o", Shape.RING: "o", Shape.ARROW_LEFT: "<", Shape.ARROW_RIGHT: ">"}
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}


def render(drawing: Drawing, form: str) -> bytes:
    """A picture as PNG or PDF.

    Raises:
        ModuleNotFoundError: Matplotlib is not installed.
    """
    # An extra, and slow to load.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # Fonts as outlines that can be edited, and nothing in a text is taken for a formula.
    with rc_context({"pdf.fonttype": 42, "text.parse_math": False, "font.family": "sans-serif"}):
        figure = Figure(figsize=(drawing.width / _PIXELS, drawing.height / _PIXELS))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, drawing.width)
        axes.set_ylim(drawing.height, 0)
        axes.set_axis_off()
        for order, shape in enumerate(drawing.shapes):
            _draw(axes, shape, order)
        out = io.BytesIO()
        with warnings.catch_warnings():
            # A character that no font here has is drawn as a box, which says so itself.
            warnings.filterwarnings("ignore", message="Glyph .* missing")
            figure.savefig(out, format=form, dpi=_DOTS, metadata=_metadata(drawing, form))
    return out.getvalue()


def _metadata(drawing: Drawing, form: str) -> dict[str, Any]:
    if form == "png":
        return {"Title": visible(drawing.title), "Software": WRITTEN_BY}
    # Without a date, the same picture is the same file.
    return {"Title": visible(drawing.title), "Creator": WRITTEN_BY, "CreationDate": None}


def _draw(axes: Any, shape: Drawn, order: int) -> None:  # noqa: ANN401 - of an optional library
    color = LIGHT[shape.role]
    match shape:
        case Stroke():
            x, y = _apart(shape.points)
            dashes = (0, (4, 3)) if shape.dashed else "solid"
            axes.plot(x, y, color=color, linewidth=_POINT * shape.width, linestyle=dashes,
                      zorder=order)  # fmt: skip
        case Band():
            x, y = _apart(shape.points)
            axes.fill(x, y, color=color, alpha=OPACITY, linewidth=0, zorder=order)
        case Mark() if shape.shape in LINES:
            # Those of a verdict cover what they cross, so that they can be read there.
            broad = [] if shape.shape is Shape.TICK else [("white", 4.0)]
            for ink, width in [*broad, (color, 2.0)]:
                for points in LINES[shape.shape]:
                    axes.plot(
                        [shape.at[0] + shape.size * x for x, _ in points],
                        [shape.at[1] + shape.size * y for _, y in points],
                        color=ink, linewidth=_POINT * width, zorder=order,
                        solid_capstyle="round", solid_joinstyle="round",
                    )  # fmt: skip
        case Mark():
            open_ = shape.shape is Shape.RING
            axes.plot(
                [shape.at[0]], [shape.at[1]], marker=_MARKERS[shape.shape], linestyle="none",
                markersize=2 * _POINT * shape.size, zorder=order, markeredgecolor=color,
                markeredgewidth=_POINT * (1.5 if open_ else 0),
                markerfacecolor="white" if open_ else color,
            )  # fmt: skip
        case Label():
            axes.text(
                *shape.at, visible(shape.text), color=color, fontsize=12 * _POINT, zorder=order,
                ha=_ANCHORS[shape.anchor], va="baseline",
                fontweight="bold" if shape.role is Role.STRONG else "normal",
            )  # fmt: skip


def _apart(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
