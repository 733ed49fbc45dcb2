"""What all views share: JSON for programs; width, color and findings for people."""

from __future__ import annotations

import enum
import functools
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from gitexp.rules.finding import Finding
from gitexp.rules.rendering import finding_lines
from gitexp.rules.text import json_text, plain, visible
from gitexp.rules.verdict.verdict import Verdict

_COLORS = {
    Verdict.CONFIRMED: typer.colors.GREEN,
    Verdict.RULED_OUT: typer.colors.RED,
    Verdict.INCONCLUSIVE: typer.colors.YELLOW,
    Verdict.EXPLORATORY: typer.colors.CYAN,
}

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_UNLIMITED = 1 << 20  # columns, where there is no terminal: programs want whole lines
_USUAL = 80  # columns of the lines that a text is cut after where they have no end
_LONGEST_ROW = 200  # columns of a table's line where there is no terminal
_NARROWEST = 40  # columns; below it nothing is worth wrapping


def print_json(content: object) -> None:
    """Print JSON for a program."""
    typer.echo(in_json(content))


def in_json(content: object) -> str:
    """Write JSON for a program that a terminal may show."""
    return json_text(json.dumps(content, indent=2, ensure_ascii=False, default=plain))


# --- width --------------------------------------------------------------------------------------


def width() -> int:
    """Columns of the terminal, or COLUMNS if it is set; without either there is no limit."""
    if not os.environ.get("COLUMNS") and not is_terminal():
        return _UNLIMITED
    return max(_NARROWEST, shutil.get_terminal_size((_USUAL, 24)).columns)


def row_width() -> int:
    """Columns that a line of a table may take."""
    return min(width(), _LONGEST_ROW)


def columns(text: str) -> int:
    """Columns that a text takes: two for a wide character, none for a combining one."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


@functools.lru_cache(maxsize=1024)  # a log of thousands draws the same few again and again
def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 1 + (unicodedata.east_asian_width(character) in "WF")


def padded(text: str, wanted: int, *, right: bool = False) -> str:
    """Fill a text up with blanks to so many columns, on the left where it stands to the right."""
    blanks = " " * (wanted - columns(text))
    return blanks + text if right else text + blanks


def shortened(text: str, most: int) -> str:
    """Cut the middle out of a text that takes more columns than there are."""
    if columns(text) <= most:
        return text
    head, tail = most // 2, max(0, most - 1) // 2
    if most <= 0:
        return ""
    return f"{beginning(text, head)}{cut_mark()}{beginning(text[::-1], tail)[::-1]}"


def cut_mark() -> str:
    """What stands in place of what was cut, one column wide."""
    return "~" if is_plain() else "…"


def beginning(text: str, most: int) -> str:
    """As much of a text as fits into so many columns."""
    if text.isascii():
        return text[: max(0, most)]
    if 2 * len(text) <= most:
        return text
    taken = 0
    for end, character in enumerate(text):
        taken += _columns_of(character)
        if taken > most:
            return text[:end]
    return text


def filled(text: str, first: str = "", rest: str = "", lines: int | None = None) -> str:
    """Break text at the width of the terminal, after the indents given; cut it after some lines.

    What `textwrap` does, but by columns: a sentence in Chinese is twice as wide as it is long, and
    has no blanks to break at. Other words stay whole, so that paths can be copied, except where
    only some lines are wanted.
    """
    found, line, most = [], first, width()
    if lines is not None and most == _UNLIMITED:
        most, lines = lines * _USUAL, 1
    is_begun = False
    for word in text.replace("\n", " ").split(" "):
        joined = f"{line} {word}" if is_begun else line + word
        if is_begun and columns(joined) > most:
            found.append(line.rstrip())
            joined = rest + word
        line, is_begun = joined, True
        while columns(line) > most and (lines is not None or not word.isascii()):
            begin = beginning(line, most)
            found.append(begin)
            line = rest + line[len(begin) :]
    found.append(line.rstrip())
    if lines is not None and len(found) > lines:
        found = [*found[: lines - 1], f"{beginning(found[lines - 1], most - 2).rstrip()} …"]
    return "\n".join(found)


def wrapped(text: str, indent: str = "  ", lines: int | None = None) -> str:
    """Break what may come from anywhere at the width of the terminal, all lines indented."""
    return filled(visible(text), indent, indent, lines)


def hanging(head: str, text: str) -> str:
    """Break text at the width of the terminal, each line below the first indented like its head."""
    return filled(visible(text), head, " " * columns(head))


def can_show(text: str) -> bool:
    """Whether the encoding of standard output has every character of a text."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


# --- color --------------------------------------------------------------------------------------


class Color(enum.StrEnum):
    """When text is colored."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(slots=True)
class _Output:
    """Standard output: whether a pager shows it on the terminal, and when it is colored."""

    is_paged: bool = False
    color: Color = Color.AUTO


OUTPUT = _Output()


def is_terminal() -> bool:
    """Whether standard output is shown on a terminal, be it by a pager."""
    return OUTPUT.is_paged or sys.stdout.isatty()


def has_color() -> bool:
    """Whether text is colored: by default, on a terminal without NO_COLOR and TERM=dumb."""
    if OUTPUT.color is not Color.AUTO:
        return OUTPUT.color is Color.ALWAYS
    return is_terminal() and not os.environ.get("NO_COLOR") and not is_dumb()


def styled(text: str, color: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
    """Style a text where text is colored."""
    if not has_color() or not text:
        return text
    return typer.style(text, fg=color, bold=bold or None, dim=dim or None)


def is_dumb() -> bool:
    """Whether the terminal knows no escape sequences."""
    return os.environ.get("TERM") == "dumb"


def is_plain() -> bool:
    """Whether standard output shows ASCII alone, or a terminal that knows no more does."""
    return is_dumb() or not can_show("✓✗→●├┤┊")


def verdict_color(verdict: Verdict | None) -> str | None:
    """The color of a verdict."""
    return _COLORS.get(verdict) if verdict else None


def colored(text: str, verdict: Verdict | None) -> str:
    """Color a verdict where a text begins with it."""
    if verdict is None or not text.startswith(verdict):
        return text
    return styled(str(verdict), _COLORS[verdict], bold=True) + text[len(verdict) :]


# --- findings -----------------------------------------------------------------------------------


def findings(found: Sequence[Finding]) -> None:
    """Print findings, each with its id and the next step."""
    for line in finding_lines(found, width=width()):
        typer.echo(line)


# --- lists and sizes ----------------------------------------------------------------------------


def listed(parts: Sequence[str], word: str = "and") -> str:
    """Join parts as a sentence lists them: "a", "a and b", "a, b and c"."""
    return f" {word} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def size(number: float) -> str:
    """A number of bytes in the unit that suits it."""
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {_UNITS[unit]}"
