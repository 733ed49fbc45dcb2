"""A picture as a list of shapes, before anybody has decided how it is written.

Figures are laid out once. A page draws their shapes as SVG in its own colors, a file of its own as
SVG in fixed ones, and Matplotlib as PNG or PDF. Places are in pixels from the upper left corner.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gitexp.cli.figures.scale import Scale, tick_labels
from gitexp.rules.verdict.verdict import Verdict

Point = tuple[float, float]
LETTER = 7.0  # pixels that a character of a label takes, about
BOLD = 7.7


class Role(enum.StrEnum):
    """What a shape stands for; whoever draws it chooses a color for it."""

    CONFIRMED = "confirmed"
    RULED_OUT = "ruled-out"
    INCONCLUSIVE = "inconclusive"
    EXPLORATORY = "exploratory"
    CANDIDATE = "candidate"
    BASELINE = "baseline"
    GOAL = "goal"
    BAR = "bar"
    ZERO = "zero"
    GRID = "grid"
    PREDICTED = "predicted"
    LABEL = "label"
    STRONG = "strong"
    FAINT = "faint"


class Shape(enum.StrEnum):
    """What a mark looks like: a color is never the only difference."""

    CHECK = "check"
    CROSS = "cross"
    QUESTION = "question"
    RING = "ring"
    DISC = "disc"
    TICK = "tick"
    ARROW_LEFT = "arrow-left"
    ARROW_RIGHT = "arrow-right"


# The lines of shapes that have no area, for a mark of size 1, to the right and down.
LINES: dict[Shape, tuple[tuple[Point, ...], ...]] = {
    Shape.CHECK: (((-1.2, 0.1), (-0.4, 0.95), (1.2, -1.1)),),
    Shape.CROSS: (((-1, -1), (1, 1)), ((-1, 1), (1, -1))),
    Shape.QUESTION: (
        ((-0.7, -0.9), (-0.35, -1.3), (0.35, -1.3), (0.7, -0.9), (0.55, -0.45), (0, 0), (0, 0.45)),
        ((0, 1.2), (0, 1.5)),
    ),
    Shape.TICK: (((0, -1), (0, 1)),),
}

# As in marks.py: ✓ ✗ ? ◦, and · for what has no verdict yet.
_VERDICTS = {
    Verdict.CONFIRMED: (Role.CONFIRMED, Shape.CHECK),
    Verdict.RULED_OUT: (Role.RULED_OUT, Shape.CROSS),
    Verdict.INCONCLUSIVE: (Role.INCONCLUSIVE, Shape.QUESTION),
    Verdict.EXPLORATORY: (Role.EXPLORATORY, Shape.RING),
}
_UNDECIDED = (Role.FAINT, Shape.DISC)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points; `dashed` for what was never measured."""

    points: tuple[Point, ...]
    role: Role
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """An area between points, drawn so that what lies below it shows through."""

    points: tuple[Point, ...]
    role: Role


@dataclass(frozen=True, slots=True)
class Mark:
    """A symbol at a point."""

    at: Point
    shape: Shape
    role: Role
    size: float = 4.0  # pixels from its middle to its edge


@dataclass(frozen=True, slots=True)
class Label:
    """A text; `anchor` says which end of it stands at the point: start, middle or end."""

    at: Point
    text: str
    role: Role = Role.LABEL
    anchor: str = "start"


Drawn = Stroke | Band | Mark | Label
Entry = tuple[str, Drawn]  # of a legend: a name, and a shape that is drawn at the origin


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of so many pixels; `title` and `about` say it in words to who cannot see it.

    `beyond` counts marks at an edge whose values lie beyond it.
    """

    width: float
    height: float
    title: str
    about: str
    shapes: tuple[Drawn, ...]
    beyond: int = 0


def key(x: float, y: float, metric: str, entries: Sequence[Entry]) -> list[Drawn]:
    """What is drawn and what its marks are, in a line above a picture that stands alone."""
    name = Label((x, y), cut(metric, 40), Role.STRONG)
    return [name, *legend(x + BOLD * min(len(metric), 40) + 28, y, entries)]


def legend(x: float, y: float, entries: Sequence[Entry]) -> list[Drawn]:
    """What marks mean, in a line."""
    found: list[Drawn] = []
    for name, shape in entries:
        found.append(_moved(shape, x, y - 4))
        found.append(Label((x + 18, y), name))
        x += _entry_width(name) + 20
    return found


def legend_width(entries: Sequence[Entry]) -> float:
    """Pixels that a legend takes."""
    return sum(_entry_width(name) + 20 for name, _ in entries) - 20


def verdict_entries(verdicts: Iterable[Verdict | None]) -> list[Entry]:
    """A legend's entries for the verdicts that are there."""
    there = {*verdicts}
    found: list[Entry] = []
    for verdict in (*Verdict, None):
        if verdict in there:
            role, shape = drawn_as(verdict)
            said = verdict.lower() if verdict else "no verdict yet"
            found.append((said, Mark((8, 0), shape, role)))
    return found


def _entry_width(name: str) -> float:
    return 18 + LETTER * len(name)


def _moved(shape: Drawn, x: float, y: float) -> Drawn:
    match shape:
        case Stroke() | Band():
            return replace(shape, points=tuple((a + x, b + y) for a, b in shape.points))
        case _:
            return replace(shape, at=(shape.at[0] + x, shape.at[1] + y))


def drawn_as(verdict: Verdict | None) -> tuple[Role, Shape]:
    """The role and the mark of a verdict, or of an experiment that has none yet."""
    return _VERDICTS[verdict] if verdict else _UNDECIDED


def line(x1: float, y1: float, x2: float, y2: float, role: Role, width: float = 1.0) -> Stroke:
    """A straight line."""
    return Stroke(((x1, y1), (x2, y2)), role, width)


def level_axis(
    scale: Scale, right: float, most: int, *, room: float = 14, sign: bool = False
) -> tuple[float, list[Drawn]]:
    """Lines across the picture at some values of an upright scale, with their labels on the left.

    Returns also where the lines begin: the labels take so many pixels, and `room` besides.
    """
    ticks = scale.ticks(most)
    labels = tick_labels(ticks, sign=sign)
    left = LETTER * max(map(len, labels)) + room
    lines = [line(left, scale(value), right, scale(value), Role.GRID) for value in ticks]
    places = zip(ticks, labels, strict=True)
    return left, [
        *lines,
        *(Label((left - 8, scale(value) + 4), text, anchor="end") for value, text in places),
    ]


def cut(text: str, most: int) -> str:
    """A text for a label: one line, cut at its end."""
    one = " ".join(text.split())
    return one if len(one) <= most else one[: max(1, most - 1)] + "…"


def middled(text: str, most: int) -> str:
    """A text for a label: one line, cut in its middle, so that both ends are there."""
    one = " ".join(text.split())
    if len(one) <= most:
        return one
    head = (most - 1) * 2 // 3
    return f"{one[:head]}…{one[len(one) - (most - 1 - head) :]}"
