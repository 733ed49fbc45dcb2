"""A diff on a page: its lines marked by what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.figures.markup import NOTHING, Markup, joined, tag
from gitexp.cli.page.section import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 40  # lines
_LONGEST = 300  # characters of a line


def diff(patch: str, commit: str) -> Markup:
    """A patch of git's as the page shows it; of a long one, the beginning."""
    lines = [*diff_lines(patch)]
    if not any(lines):
        return NOTHING
    shown = lines[:_MOST]
    if more := lines[_MOST:]:
        shown.append(f"and {len(more)} more lines: git show {commit[:10]}")
    return tag("pre", joined((line or " " for line in shown), "\n"))


def diff_lines(patch: str) -> Iterator[str]:
    """Lines that say something; of a file's head, its name after the change."""
    in_hunk = False
    for line in patch.rstrip("\n").split("\n"):
        shown = shortened(line, _LONGEST)
        if line.startswith("diff --git "):
            in_hunk = False
        elif line.startswith("@@ "):
            in_hunk = True
            yield shown
        elif in_hunk and line.startswith(("+", "-")):
            yield tag("ins" if line.startswith("+") else "del", shown)
        elif in_hunk or not line.startswith(("index ", "--- ")):
            yield shown
