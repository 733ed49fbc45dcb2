"""Flags in makefiles: the commands of recipes as in shell scripts, and variables."""

from __future__ import annotations

import re
import shlex
from typing import Any

from gitexp.rules.gate.formats import shell
from gitexp.rules.gate.formats.keys import LINES, Key
from gitexp.rules.gate.formats.place import read_back, replace_value
from gitexp.rules.gate.formats.shell_words import Word, read_commands
from gitexp.rules.gate.formats.values import Source

ERROR = ValueError

parse_value = shell.parse_value

_LOGICAL = re.compile(r"(?:[^\\\n]++|\\(?:\r?\n|.)?)++|\n")
_RECIPE = re.compile(r"\t[\t @+-]*")
_VARIABLE = re.compile(r" *(?:export +|override +)?([\w.-]+)[ \t]*(?:::?|\?|\+)?=[ \t]*")
_FLAG = re.compile(r"--?[A-Za-z_]")


def parse(text: str) -> dict[str, Any]:
    """Parse a makefile; every text parses."""
    found: dict[str, Any] = shell.values_of(_tables(text))
    return found


def spell_value(text: str) -> str:
    """Quote a value so that make and its shell read it as it is."""
    return shlex.quote(text.strip())


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends.

    Raises:
        LookupError: there is no value there; it may be a switch.
    """
    return shell.place_of(_tables(text), key)


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: there is no value there; it may be a switch.
        ValueError: the value has no place of its own, or make would read another.
    """
    if "$" in spelled or "#" in spelled:
        raise ValueError("make would read $ and # in it as its own")
    edited = replace_value(text, key, spelled, find_value)
    return read_back(edited, key, shell.word_of(spelled), parse)


def _tables(text: str) -> shell.Table:
    tables = shell.Table()
    for line in _LOGICAL.finditer(text):
        shown = line[0].strip()
        if not shown or shown.startswith("#"):
            continue
        if recipe := _RECIPE.match(line[0]):
            for command in read_commands(text, line.start() + recipe.end(), line.end(), make=True):
                shell.add_command(tables, command)
        elif variable := _VARIABLE.match(line[0]):
            item = _variable(text, line.start() + variable.end(), line.end())
            tables.add(variable[1], item)
        else:
            tables.setdefault(LINES, []).append(Source(shown))
    return tables


def _variable(text: str, start: int, end: int) -> Word | dict[str, Any]:
    """Return what a variable is set to: a word, the flags in it, or all the rest of the line."""
    match read_commands(text, start, end, make=True):
        case [[Word() as word]] if not _FLAG.match(word.raw):
            return word
        case [[Word(), *_] as words] if any(_FLAG.match(word.raw) for word in words):
            return shell.flags_of(words)
    raw = text[start:end].rstrip()
    return Word(start, start + len(raw), raw, raw)
