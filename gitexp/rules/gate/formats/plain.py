"""Lines of `key = value`, `key: value` or `key value`, under `[section]` headers or none.

All values are texts. A comment begins with `#`, `;` or `//` at the start of a line, or with `#`
after a blank outside of quotes. A repeated key or section becomes a list of its values. A line of
one word is a key without a value, so every line that is not a comment counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate.formats.place import read_back, replace_value, value_at

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key

ERROR = ValueError

_COMMENTS = ("#", ";", "//")
_HEADER = re.compile(r"\[([^]]++)\]")
_NAME = re.compile(r"[^=:]*+")


def parse(text: str) -> dict[str, Any]:
    """Parse a document; every text parses."""

    def read(place: Any) -> Any:  # noqa: ANN401 - parsed data
        match place:
            case dict():
                return {name: read(item) for name, item in place.items()}
            case list():
                return [read(item) for item in place]
            case (start, end):
                return text[start:end]
        return None

    return {name: read(place) for name, place in _places(text).items()}


def parse_value(text: str) -> str:
    """Return a value without the blanks around it, which would be lost in a line."""
    return text.strip()


def spell_value(text: str) -> str:
    """Write a value as it is."""
    return text.strip()


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends.

    Raises:
        LookupError: there is no value there.
        ValueError: the key is there more than once.
    """
    match value_at(_places(text), key):
        case (int(start), int(end)):
            return start, end
        case list():
            raise ValueError("the key is there more than once")
    raise LookupError("there is no value there")


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: there is no value there.
        ValueError: the key is there more than once, or the new value does not fit into a line.
    """
    return read_back(replace_value(text, key, spelled, find_value), key, spelled, parse)


def _places(text: str) -> dict[str, Any]:
    """Return the document's tables and lists, with start and end in the place of each value."""
    document: dict[str, Any] = {}
    section, start = document, 0
    for line in text.split("\n"):
        inside = line.strip()
        if not inside or inside.startswith(_COMMENTS):
            pass
        elif header := _HEADER.fullmatch(_uncommented(inside)):
            section = {}
            _add(document, header[1].strip(), section)
        else:
            first = start + line.index(inside)
            name, place = _pair(_uncommented(inside), first)
            _add(section, name, place)
        start += len(line) + 1
    return document


def _add(table: dict[str, Any], name: str, place: object) -> None:
    if name not in table:
        table[name] = place
    elif isinstance(table[name], list):
        table[name].append(place)
    else:
        table[name] = [table[name], place]


def _pair(line: str, first: int) -> tuple[str, tuple[int, int] | None]:
    """Split a stripped line; `first` is where it starts in the text."""
    names = _NAME.match(line)
    at = names.end() if names else 0
    name = line[:at].strip()
    if line[at:] and (line[at] == "=" or len(name.split()) == 1):
        at += 1
    else:
        name = line.split(maxsplit=1)[0]
        at = len(name)
        if at == len(line):
            return name, None
    at += len(line[at:]) - len(line[at:].lstrip())
    return name.removeprefix("export "), (first + at, first + len(line))


def _uncommented(line: str) -> str:
    return line[: next(_comments(line), len(line))].rstrip()


def _comments(line: str) -> Iterator[int]:
    """Return where a comment begins: at `#` after a blank, outside of quotes that begin a word."""
    for found in re.finditer(r"""(?<![^\s=:])(?:"[^"]*+"|'[^']*+')|\s(?=#)""", line):
        if found[0].isspace():
            yield found.start()
