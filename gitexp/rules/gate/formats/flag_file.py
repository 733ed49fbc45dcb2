"""Files of flags that a program reads itself: `--lr=0.1` on each line, or `--lr` and `0.1`.

A file that does not begin with a flag is read as a plain one.
"""

from __future__ import annotations

import re
from typing import Any

from gitexp.rules.gate.formats import plain, shell
from gitexp.rules.gate.formats.keys import LINES, Key
from gitexp.rules.gate.formats.place import read_back, replace_value
from gitexp.rules.gate.formats.shell_words import Unread, read_commands
from gitexp.rules.gate.formats.values import Source

ERROR = ValueError

parse_value = plain.parse_value
spell_value = plain.spell_value

_FLAGS = re.compile(r"(?:\s|#[^\n]*+\n)*+--?[A-Za-z]")


def parse(text: str) -> dict[str, Any]:
    """Parse a document; every text parses."""
    found: dict[str, Any] = (
        shell.values_of(_tables(text)) if _FLAGS.match(text) else plain.parse(text)
    )
    return found


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends.

    Raises:
        LookupError: there is no value there.
        ValueError: the value has no place of its own.
    """
    if _FLAGS.match(text):
        return shell.place_of(_tables(text), key)
    return plain.find_value(text, key)


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: there is no value there.
        ValueError: the value has no place of its own, or does not fit there.
    """
    return read_back(replace_value(text, key, spelled, find_value), key, spelled, parse)


def _tables(text: str) -> dict[str, Any]:
    commands = read_commands(text)
    tables = shell.flags_of([w for one in commands if isinstance(one, list) for w in one])
    if unread := [Source(one.text) for one in commands if isinstance(one, Unread)]:
        tables[LINES] = unread
    return tables
