"""Shapes of lines in notes: which fields a line has, each with its type and range.

Anybody who may push can put any JSON into a note. A line is held against its shape once, when it is
read; whoever builds something of its fields need not look again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Whether a parsed value is what a field holds.
Check = Callable[[Any], bool]

MASK = "[redacted]"  # in place of what was redacted
COUNT = "redacted"  # how often a line was redacted; the line with the highest count stays

_LARGEST = 1.7e308  # close to the largest float; integers in JSON have no limit
_YEARS = range(1970, 9999)  # of a time that can be put into another time zone
_LONGEST_TIME = 40  # characters
_LONGEST_HASH = 64
_DIGITS = {*"0123456789abcdef"}


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a line; unless it is `closed`, a later release may have added others."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check] = field(default_factory=dict)
    closed: bool = False

    def read(self, content: dict[str, Any]) -> dict[str, Any] | None:
        """Return the fields of a line if it has this shape, else None.

        Where redaction masked an object or a list, the field is left out.
        """
        if COUNT in content and not _COUNTED(content[COUNT]):
            return None
        if self.closed and content.keys() - self.required.keys() - {"kind", "schema"}:
            return None
        masked = []
        for name, check in self.required.items():
            if name not in content or not check(content[name]):
                return None
        for name, check in self.optional.items():
            if name in content and not check(content[name]):
                if content[name] != MASK or COUNT not in content:
                    return None
                masked.append(name)
        if not masked:
            return content
        return {name: value for name, value in content.items() if name not in masked}


def text(value: object) -> bool:
    """Whether it is a text that can be stored, which half a surrogate pair cannot.

    Names of files need not be UTF-8; their bytes survive (PEP 383).
    """
    if not isinstance(value, str):
        return False
    if value.isascii():
        return True
    try:
        value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def moment(value: object) -> bool:
    """Whether it is a time with its time zone, as ISO 8601 writes it."""
    if not isinstance(value, str) or len(value) > _LONGEST_TIME or not value.isascii():
        return False
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return False
    return time.tzinfo is not None and time.year in _YEARS


def whole(lowest: int, highest: int) -> Check:
    """Check for an integer within bounds; true and false are no numbers."""
    return lambda value: type(value) is int and lowest <= value <= highest


_COUNTED = whole(0, 1 << 32)


def number(lowest: float = -_LARGEST, highest: float = _LARGEST) -> Check:
    """Check for a number within bounds that a float can hold."""
    return lambda value: type(value) in {int, float} and lowest <= value <= highest


def digits(value: object) -> bool:
    """Whether it is a number in hexadecimal digits, as hashes are written."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_HASH and {*value} <= _DIGITS


def one_of(*texts: str) -> Check:
    """Check for one of these texts."""
    return lambda value: isinstance(value, str) and value in texts


def flag(value: object) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def anything(_value: object) -> bool:
    """Whatever JSON holds."""
    return True


def listed(check: Check) -> Check:
    """Check for a list of such values."""
    return lambda value: isinstance(value, list) and all(map(check, value))


def named(check: Check) -> Check:
    """Check for an object whose values are such; its names are texts."""
    return lambda value: (
        isinstance(value, dict) and all(map(text, value)) and all(map(check, value.values()))
    )


def maybe(check: Check) -> Check:
    """Check for such a value or null."""
    return lambda value: value is None or check(value)
