"""Values: when two are the same, and how one is written."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitexp.rules.gate.formats.keys import Key, escaped, quoted, spell_key


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for the value of a missing key."""


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Source:
    """A value of which only the text is known: a Python expression, or YAML with a custom tag."""

    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A table that counts as one value: a list of tables has it, and the other version has not."""

    table: dict[str, Any]


def same(one: Any, other: Any) -> bool:  # noqa: ANN401 - parsed data
    """Compare with types: 1, 1.0, true and "1" all differ, so do 0.0 and -0.0; nan equals nan."""
    return _identity(one) == _identity(other)


def differing(old: Mapping[Key, Any], new: Mapping[Key, Any]) -> list[Key]:
    """Keys whose values differ, or that only one of two documents has, in the order of both."""
    return [key for key in {**old, **new} if not same(old.get(key, ABSENT), new.get(key, ABSENT))]


def _identity(value: Any) -> object:  # noqa: ANN401 - parsed data
    if isinstance(value, dict):
        # Not sorted: the arguments of a Python call have both names and positions for keys.
        return ("dict", {name: _identity(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return (type(value).__name__, tuple(_identity(item) for item in value))
    return (type(value).__name__, repr(value))


def spell(value: Any) -> str:  # noqa: ANN401 - parsed data
    """Write a value on one line, spelled as in TOML, with unprintable characters escaped."""
    match value:
        case Absent():
            return "(absent)"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case Source():
            return "".join(c if c.isprintable() else escaped(c) for c in value.text)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case list():
            return f"[{', '.join(spell(item) for item in value)}]"
        case tuple():
            return f"({', '.join(spell(item) for item in value)})"
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
    """Return a value that JSON can hold: dates and nan become text."""
    match value:
        case Absent():
            return None
        case float() if not math.isfinite(value):
            return str(value)
        case list() | tuple():
            return [to_json(item) for item in value]
        case dict():
            return {name: to_json(item) for name, item in value.items()}
        case None | bool() | int() | float() | str():
            return value
        case _:
            return spell(value)
