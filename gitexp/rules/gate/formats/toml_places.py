"""Find where each value of a TOML document is in its text.

tomlkit was tried for setting values: in 5 % of generated documents it rewrote the surroundings too
(tables out of order, dotted keys, nested arrays). If the key is the seed, such an experiment could
not run. To find a value, only the grammar of keys, quotes and brackets is needed.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import tomli

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key

_BASIC, _LITERAL = r'"(?:[^"\\]++|\\.)*+"', r"'[^']*+'"
_GAP = re.compile(r"[ \t]*+")
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_NAME = re.compile(rf"{_BASIC}|{_LITERAL}|[\w-]++", re.DOTALL)
_SCALAR = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}'  # the last two may belong to the text
    r"|'''(?:[^']++|'(?!''))*+'{3,5}"
    rf"|{_BASIC}|{_LITERAL}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[^\s,\]}#]*+|[^\s,\]}#]++",
    re.DOTALL,
)


def find_values(text: str) -> Iterator[tuple[Key, int, int]]:
    """Yield the key, the start and the end of every value, at any depth, in the order of the text.

    The document must be valid. A table with a header is not a value; an element of an array is.
    """
    arrays: dict[Key, int] = {}  # arrays of tables, with the index of their latest table
    table: Key = ()
    at = _end(_BLANK, text, 0)
    while at < len(text):
        if text[at] == "[":
            table, at = _header(text, at, arrays)
        else:
            at = yield from _pair(text, at, table)
        at = _end(_BLANK, text, at)


def _header(text: str, at: int, arrays: dict[Key, int]) -> tuple[Key, int]:
    brackets = 2 if text.startswith("[[", at) else 1
    names, at = _names(text, at + brackets)
    table: Key = ()
    for depth, name in enumerate(names, start=1):
        table = (*table, name)
        if brackets == 2 and depth == len(names):
            arrays[table] = arrays.get(table, -1) + 1
        if table in arrays:
            table = (*table, arrays[table])
    return table, at + brackets


def _pair(text: str, at: int, table: Key) -> Generator[tuple[Key, int, int], None, int]:
    names, at = _names(text, at)
    at = _end(_BLANK, text, at + len("="))
    return (yield from _value(text, at, (*table, *names)))


def _value(text: str, start: int, key: Key) -> Generator[tuple[Key, int, int], None, int]:
    closing = {"[": "]", "{": "}"}.get(text[start])
    if closing is None:
        end = _end(_SCALAR, text, start)
    else:
        at, index = _end(_BLANK, text, start + 1), 0
        while text[at] != closing:
            if text[at] == ",":
                at, index = at + 1, index + 1
            elif closing == "]":
                at = yield from _value(text, at, (*key, index))
            else:
                at = yield from _pair(text, at, key)
            at = _end(_BLANK, text, at)
        end = at + 1
    yield key, start, end
    return end


def _names(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Read a dotted key; returns its names and where the key ends."""
    names: list[str] = []
    while True:
        at = _end(_GAP, text, at)
        end = _end(_NAME, text, at)
        name = text[at:end]
        names.append(tomli.loads(f"name = {name}")["name"] if name[0] in "\"'" else name)
        at = _end(_GAP, text, end)
        if text[at] != ".":
            return tuple(names), at
        at += 1


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    if found is None:
        raise ValueError(f"not TOML at character {at}")
    return found.end()
