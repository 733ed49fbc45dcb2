"""The line of a commit message that holds a change, read.

File names, keys and values may contain what separates them in the line (rules/documents/change.py),
and anybody can write a message.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import tomli

from gitexp.rules.documents.change import LONGEST_VALUE, Change, PartialValue, spell_file
from gitexp.rules.gate.formats.keys import Key, Line
from gitexp.rules.gate.formats.values import ABSENT, Source, spell

# Two long values are cut at the start, too: to a quarter of the length before they differ.
_SHARED = LONGEST_VALUE // 4 + 1

_NAME = r'[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"'
_KEY = re.compile(rf"line \d+|\(document\)|(?:{_NAME}|\[\d+\])(?:\.(?:{_NAME})|\[\d+\])*")
_KEY_PART = re.compile(rf"({_NAME})|\[(\d+)\]")
_COLON = re.compile(r"(?=: )")
_ARROW = re.compile(r"(?= -> )")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')


def parse_change(text: str) -> Change:
    """Read the line.

    File names, keys and values may contain the separators. Of all ways to divide the line, the one
    counts that leaves a whole value on each side of the arrow.

    Raises:
        ValueError: the line is not a change.
    """
    best: tuple[int, str, str, str, str] | None = None
    for file, key, values in _places(text):
        for arrow in _ARROW.finditer(values):
            before, after = values[: arrow.start()], values[arrow.start() + 4 :]
            doubt = _doubt(before, after)
            if best is None or doubt < best[0]:
                best = doubt, file, key, before, after
    if best is None:
        raise ValueError("a change reads FILE: KEY = BEFORE -> AFTER")
    _, file, key, before, after = best
    return Change(_parse_file(file), _parse_key(key), _parse_value(before), _parse_value(after))


def _places(text: str) -> Iterator[tuple[str, str, str]]:
    """Divide a line into file, key and values in every possible way."""
    for colon in _COLON.finditer(text):
        key = _KEY.match(text, colon.start() + 2)
        if not key or not text.startswith(" = ", key.end()):
            continue
        values = text[key.end() + 3 :]
        # Anybody can write a message: a line longer than ours can be is not searched.
        if len(values) <= 2 * LONGEST_VALUE + 4:
            yield text[: colon.start()], key[0], values


def _doubt(before: str, after: str) -> int:
    """How unlikely it is that both parts are values: 0 if both are whole."""
    if before[:1] == after[:1] == "…" and before[:_SHARED] == after[:_SHARED]:
        return 1
    return _doubt_of(before) + _doubt_of(after)


def _doubt_of(text: str) -> int:
    match _parse_value(text):
        case PartialValue():
            return 1 if len(text) == LONGEST_VALUE else 2
        case Source():
            return 2 if _is_balanced(text) else 3
    return 0


def _is_balanced(text: str) -> bool:
    """Whether all brackets and quotes are closed, and no arrow is outside of them."""
    rest, opened = _STRING.sub("", text), []
    if " -> " in rest or "'" in rest or '"' in rest:
        return False
    for character in rest:
        if character in _CLOSING:
            opened.append(_CLOSING[character])
        elif character in _CLOSING.values() and (not opened or opened.pop() != character):
            return False
    return not opened


@functools.lru_cache(maxsize=64)  # a log names the same few
def _parse_file(text: str) -> str:
    # A plain name may also begin and end with a quote.
    name = _unquoted(text) if _STRING.fullmatch(text) and text[0] == '"' else text
    return name if spell_file(name) == text else text


@functools.lru_cache(maxsize=256)  # likewise
def _parse_key(text: str) -> Key:
    if text.startswith("line "):
        return (Line(text[5:]),)
    if text == "(document)":
        return ()
    return tuple(
        int(index) if index else _unquoted(name) if name[0] == '"' else name
        for name, index in _KEY_PART.findall(text)
    )


@functools.lru_cache(maxsize=64)  # each is looked at to divide its line, and again for the change
def _parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a spelled value; a Source if TOML cannot read it, a PartialValue if it was cut."""
    if text == spell(ABSENT):
        return ABSENT
    if text == "null":
        return None
    if _NUMBER.fullmatch(text):  # as TOML reads it, too, and in a fifth of the time
        number = float(text) if "." in text else int(text)
        if spell(number) == text:
            return number
    try:
        value = tomli.loads(f"value = {text}").get("value")
        if spell(value) == text:
            return value
    except (ValueError, RecursionError):
        pass
    return PartialValue(text) if text.startswith("…") or text.endswith("…") else Source(text)


def _unquoted(text: str) -> str:
    """Undo the quotes of `spell`, half a surrogate pair included, which TOML refuses."""

    def character(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _ESCAPED.get(found[3], found[3])

    return _ESCAPE.sub(character, text[1:-1])
