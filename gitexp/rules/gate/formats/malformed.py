"""What every format raises for a text that is none of it, with the place where it is wrong."""

from __future__ import annotations

from typing import Any


class Malformed(ValueError):
    """A config that does not parse; `line` is 1-based, or None if the parser does not know it."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def malformed_at(message: str, text: str | bytes, at: int) -> Malformed:
    """Make a Malformed that names a place in a text by line and column, both from 1."""
    end: Any = "\n" if isinstance(text, str) else b"\n"
    line, column = text.count(end, 0, at) + 1, at - text.rfind(end, 0, at)
    return Malformed(f"{message} (at line {line}, column {column})", line)
