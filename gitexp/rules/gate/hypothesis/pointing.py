"""Point at the place in a sentence where something is wrong or missing, with carets below it."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.rules.gate.hypothesis.reading import Reading

TEMPLATE = "<change> raises|lowers <metric> because <what you saw or know>"

_COLUMNS = 76  # an 80-column terminal, less what the view may indent by
_INDENT = "    "

_SENTENCE_END = (
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)[.!?…؟]++[\"')\]»”]*+(?=\s|$)|[。！？]"
    r"|\n[ \t]*+(?=\n|\Z)"
)
_REACH = 400  # characters read in each direction: far more than one line shows


def first_sentence(reading: Reading) -> tuple[int, int]:
    """Return where the first sentence starts and ends, without the marks that end it."""
    first = re.search(r"\S", reading.spoken)
    return _sentence(reading, first.start() if first else 0)


def _sentence(reading: Reading, at: int) -> tuple[int, int]:
    before = reading.spoken[max(0, at - _REACH) : at]
    after = reading.spoken[at : at + _REACH]
    start = at - len(before)
    for end in re.finditer(_SENTENCE_END, before):
        start = at - len(before) + end.end()
    ending = re.search(_SENTENCE_END, after)
    return start, at + (ending.start() if ending else len(after.rstrip()))


def spell_metric(metric: str) -> str:
    """Return the metric's name for a hint, or a placeholder if it is missing or too long."""
    name = "".join(map(visible_character, metric[:24]))
    return name if name.strip() and width_of(name) <= 24 else "<metric>"


def point_at(
    reading: Reading, start: int, end: int, missing: str = "", *, tail: bool = True
) -> str:
    """Return the sentence around a passage with carets below it, or below what is `missing` there.

    The sentence is cut on both sides to fit the line; the passage is always shown.
    """
    first, last = _sentence(reading, start)
    before = cells_of(reading.shown[first:start].lstrip())
    after = cells_of(reading.shown[end : max(end, last)].rstrip() if tail else "")
    mark = cells_of(missing or reading.shown[start : min(end, start + 2 * _REACH)])
    if missing and before and before[-1] != " ":
        before.append(" ")
    if missing and after and after[0] != " ":
        after.insert(0, " ")
    room = _COLUMNS - len(_INDENT)
    mark = cut_cells(mark, room - 2)
    room -= sum(map(width_of, mark))
    after = cut_cells(after, max(room - sum(map(width_of, before)), room // 3))
    room -= sum(map(width_of, after))
    before = cut_cells(before[::-1], room)[::-1]
    pad, carets = (sum(map(width_of, cells)) for cells in (before, mark))
    line = "".join((*before, *mark, *after)).rstrip()
    return f"{_INDENT}{line}\n{_INDENT}{' ' * pad}{'^' * max(carets, 1)}"


def cells_of(text: str) -> list[str]:
    """Return the characters of a text as a terminal shows them, white space as single blanks."""
    return [
        visible_character(c)
        for c in re.sub(r"[ \t\n\r\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+", " ", text)
    ]


def cut_cells(cells: list[str], room: int) -> list[str]:
    """Keep the first cells that fit in `room` columns, with an ellipsis if some are cut off."""
    if len(cells) <= _REACH and sum(map(width_of, cells)) <= room:
        return cells
    kept: list[str] = []
    for cell in cells[:_REACH]:
        room -= width_of(cell)
        if room < 1:
            break
        kept.append(cell)
    return [*kept, "…"]


def visible_character(char: str) -> str:
    """Return a character, or its escape if a terminal would act on it."""
    # The two joiners are harmless, and Persian, Hindi and emoji cannot be written without them.
    return char if char.isprintable() or char in "\u200c\u200d" else ascii(char)[1:-1]


def width_of(text: str) -> int:
    """Return how many columns a text takes in a terminal."""
    return sum(
        0
        if unicodedata.category(c) in {"Mn", "Me", "Cf"}
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )
