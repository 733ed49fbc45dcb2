"""JSON: read by the standard library, which takes NaN and Infinity as numbers.

Comments (`//` and `/* */`) and a comma after the last item are read past, and kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate.formats.malformed import malformed_at
from gitexp.rules.gate.formats.place import replace_value

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key

ERROR = ValueError

_BLANK = re.compile(r"[ \t\r\n]*+")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"')
_SCALAR = re.compile(rf"{_STRING.pattern}|[^\s,\]}}]++")
_COMMENTED = re.compile(
    rf"{_STRING.pattern}|(//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)|/\*(?:[^*]++|\*(?!/))*+\Z",
    re.DOTALL,
)
_LAST_COMMA = re.compile(rf"{_STRING.pattern}|(,)(?=[ \t\r\n]*+[\]}}])", re.DOTALL)
_VISIBLE = re.compile(r"[^\r\n]")


def is_strict(text: str) -> bool:
    """Whether a text is JSON without comments, as most programs demand."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def parse(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Parse a document; a repeated key is an error, because one value would be lost."""
    text, lost = _strictly(text), 0

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal lost
        found = dict(pairs)
        lost += len(pairs) - len(found)
        return found

    try:
        document = json.loads(text, object_pairs_hook=table)
    except json.JSONDecodeError as error:
        raise malformed_at(error.msg, text, error.pos) from None
    if lost:
        seen: set[Key] = set()
        for key, start, _ in _find_values(text):
            if key in seen:
                message = f"the key {json.dumps(key[-1])} is given twice"
                raise malformed_at(message, text, start)
            seen.add(key)
    return document


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value as JSON; a text that is not JSON is a plain string."""
    try:
        return parse(text)
    except (ValueError, RecursionError):
        return text


def spell_value(text: str) -> str:
    """Spell a typed value: unchanged if it is JSON, else quoted."""
    quoted = json.dumps(text, ensure_ascii=not text.isprintable())
    return quoted if parse_value(text) is text else text.strip()


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends.

    Raises:
        LookupError: there is no value there.
        ValueError: the text is not JSON.
    """
    parse(text)
    for found, start, end in _find_values(_strictly(text)):
        if found == key:
            return start, end
    raise LookupError("there is no single value there")


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: there is no value there.
        ValueError: the value is not on one line, or the text is not JSON.
    """
    return replace_value(text, key, spelled, find_value)


def _strictly(text: str) -> str:
    """Put blanks in place of comments and last commas, so that every character stays in place."""

    def blanked(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else _VISIBLE.sub(" ", found[0])

    return _LAST_COMMA.sub(blanked, _COMMENTED.sub(blanked, text))


def _find_values(text: str) -> Generator[tuple[Key, int, int], None, int]:
    """Yield the key, the start and the end of every value; the document must be valid."""
    return (yield from _value(text, _after(_BLANK, text, 0), ()))


def _value(text: str, start: int, key: Key) -> Generator[tuple[Key, int, int], None, int]:
    closing = {"[": "]", "{": "}"}.get(text[start])
    if closing is None:
        end = _after(_SCALAR, text, start)
    else:
        at, index = _after(_BLANK, text, start + 1), 0
        while text[at] != closing:
            part: str | int = index
            if text[at] == ",":
                at, index = _after(_BLANK, text, at + 1), index + 1
                continue
            if closing == "}":
                name, at = at, _after(_STRING, text, at)
                part = json.loads(text[name:at])
                at = _after(_BLANK, text, _after(_BLANK, text, at) + len(":"))
            at = _after(_BLANK, text, (yield from _value(text, at, (*key, part))))
        end = at + 1
    yield key, start, end
    return end


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    if found is None:
        raise ValueError(f"not JSON at character {at}")
    return found.end()
