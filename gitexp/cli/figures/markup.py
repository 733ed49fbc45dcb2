"""HTML and SVG put together from elements, so that text from anywhere stays text.

This is the one place that writes an angle bracket, and the one place that escapes. Whatever is not
`Markup` is text, and only the functions here make `Markup`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from gitexp.rules.text import visible

# Elements without an end.
_VOID = {"circle", "input", "line", "link", "meta", "path", "rect", "use", "wbr"}


class Markup(str):
    """Finished HTML or SVG; everything in it has been escaped."""

    __slots__ = ()


NOTHING = Markup()


def escaped(text: str) -> Markup:
    """Write a text so that a page shows it, and does nothing else with it.

    Characters that a terminal would act on, direction marks among them, are shown as escapes: a
    page must not show the words of a diff in another order than the file has them.
    """
    return Markup(html.escape(visible(text), quote=True))


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element; children and attributes that are not `Markup` are escaped.

    `class_` and `for_` are written without their last character, and other underscores as hyphens.
    An attribute that is None is left out, one that is empty has no value.
    """
    inside = joined(children)
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID and not inside:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{inside}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Elements and texts one after the other."""
    written = [part if isinstance(part, Markup) else escaped(part) for part in parts if part]
    return Markup(escaped(between).join(written))


def breakable(text: str) -> Markup:
    """A text whose long names a narrow column breaks between words: after a dot or a hyphen."""
    pieces = re.split(r"(?<=[^\W\d][._/-])(?=[^\W\d])", text)
    return Markup(tag("wbr").join(map(escaped, pieces)))


def raw(name: str, content: str) -> Markup:
    """A style sheet or a script of gitexp's own, as it is; never a text from elsewhere.

    Raises:
        ValueError: it would end its element.
    """
    if f"</{name}" in content.lower():
        raise ValueError(f"the text of a {name} contains the end of it")
    return Markup(f"<{name}>{content}</{name}>")


def document(head: str, *parts: Markup) -> Markup:
    """A whole file: its first line, `html` or `xml`, and what follows."""
    first = "<!DOCTYPE html>" if head == "html" else '<?xml version="1.0" encoding="UTF-8"?>'
    return Markup("\n".join([first, *parts]) + "\n")


def _attribute(key: str, value: str | float | None) -> str:
    if value is None:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    if name == "viewbox":
        name = "viewBox"  # SVG minds the case
    if value == "":
        return f' {name}=""'
    said = value if isinstance(value, str) else f"{value:.10g}"
    return f' {name}="{escaped(said)}"'
