"""Flags in shell scripts: `python train.py --lr 0.1`, one value a token, never executed.

A command is a table named after its script, or else its program; `--lr 0.1` and `--lr=0.1` are its
keys, `model.lr=0.1` too, and other words are numbered. A second one of a name gets `#2`. A switch
is true. A text in quotes that holds flags is a table of them. What cannot be read for certain is
kept as lines under `(lines)`.
"""

from __future__ import annotations

import re
import shlex
from collections import deque
from collections.abc import Sequence
from typing import Any

from gitexp.rules.gate.formats.keys import LINES, Key
from gitexp.rules.gate.formats.place import read_back, replace_value, value_at
from gitexp.rules.gate.formats.shell_words import Unread, Word, read_commands
from gitexp.rules.gate.formats.values import Source

ERROR = ValueError

_ASSIGNED = re.compile(r"([A-Za-z_]\w*)\+?=")
_OVERRIDE = re.compile(r"([+~]{0,2}[A-Za-z_][\w.@/-]*)=")
_FLAG = re.compile(r"--?[A-Za-z_][^\s=]*|--")
_LONG = re.compile(r"(--?[A-Za-z_][^\s='\"\\]*)=")
_ATTACHED = re.compile(r"(-[A-Za-z])(?=[0-9.])")
_REDIRECTED = re.compile(r"[0-9]*[<>]|&>")
_SCRIPT = re.compile(r".*\.(?:py|sh|bash|R|jl|lua|pl)")
_HOLDS_FLAGS = re.compile(r"(?:^|\s)--?[A-Za-z]")
_DECLARING = {"export", "declare", "readonly", "local", "typeset", "set"}


class Table(dict[str, Any]):
    """Words by name, True for a switch, and further tables."""

    def __init__(self) -> None:
        super().__init__()
        self._given: dict[str, int] = {}

    def add(self, name: str, item: object) -> None:
        """Add an item under its name, or under `name#2` where there is one of that name."""
        count = self._given.get(name, 0) + 1
        while (free := name if count == 1 else f"{name}#{count}") in self:
            count += 1
        self._given[name] = count
        self[free] = item


def parse(text: str) -> dict[str, Any]:
    """Parse a script; every text parses."""
    found: dict[str, Any] = values_of(read_tables(text))
    return found


def parse_value(text: str) -> str:
    """Return a value as it is, without the blanks around it."""
    return text.strip()


def spell_value(text: str) -> str:
    """Quote a value so that a shell reads it as it is."""
    return shlex.quote(text.strip())


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends, quotes included.

    Raises:
        LookupError: there is no value there; it may be a switch.
    """
    return place_of(read_tables(text), key)


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: there is no value there; it may be a switch.
        ValueError: the value has no place of its own, or does not fit there.
    """
    edited = replace_value(text, key, spelled, find_value)
    return read_back(edited, key, word_of(spelled), parse)


def word_of(spelled: str) -> Any:  # noqa: ANN401 - a text or a Source
    """Read a single word.

    Raises:
        ValueError: it is something else.
    """
    words = [word for one in read_commands(spelled) if isinstance(one, list) for word in one]
    if [word.raw for word in words] != [spelled]:
        raise ValueError("it is not one word of a shell")
    return words[0].value


def place_of(tables: dict[str, Any], key: Key) -> tuple[int, int]:
    """Return the place of the word at a key; raises as `find_value`."""
    match value_at(tables, key):
        case Word(start=start, end=end):
            return start, end
    raise LookupError("there is no single value there")


def values_of(tables: Any) -> Any:  # noqa: ANN401 - parsed data
    """Turn words into their values."""
    if isinstance(tables, dict):
        return {name: values_of(item) for name, item in tables.items()}
    if isinstance(tables, list):
        return [values_of(item) for item in tables]
    return tables.value if isinstance(tables, Word) else tables


def read_tables(text: str) -> Table:
    """Read a script into tables of words."""
    tables = Table()
    if text.startswith("#!"):
        tables[LINES] = [Source(text.partition("\n")[0])]
    for command in read_commands(text):
        add_command(tables, command)
    return tables


