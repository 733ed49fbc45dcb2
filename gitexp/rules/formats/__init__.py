"""Config formats: text in, values with their keys out; and one value set, every other byte kept.

A key is a tuple of names and list indices; a leaf is any value that holds no keys of its own. An
array is one leaf unless all its elements are tables.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.rules.formats import toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

Key = tuple[str | int, ...]

_FORMATS: dict[str, ModuleType] = {".toml": toml}

# Deeper than any config that people write; the parsers' own recursion gives out far beyond it.
_DEEPEST = 200

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Malformed(ValueError):
    """A config that does not parse; `line` is 1-based where the parser knows it."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for the value of a key that is not there."""


ABSENT = Absent()


def format_of(path: str) -> ModuleType | None:
    """The format module for a file name, or None where only lines can be compared."""
    dot = path.rfind(".")
    return _FORMATS.get(path[dot:].lower()) if dot >= 0 else None


def read_leaves(path: str, content: bytes) -> dict[Key, Any]:
    """Parse a config into its leaves.

    Raises:
        Malformed: not UTF-8, or not of the format that its name promises.
    """
    form = format_of(path)
    if form is None:
        raise Malformed(f"no parser for {path}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Malformed(f"not UTF-8 (byte {error.start})", line) from None
    try:
        return dict(_leaves(form.parse(text), ()))
    except RecursionError:
        raise Malformed("nested too deeply to be a config") from None
    except form.ERROR as error:
        message = str(error)
        at = re.search(r"line (\d+)", message)
        raise Malformed(message, int(at[1]) if at else None) from None


def _leaves(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:  # noqa: ANN401 - parsed data
    if len(key) > _DEEPEST:
        raise RecursionError
    if isinstance(value, dict) and (value or not key):
        for name, item in value.items():
            yield from _leaves(item, (*key, name))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*key, index))
    else:
        yield key, value


def same(one: Any, other: Any) -> bool:  # noqa: ANN401 - parsed data
    """Compare type-strictly: 1, 1.0, true and "1" are four values, 0.0 and -0.0 two, nan is nan."""
    return _identity(one) == _identity(other)


def _identity(value: Any) -> object:  # noqa: ANN401 - parsed data
    if isinstance(value, dict):
        return ("dict", tuple(sorted((name, _identity(item)) for name, item in value.items())))
    if isinstance(value, list):
        return ("list", tuple(_identity(item) for item in value))
    return (type(value).__name__, repr(value))


def spell_key(key: Key) -> str:
    """Write a key as people type it: `model.C`, `layers[0].size`, `"odd name".x`."""
    parts: list[str] = []
    for part in key:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        else:
            name = part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=True)
            parts.append(f".{name}" if parts else name)
    return "".join(parts)


def spell(value: Any) -> str:  # noqa: ANN401 - parsed data
    """Write a value on one line, in TOML's spelling; unprintable characters come out escaped."""
    match value:
        case Absent():
            return "(absent)"
        case bool():
            return "true" if value else "false"
        case str():
            # What JSON leaves alone but a terminal obeys (direction marks, C1 controls) is escaped.
            quoted = json.dumps(value, ensure_ascii=False)
            return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in quoted)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case list():
            return f"[{', '.join(spell(item) for item in value)}]"
        case dict():
            inside = ", ".join(
                f"{spell_key((name,))} = {spell(item)}" for name, item in value.items()
            )
            return f"{{ {inside} }}" if inside else "{}"
        case None:
            return "null"
        case _:
            return str(value)


def to_json(value: Any) -> Any:  # noqa: ANN401 - parsed data
    """Give a value JSON can hold: dates and what JSON has no word for (nan) become text."""
    match value:
        case Absent():
            return None
        case float() if not math.isfinite(value):
            return str(value)
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {name: to_json(item) for name, item in value.items()}
        case None | bool() | int() | float() | str():
            return value
        case _:
            return spell(value)
