"""The one change of an experiment, and the line of a commit message that holds it.

    config.toml: model.C = 1.0 -> 10

Only this module writes and reads the line. It is printable and short enough to read, so a long
value is cut. The whole value is in the experiment's commit.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypedDict

import tomli

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats import Malformed
from gitexp.rules.gate.formats.keys import Key, Line, spell_key
from gitexp.rules.gate.formats.values import ABSENT, Source, spell, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_VALUE = 120  # characters of one value in the line
_BRIEF = 24  # characters of one value where there is little room
# Two long values are cut at the start, too: to a quarter of the length before they differ.
_SHARED = LONGEST_VALUE // 4 + 1
_EXACT = 2**53  # below it, every integer is a float

_NAME = r'[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"'
_KEY = re.compile(rf"line \d+|\(document\)|(?:{_NAME}|\[\d+\])(?:\.(?:{_NAME})|\[\d+\])*")
_KEY_PART = re.compile(rf"({_NAME})|\[(\d+)\]")
_COLON = re.compile(r"(?=: )")
_ARROW = re.compile(r"(?= -> )")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')


class ChangeKind(StrEnum):
    """What happened to the key."""

    REPLACED = "replaced"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class PartialValue:
    """A value that was cut to fit into a message's line, as that line shows it."""

    text: str

    def __str__(self) -> str:
        return self.text


class ChangeJson(TypedDict):
    """One changed value of a config file; null where there is none on that side."""

    file: str
    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """The one value that differs; `before` or `after` is ABSENT for an added or removed key.

    In a format without a parser the key is a Line, and the values are its text. In a change that
    was read from a message, a value is a PartialValue if it was cut there, and a Source if only its
    spelling is known. `line` is where the file differs; a message does not say. `followers` are the
    keys of other values that differ with this one, because what is written here counts there, too.
    """

    file: str
    key: Key
    before: Any
    after: Any
    line: int | None = None
    followers: tuple[Key, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        before, after = cut_alike(spell(self.before), spell(self.after))
        return f"{self.place} = {before} -> {after}"

    @property
    def brief(self) -> str:
        """The change in few characters: `model.C 1.0 -> 10`."""
        values = spell(self.before), spell(self.after)
        before, after = cut_alike(*values, longest=_BRIEF)
        return f"{self.spelled_key} {before} -> {after}"

    @property
    def place(self) -> str:
        """File and key, as the line spells them."""
        return f"{spell_file(self.file)}: {self.spelled_key}"

    @property
    def spelled_key(self) -> str:
        """The key as people type it."""
        return spell_key(self.key)

    @property
    def kind(self) -> ChangeKind:
        """Whether the key was there before, and is there after."""
        if self.before == ABSENT:
            return ChangeKind.ADDED
        return ChangeKind.REMOVED if self.after == ABSENT else ChangeKind.REPLACED

    @property
    def retyped(self) -> str:
        """How the type of the value changed ("integer to float"); empty if it did not."""
        if self.kind is not ChangeKind.REPLACED or type(self.before) is type(self.after):
            return ""
        return f"{type_name(self.before)} to {type_name(self.after)}"

    @property
    def number(self) -> float | None:
        """The new value, if it is a finite number."""
        try:
            value = float(spell(self.after))
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    @property
    def is_cut(self) -> bool:
        """Whether a value is known only in part."""
        return isinstance(self.before, PartialValue) or isinstance(self.after, PartialValue)

    def sets_the_same(self, other: Change) -> bool:
        """Whether both set the same key to the same value, whatever it was before.

        10 and 10.0 are one value here: another spelling is not another experiment. A value that is
        known only in part equals no other.
        """
        return (
            self.place == other.place
            and not isinstance(self.after, PartialValue)
            and not isinstance(other.after, PartialValue)
            and same_value(spell(self.after), spell(other.after))
        )

    def as_json(self) -> ChangeJson:
        """The change as `--json` shows it."""
        return {
            "file": self.file,
            "key": self.spelled_key,
            "before": to_json(self.before),
            "after": to_json(self.after),
        }


# Stands for the change of a design without one: runs of a baseline, runs that skip the gate.
NO_CHANGE = Change("", (), ABSENT, ABSENT)


def same_value(one: str, other: str) -> bool:
    """Whether two spellings are one value; numbers are compared as floats where those are exact."""
    return _plain(one) == _plain(other)


def _plain(spelled: str) -> str:
    try:
        number = float(spelled)
    except ValueError:
        return spelled
    return repr(number) if abs(number) < _EXACT else spelled


def whole(change: Change, before: bytes | None, after: bytes | None) -> Change:
    """Replace the cut values of a change by those in its file, before and after."""
    return replace(
        change,
        before=_whole(change, change.before, before),
        after=_whole(change, change.after, after),
    )


# --- written --------------------------------------------------------------------------------------


def spell_file(path: str) -> str:
    """Write a file's name so that it stays on one line and is safe to show."""
    plain = path.isprintable() and path == " ".join(path.split())
    return path if plain else spell(path)


def cut(text: str, longest: int = LONGEST_VALUE) -> str:
    """Cut a spelled value to the length that the line shows."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def cut_alike(one: str, other: str, longest: int = LONGEST_VALUE) -> tuple[str, str]:
    """Cut two long values to the part where they differ."""
    differ = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    alike = next(differ, min(len(one), len(other)))
    begin = alike - longest // 4 if alike > longest // 2 else 0
    if begin and max(len(one), len(other)) > longest:
        one, other = f"…{one[begin:]}", f"…{other[begin:]}"
    return cut(one, longest), cut(other, longest)


def type_name(value: object) -> str:
    """Name the type of a value as people who write configs call it."""
    names = {
        "bool": "boolean",
        "int": "integer",
        "str": "string",
        "list": "array",
        "dict": "table",
        "NoneType": "null",
    }
    return names.get(type(value).__name__, type(value).__name__)


# --- read -----------------------------------------------------------------------------------------


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


def _parse_file(text: str) -> str:
    # A plain name may also begin and end with a quote.
    name = _unquoted(text) if _STRING.fullmatch(text) and text[0] == '"' else text
    return name if spell_file(name) == text else text


def _parse_key(text: str) -> Key:
    if text.startswith("line "):
        return (Line(text[5:]),)
    if text == "(document)":
        return ()
    return tuple(
        int(index) if index else _unquoted(name) if name[0] == '"' else name
        for name, index in _KEY_PART.findall(text)
    )


def _parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a spelled value; a Source if TOML cannot read it, a PartialValue if it was cut."""
    if text == spell(ABSENT):
        return ABSENT
    if text == "null":
        return None
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


def _whole(change: Change, value: Any, content: bytes | None) -> Any:  # noqa: ANN401 - parsed data
    """The value itself, or if it is cut the one in a version of the file."""
    if content is None or not isinstance(value, PartialValue):
        return value
    if change.key and isinstance(change.key[0], Line):
        line = content.split(b"\n")[change.key[0] - 1 :][:1]
        return line[0].removesuffix(b"\r").decode("utf-8", "backslashreplace") if line else value
    try:
        return formats.read_leaves(change.file, content).get(change.key, value)
    except Malformed:
        return value
