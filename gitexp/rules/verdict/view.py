"""The note that git shows below an experiment: its verdict, and what people remarked.

It can always be written again from messages and records.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.rules.documents.remark import Remark

_WIDTH = 72  # columns; git log --graph indents notes by up to eight
_MOST = 5  # remarks of one experiment; gitexp show lists all
_NEWEST = "remarks: the newest "
_BETWEEN = "\n\n"
_REMARK = re.compile(r"(remark|withdrawn) \d{4}-\d\d-\d\d by ")


def view(verdict: str, remarks: Sequence[Remark]) -> str:
    """Write the note: the verdict's own lines, none while it is open, and the newest remarks."""
    lines = [_filled(str(remark)) for remark in remarks[-_MOST:]]
    if len(remarks) > _MOST:
        lines.insert(0, f"{_NEWEST}{_MOST} of {len(remarks):,}")
    text = _BETWEEN.join(filter(None, (verdict.strip("\n"), "\n".join(lines))))
    return f"{text}\n" if text else ""


def split_view(note: str) -> tuple[str, str]:
    """Divide a note into its verdict and what stands below it; either may be empty."""
    text = note.strip("\n")
    if _REMARK.match(text) or text.startswith(_NEWEST):
        return "", text
    verdict, _, below = text.partition(_BETWEEN)
    return verdict, below


def _filled(line: str) -> str:
    # Indented, so that no line of a remark looks like one of a verdict.
    return textwrap.fill(
        line, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