def add_command(tables: Table, command: list[Word] | Unread) -> None:
    """Add the words of a command to the tables of its script."""
    if isinstance(command, Unread):
        tables.setdefault(LINES, []).append(Source(command.text))
        return
    at = 0
    assigned: list[tuple[str, Word]] = []
    while at < len(command):
        if at == 0 and command[at].raw in _DECLARING:
            at += 1
        elif found := _ASSIGNED.match(command[at].raw):
            assigned.append((found[1], part_of(command[at], found.end())))
            at += 1
        else:
            break
    if at == len(command):
        for name, word in assigned:
            tables.add(name, with_flags(word))
        return
    if at == 1 and not assigned and command[0].raw in _DECLARING:
        at = 0
    _add_words(tables, assigned, command[at:])


def _add_words(tables: Table, assigned: Sequence[tuple[str, Word]], words: Sequence[Word]) -> None:
    table = Table()
    name = str(values_of(words[0])) if isinstance(words[0].value, str) else words[0].raw
    number, rest, only_arguments = 0, deque(words[1:]), False
    for variable, word in assigned:
        table.add(variable, with_flags(word))
    while rest:
        word = rest.popleft()
        raw = word.raw
        if _is_redirection(word):
            takes = rest and raw[-1] in "<>|"
            table.add(raw, rest.popleft() if takes else True)
        elif raw == "--":
            only_arguments = True
        elif only_arguments or not _is_flag(word):
            number += 1
            if found := _OVERRIDE.match(raw):
                table.add(found[1], part_of(word, found.end()))
            else:
                table.add(str(number), with_flags(word))
            if _is_script(word):
                # What follows belongs to the script, not to the program that runs it.
                tables.add(name, table)
                name, table, number = str(word.value), Table(), 0
        elif found := _LONG.match(raw) or _ATTACHED.match(raw):
            table.add(found[1], part_of(word, found.end()))
        elif (
            not rest
            or _is_flag(rest[0])
            or _is_redirection(rest[0])
            or (
                # `python -u train.py`: the script is not a value of the flag.
                _is_script(rest[0]) and not _SCRIPT.fullmatch(name)
            )
        ):
            table.add(raw, True)
        else:
            table.add(raw, with_flags(rest[0]))
            module = rest.popleft().value
            if raw == "-m" and isinstance(module, str):
                tables.add(name, table)
                name, table, number = module, Table(), 0
    tables.add(name, table)


def _is_flag(word: Word) -> bool:
    return _FLAG.fullmatch(word.raw.partition("=")[0]) is not None


def _is_script(word: Word) -> bool:
    return isinstance(word.value, str) and _SCRIPT.fullmatch(word.value) is not None


def _is_redirection(word: Word) -> bool:
    return _REDIRECTED.match(word.raw) is not None


def part_of(word: Word, skipped: int) -> Word:
    """Return the rest of a word after its first characters, which hold no quotes."""
    raw = word.raw[skipped:]
    value = word.value[skipped:] if isinstance(word.value, str) else Source(raw)
    return Word(word.start + skipped, word.end, raw, value)


def with_flags(word: Word) -> Word | dict[str, Any]:
    """Return a word, or the table of the flags that it holds as a quoted text."""
    raw = word.raw
    if not (raw[:1] in {'"', "'"} and raw[-1:] == raw[0] and len(raw) > 2):
        return word
    inside = raw[1:-1]
    if raw[0] in inside or "\\" in inside or not _HOLDS_FLAGS.search(inside):
        return word
    words = [
        Word(
            word.start + 1 + found.start(), word.start + 1 + found.end(), found[0], _text(found[0])
        )
        for found in re.finditer(r"\S+", inside)
    ]
    return flags_of(words)


def flags_of(words: Sequence[Word]) -> dict[str, Any]:
    """Return the table of flags without a command, and those of the commands among them."""
    tables = Table()
    _add_words(tables, (), [Word(0, 0, "", ""), *words])
    own: dict[str, Any] = tables.pop("")
    return own | tables


def _text(raw: str) -> str | Source:
    return Source(raw) if re.search(r"[$`*?~'\"]", raw) else raw
