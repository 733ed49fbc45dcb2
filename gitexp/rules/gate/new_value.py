"""Add a value under a new key to a config, with one line: the switch of new code.

Candidates are written and parsed; the first one counts that holds what the config held before, and
the new value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import Key, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import differing

if TYPE_CHECKING:
    from types import ModuleType


WRITABLE = ("toml", "yaml", "json", "ini", "python", "plain")
_ANNOTATION = re.compile(r"(?<=\w)[ \t]*:[^=]+(?==)")  # of a type
_MOST_PLACES = 12  # beside other values, before a key counts as one that has to be added by hand


def add_value(path: str, text: str, key: Key, typed: str) -> tuple[str, Key]:
    """Add a key with a typed value to a config's text; returns the text and the key as it is there.

    Raises:
        LookupError: there is no place where one line adds this key.
        ValueError: the format has no parser, or the text is not valid in it.
    """
    form = formats.format_of(path)
    name = form.__name__.rpartition(".")[2] if form else ""
    if form is None or name not in WRITABLE:
        raise ValueError("its format has no place for a new key that gitexp knows")
    before = formats.read_leaves(path, text.encode())
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    if name == "python":  # nobody adds the text "true"
        typed = {"true": "True", "false": "False"}.get(typed, typed)
    spelled, meant = form.spell_value(typed), form.parse_value(typed)
    if any(end in spelled for end in "\r\n"):
        raise LookupError("the value spans several lines")
    for meant_key in dict.fromkeys([*_as_section(key, before), key]):
        wanted = _with_value(before, meant_key, meant)
        for candidate in _candidates(name, form, text, before, meant_key, spelled):
            if holds(path, mark + candidate, wanted):
                return mark + candidate, meant_key
    raise LookupError("there is no place where one line adds this key")


def _as_section(key: Key, before: dict[Key, Any]) -> Iterator[Key]:
    """A key whose names are joined in a section's: `a.b.lr` for `lr` of INI's `[a.b]`."""
    joined = ".".join(map(str, key[:-1]))
    if any(len(other) > 1 and other[0] == joined for other in before):
        yield joined, key[-1]


def holds(path: str, text: str, wanted: Mapping[Key, Any]) -> bool:
    """Whether a config holds these values and no others."""
    try:
        found = formats.read_leaves(path, text.encode())
    except Malformed:
        return False
    return not differing(found, wanted)


def _with_value(before: Mapping[Key, Any], key: Key, value: object) -> dict[Key, Any]:
    """What a config holds once it has a new value."""
    # A table that was empty is one no more.
    kept = {
        other: held for other, held in before.items()
        if other != key[: len(other)] or held not in ({}, [])
    }  # fmt: skip
    return kept | {key: value}


def _candidates(
    name: str, form: ModuleType, text: str, before: dict[Key, Any], key: Key, spelled: str
) -> Iterator[str]:
    """Edited texts in the order of preference, some of which may not be valid."""
    for depth in range(len(key) - 1, -1, -1):
        parent, rest = key[:depth], key[depth:]
        written = _written(name, rest, spelled)
        if written is not None:
            yield from _beside(name, form, text, before, parent, written)
            yield from _into_empty(name, form, text, parent, written)


def _written(name: str, rest: Key, spelled: str) -> tuple[str, str] | None:
    """A name and a value, as a format spells them; tables that are missing are written inline."""
    names = [str(part) for part in rest]
    if name == "toml":
        return spell_key(tuple(names)), spelled
    if name in {"yaml", "json"}:
        for part in reversed(names[1:]):
            spelled = f"{{{_quoted(name, part)}: {spelled}}}"
        return _quoted(name, names[0]), spelled
    return (names[0], spelled) if len(names) == 1 else None


def _quoted(name: str, part: str) -> str:
    plain = name == "yaml" and re.fullmatch(r"[A-Za-z_][\w-]*", part, re.ASCII)
    return part if plain else json.dumps(part)


def _beside(
    name: str,
    form: ModuleType,
    text: str,
    before: dict[Key, Any],
    parent: Key,
    written: tuple[str, str],
) -> Iterator[str]:
    """Beside another value of the same table, written as that is: below it, above it, behind it."""
    word, value = written
    beside = [key for key in before if len(key) == len(parent) + 1 and key[:-1] == parent]
    # In Python, whatever reads the values comes below the first of them; elsewhere the last is
    # where people add one.
    beside = (beside if name == "python" else beside[::-1])[:_MOST_PLACES]
    for key in beside:
        try:
            start, end = form.find_value(text, key)
        except (LookupError, ValueError):
            continue
        first = text.rfind("\n", 0, start) + 1
        behind = text.find("\n", end)
        behind = len(text) if behind < 0 else behind + 1
        head = text[first:start]
        found = _place_of_name(head, str(key[-1]))
        if found is None:
            continue
        at, length = found
        tail = head[at + length :]
        lead = f"{word}{tail if tail[-1:] in {'=', ':', ' ', chr(9)} else f'{tail} '}"
        if name == "python":
            quote = head[at] if head[at] in {"'", '"'} else ""
            lead = quote + _ANNOTATION.sub(" ", lead.replace(word, f"{word}{quote}", 1))
        above = text[:behind] if text[:behind].endswith("\n") else text[:first]
        end_of_line = "\r\n" if above.endswith("\r\n") else "\n"
        line = f"{head[:at]}{lead}{value}"
        closings = (",", "") if text[end : end + 1] == "," else ("", ",")
        # Below a last line without an end, two lines would differ.
        for place in (behind, first) if text[:behind].endswith("\n") else (first,):
            for closing in closings:
                yield f"{text[:place]}{line}{closing}{end_of_line}{text[place:]}"
        yield f"{text[:end]}, {lead}{value}{text[end:]}"


def _place_of_name(head: str, name: str) -> tuple[int, int] | None:
    """Where a name is written before its value, with its quotes, and how long it is there."""
    for spelled in (f'"{name}"', f"'{name}'", name):
        at = head.rfind(spelled)
        if at >= 0:
            return at, len(spelled)
    return None


def _into_empty(
    name: str, form: ModuleType, text: str, parent: Key, written: tuple[str, str]
) -> Iterator[str]:
    """Where no other value stands alone in the table: below its header, or at either end."""
    word, value = written
    end = "\r\n" if "\r\n" in text else "\n"
    line = f"{word}{': ' if name == 'yaml' else ' = '}{value}"
    if name == "json":
        yield from _into_object(form, text, parent, f"{word}: {value}")
        return
    lines = text.splitlines(keepends=True)
    if parent:
        for at, above in enumerate(lines):
            header = above.strip()
            if name == "yaml" and re.match(rf"[\"']?{re.escape(str(parent[-1]))}[\"']?:", header):
                below = next((one for one in lines[at + 1 :] if one.strip()), "")
                blanks = below[: len(below) - len(below.lstrip())]
                yield "".join([*lines[: at + 1], f"{blanks}{line}{end}", *lines[at + 1 :]])
            elif name != "yaml" and header.startswith("["):
                yield "".join([*lines[: at + 1], f"{line}{end}", *lines[at + 1 :]])
        return
    if name == "toml":  # only in the first line is it certain that a key belongs to no table
        yield f"{line}{end}{text}"
    if text.endswith("\n"):
        yield f"{text}{line}{end}"
    yield f"{line}{end}{text}"


def _into_object(form: ModuleType, text: str, parent: Key, entry: str) -> Iterator[str]:
    try:
        start = form.find_value(text, parent)[0]
    except (LookupError, ValueError):
        return
    if text[start : start + 1] == "{":
        yield insert_entry(text, start + 1, entry)


def insert_entry(text: str, at: int, entry: str) -> str:
    """Insert an entry as the first of a JSON object whose bracket ends at `at`."""
    gap = line_gap(text, at)
    comma = "" if text[at:].lstrip().startswith("}") else "," if gap else ", "
    return f"{text[:at]}{gap}{entry}{comma}{text[at:]}"


def line_gap(text: str, at: int) -> str:
    """Return the line end and the indent before an entry; empty if it is on the same line."""
    found = re.match(r"[ \t]*(\r?\n[ \t]*)(?=\S)", text[at:])
    return found[1] if found else ""
