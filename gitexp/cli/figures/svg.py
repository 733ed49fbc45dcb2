"""Shapes written as SVG: inside a page, whose style sheet gives them colors, or as a file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

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
    cut,
)
from gitexp.cli.figures.markup import NOTHING, Markup, document, joined, tag
from gitexp.cli.figures.palette import LIGHT, OPACITY

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_TEXT = 12  # pixels
_TITLE, _ABOUT = 120, 1_500  # characters

WRITTEN_BY = "Written by gitexp report"  # in each file, so that the next report may replace it
Paint = dict[str, str]  # attributes that give a shape its colors


def inline(drawing: Drawing) -> Markup:
    """A picture inside a page, in the colors of its style sheet.

    Shapes that look alike and follow each other share an element: a report has hundreds of
    pictures.
    """
    groups = (
        _together(classes, [*shapes]) for classes, shapes in groupby(drawing.shapes, key=_classes)
    )
    return tag(
        "svg", *_said(drawing), joined(groups),
        viewbox=f"0 0 {_number(drawing.width)} {_number(drawing.height)}", role="img",
        width=_number(drawing.width),
    )  # fmt: skip


def _together(classes: str, shapes: Sequence[Drawn]) -> Markup:
    """Shapes of one look as one element."""
    first = shapes[0]
    if isinstance(first, Label):
        texts = (
            tag("text", one.text, x=_whole(one.at[0]), y=_whole(one.at[1]))
            for one in shapes
            if isinstance(one, Label)
        )
        return tag("g", *texts, class_=classes)
    if not isinstance(first, Mark):
        end = "z" if isinstance(first, Band) else ""
        paths = (_path(one.points, 0) + end for one in shapes if isinstance(one, Stroke | Band))
        return tag("path", d="".join(paths), class_=classes)
    marks = [one for one in shapes if isinstance(one, Mark)]
    if first.shape in LINES:
        return _lines("".join(map(_outline, marks)), first.shape, {"class_": classes})
    if first.shape in {Shape.DISC, Shape.RING}:
        # Round ends of lines without a length.
        d = "".join(f"M{_number(mark.at[0])} {_number(mark.at[1])}h0" for mark in marks)
        dots = tag("path", d=d, class_=classes, stroke_width=_number(2 * first.size))
        if first.shape is Shape.DISC:
            return dots
        return joined(
            (dots, tag("path", d=d, class_="hole", stroke_width=_number(2 * first.size - 3)))
        )
    return tag("g", *(_symbol(mark, {}) for mark in marks), class_=classes)


def file(drawing: Drawing) -> Markup:
    """A picture as a file of its own, in the light colors, on white."""
    width, height = _number(drawing.width), _number(drawing.height)
    background = tag("rect", width=width, height=height, fill="#fff")
    return document("xml", tag(
        "svg", *_said(drawing),
        background, joined(_drawn(shape, _colored(shape)) for shape in drawing.shapes),
        tag("metadata", WRITTEN_BY),
        xmlns="http://www.w3.org/2000/svg", viewbox=f"0 0 {width} {height}", width=width,
        height=height, role="img", font_family=_FONT, font_size=str(_TEXT),
    ))  # fmt: skip


def in_row(shapes: Sequence[Drawn], height: float, below: Markup = NOTHING) -> Markup:
    """Shapes across a cell of a table: their places from left to right are in percent of it.

    The cell's text says the same, so the picture is hidden from who listens to the page.
    """
    return tag(
        "svg", below, joined(_in_percent(shape) for shape in shapes), class_="row",
        height=_number(height), aria_hidden="true",
    )  # fmt: skip


def _in_percent(shape: Drawn) -> Markup:
    match shape:
        case Stroke(points=((x1, y1), (x2, y2))):
            return tag(
                "line", class_=shape.role, x1=f"{_number(x1)}%", x2=f"{_number(x2)}%",
                y1=_number(y1), y2=_number(y2),
            )  # fmt: skip
        case Mark():
            place = {"x": f"{_number(shape.at[0])}%", "y": _number(shape.at[1])}
            return tag("use", href=f"#{shape.shape}", class_=shape.role, **place)
        case Label():
            place = {"x": f"{_number(shape.at[0])}%", "y": _number(shape.at[1])}
            return tag("text", shape.text, class_=f"{shape.role} {shape.anchor}", **place)
    raise TypeError(shape)


def shared(name: str, shapes: Sequence[Drawn]) -> Markup:
    """Shapes that many rows have in common; each row refers to them by `use(name)`."""
    return tag("g", *map(_in_percent, shapes), id=name)


def use(name: str) -> Markup:
    """Shapes that are defined elsewhere in the page."""
    return tag("use", href=f"#{name}")


def symbols(*more: Markup) -> Markup:
    """The marks that pictures in rows refer to, and what else they share; once in a page."""
    marks = (
        tag("g", _symbol(Mark((0, 0), shape, Role.FAINT), {}), id=shape.value) for shape in Shape
    )
    return tag("svg", tag("defs", *marks, *more), class_="symbols", aria_hidden="true")


def _said(drawing: Drawing) -> tuple[Markup, Markup]:
    """The picture in words; texts from elsewhere may be very long."""
    return tag("title", cut(drawing.title, _TITLE)), tag("desc", cut(drawing.about, _ABOUT))


# --- shapes ---------------------------------------------------------------------------------------


def _drawn(shape: Drawn, paint: Paint) -> Markup:
    match shape:
        case Stroke():
            return tag("path", d=_path(shape.points), **paint)
        case Band():
            return tag("path", d=_path(shape.points) + "z", **paint)
        case Mark():
            return _symbol(shape, paint)
        case Label():
            x, y = map(_number, shape.at)
            return tag("text", shape.text, x=x, y=y, **paint)


def _symbol(mark: Mark, paint: Paint) -> Markup:
    (x, y), r = mark.at, mark.size
    if mark.shape in LINES:
        return _lines(_outline(mark), mark.shape, paint)
    if mark.shape in {Shape.DISC, Shape.RING}:
        place = {"cx": _number(x), "cy": _number(y), "r": _number(r)}
        return tag("circle", **place, **paint)
    away = -r if mark.shape is Shape.ARROW_LEFT else r
    points = ((x + away, y), (x - away, y - r), (x - away, y + r))
    return tag("path", d=_path(points) + "z", **paint)


def _outline(mark: Mark) -> str:
    """The lines of a mark that has no area, as a path."""
    (x, y), r = mark.at, mark.size
    return "".join(
        _path(tuple((x + r * a, y + r * b) for a, b in points)) for points in LINES[mark.shape]
    )


def _lines(d: str, shape: Shape, paint: Paint) -> Markup:
    """Lines; those of a verdict cover what they cross, so that they can be read there."""
    drawn = tag("path", d=d, **paint)
    if shape is Shape.TICK:
        return drawn
    color = {"stroke": "#fff", "stroke_width": "4", "fill": "none"} if "stroke" in paint else {}
    return joined((tag("path", d=d, class_="halo", **color), drawn))


def _path(points: tuple[tuple[float, float], ...], decimals: int = 1) -> str:
    """A path in relative steps, which are short to write."""
    found, at = [], (0.0, 0.0)
    for number, (x, y) in enumerate(points):
        here = (round(x, decimals), round(y, decimals))
        if not number:
            found.append(f"M{_number(here[0])} {_number(here[1])}l")
        else:
            step = _number(here[0] - at[0]), _number(here[1] - at[1])
            found.append(f"{step[0]}{'' if step[1].startswith('-') else ' '}{step[1]} ")
        at = here
    return "".join(found).rstrip(" l")


def _whole(value: float) -> str:
    return f"{round(value)}"


def _number(value: float) -> str:
    text = f"{round(value, 1) + 0.0:g}"
    if text.startswith("0."):
        return text[1:]
    return "-" + text[2:] if text.startswith("-0.") else text


# --- colors ---------------------------------------------------------------------------------------


def _classes(shape: Drawn) -> str:
    """Names by which a style sheet tells how a shape looks."""
    names = [shape.role.value]
    match shape:
        case Stroke():
            names += ["dashed"] * shape.dashed + ["bold"] * (shape.width > 1)
        case Band():
            names.append("band")
        case Mark():
            round_ = shape.shape in {Shape.DISC, Shape.RING}
            names += ["dots", shape.shape.value] if round_ else ["mark", shape.shape.value]
            names.append(f"size-{_whole(shape.size)}")
        case Label():
            names += ["text"] + ([] if shape.anchor == "start" else [shape.anchor])
    return " ".join(names)


def _colored(shape: Drawn) -> Paint:
    color = LIGHT[shape.role]
    match shape:
        case Stroke():
            dash = {"stroke_dasharray": "4 3"} if shape.dashed else {}
            width = {"stroke_width": _number(shape.width), "stroke_linejoin": "round"}
            return {"fill": "none", "stroke": color, **width, **dash}
        case Band():
            return {"fill": color, "fill_opacity": str(OPACITY)}
        case Mark():
            if shape.shape is Shape.RING:
                return {"fill": "#fff", "stroke": color, "stroke_width": "1.5"}
            if shape.shape in LINES:
                return {
                    "fill": "none", "stroke": color, "stroke_width": "2",
                    "stroke_linejoin": "round", "stroke_linecap": "round",
                }  # fmt: skip
            return {"fill": color}
        case Label():
            bold = {"font_weight": "600"} if shape.role is Role.STRONG else {}
            anchor = {} if shape.anchor == "start" else {"text_anchor": shape.anchor}
            return {"fill": color, **anchor, **bold}
