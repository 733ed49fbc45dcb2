"""Findings and errors as plain text, the same for commands, hooks and a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitexp.errors import GitexpError, Refused
from gitexp.rules.finding import Finding, advice, refusals
from gitexp.rules.text import visible


def finding_lines(findings: Iterable[Finding], *, width: int | None = None) -> list[str]:
    """Return findings as lines of text: what refuses first, an empty line before each.

    Prose is wrapped at `width` columns where one is given; commands and indented lines never are.
    """
    found = tuple(findings)
    lines: list[str] = []
    for finding in refusals(found) + advice(found):
        lines += ["", *_message_lines(finding.message, width)]
        mark = f"{finding.id} (advice)" if finding.advice else finding.id
        lines += _marked(f"{mark} · ", finding.hint) if finding.hint else [mark]
    return lines


def error_text(error: GitexpError, program: str = "") -> str:
    """Return an error as text: what happened, the next step, and every finding it carries."""
    lines = [visible(f"{program}: {error.message}" if program else error.message)]
    if error.hint:
        lines += _marked("-> ", error.hint)
    if isinstance(error, Refused):
        lines += finding_lines(error.findings)
    return "\n".join(lines)


def _message_lines(message: str, width: int | None) -> Iterator[str]:
    for line in visible(message).split("\n"):
        # An indented line is quoted text, with marks below it that point at a column.
        if width is None or line.startswith(" "):
            yield line
        else:
            import textwrap  # hooks wrap nothing, and load in a few milliseconds

            wrap = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
            yield from wrap.wrap(line) or [""]


def _marked(mark: str, text: str) -> list[str]:
    """Return a text's lines with a mark before the first and the rest aligned below it."""
    first, *rest = visible(text).split("\n")
    return [mark + first, *(" " * len(mark) + line for line in rest)]
