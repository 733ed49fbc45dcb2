"""The parts of a page: a section with its heading, figures, tables, and words that they share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.cli.figures.drawing import Drawing, drawn_as
from gitexp.cli.figures.markup import NOTHING, Markup, tag
from gitexp.cli.figures.measured import in_brief
from gitexp.cli.figures.svg import inline
from gitexp.cli.marks import mark_for
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.text import counted
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
LONGEST = 2_000  # characters of a text by somebody else


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a heading; `key` is what links name it by."""

    key: str
    heading: str
    content: Markup

    def link(self) -> Markup:
        """The entry that leads to it."""
        return tag("li", tag("a", self.heading, href=f"#{self.key}"))

    def written(self) -> Markup:
        """The section itself."""
        return tag(
            "section", tag("h2", self.heading, id=self.key), self.content, aria_labelledby=self.key
        )


def anchor(commit: str) -> str:
    """What a link to an experiment in full names it by; a commit's name has nothing to escape."""
    return f"e-{commit[:12]}"


def shortened(text: str, longest: int = LONGEST) -> str:
    """A text, cut where it is very long, with how much is left out."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… (and {len(text) - longest:,} more characters)"


def figure(
    wide: Drawing, narrow: Drawing | None = None, caption: str = "", legend: Markup = NOTHING
) -> Markup:
    """A picture; a narrow screen gets one that was laid out for it."""
    pictures = [inline(wide)]
    if narrow is not None:
        pictures = [
            tag("div", inline(wide), class_="broad"),
            tag("div", inline(narrow), class_="narrow"),
        ]
    if wide.beyond:
        caption = f"{caption} Beyond the edge: {counted(wide.beyond, 'mark')}."
    said = tag("figcaption", caption, " ", legend) if caption else NOTHING
    return tag("figure", *pictures, said)


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], narrow: Sequence[int] = ()
) -> Markup:
    """A table; columns in `narrow` are left out on a narrow screen."""

    def kind(column: int) -> str | None:
        return "wide-only" if column in narrow else None

    heads = (
        tag("th", text[:1].upper() + text[1:], scope="col", class_=kind(at))
        for at, text in enumerate(head)
    )
    body = (
        tag("tr", *(
            tag("td", _short(cell), class_=kind(at) or ("date" if _DATE.fullmatch(cell) else None))
            for at, cell in enumerate(row)
        ))
        for row in rows
    )  # fmt: skip
    return tag(
        "div",
        tag(
            "table", tag("caption", caption), tag("thead", tag("tr", *heads)), tag("tbody", *body)
        ),
        class_="wide",
    )  # fmt: skip


def listed(sentences: Iterable[str]) -> Markup:
    """Sentences as a list; a very long one is cut."""
    return tag("ul", *(tag("li", _short(sentence)) for sentence in sentences))


def _short(text: str) -> str:
    return text if isinstance(text, Markup) else shortened(text)


def in_brief_of(row: Row) -> str:
    """What an experiment changes; its subject where it registers nothing."""
    registration = row.result.registration
    return (
        in_brief(registration.change) if registration else hypothesis_of(row.result.entry.message)
    )


def verdict_of(row: Row) -> Verdict | None:
    """Verdict of an experiment; one that skipped the gate is exploratory."""
    return Verdict.EXPLORATORY if row.result.explored else row.result.verdict


def marked(verdict: Verdict | None, state: str = "") -> Markup:
    """A verdict's word, else a state, in its color; the style sheet puts its mark before it."""
    role, _ = drawn_as(verdict)
    word, what = (verdict.lower(), str(verdict)) if verdict else (state, state)
    return tag("span", word, class_=f"verdict {role}", data_mark=mark_for(what))
