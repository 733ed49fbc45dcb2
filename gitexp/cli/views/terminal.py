"""What all views share: JSON for programs; width, color and findings for people."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import typer

from gitexp.rules.rendering import finding_lines
from gitexp.rules.text import json_text, visible
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.finding import Finding

_COLOURS = {
    Verdict.CONFIRMED: typer.colors.GREEN,
    Verdict.RULED_OUT: typer.colors.RED,
    Verdict.INCONCLUSIVE: typer.colors.YELLOW,
    Verdict.EXPLORATORY: typer.colors.CYAN,
}

WIDTH = 96
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def print_json(content: object) -> None:
    """Print JSON for a program."""
    typer.echo(in_json(content))


def in_json(content: object) -> str:
    """Write JSON for a program that a terminal may show."""
    return json_text(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def wrapped(text: str, indent: str = "  ", lines: int | None = None) -> str:
    """Break text at the width of the screen, indented; cut it after so many lines."""
    return textwrap.fill(
        visible(text), WIDTH, initial_indent=indent, subsequent_indent=indent, max_lines=lines,
        placeholder=" …",
    )  # fmt: skip


def coloured(text: str, verdict: Verdict | None) -> str:
    """Colour a verdict where it stands first in a text."""
    if verdict is None or not text.startswith(verdict):
        return text
    return typer.style(str(verdict), fg=_COLOURS[verdict], bold=True) + text[len(verdict) :]


def findings(found: Sequence[Finding]) -> None:
    """Print findings, each with its id and the next step."""
    for line in finding_lines(found, width=WIDTH):
        typer.echo(line)


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON shows it."""
    return {
        "id": finding.id,
        "message": finding.message,
        "file": finding.file,
        "line": finding.line,
        "hint": finding.hint,
    }


def listed(parts: Sequence[str]) -> str:
    """Join parts as a sentence lists them: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def size(number: float) -> str:
    """A number of bytes in the unit that suits it."""
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {_UNITS[unit]}"
