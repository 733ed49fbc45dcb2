"""Text from a repository, made safe to show."""

from __future__ import annotations


def visible(text: str) -> str:
    """Replace what a terminal would obey (escapes, controls, direction marks) by its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)
