"""The one change of an experiment, and how it is written in a commit message.

    config.toml: model.C = 1.0 -> 10

Only this module writes the line, and change_line.py reads it. It is printable and short enough to
read, so a long value is cut. The whole value is in the experiment's commit.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypedDict

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import Key, Line, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import ABSENT, spell, to_json

LONGEST_VALUE = 120  # characters of one value in the line
_BRIEF = 24  # characters of one value where there is little room
_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?")
_EXACT = 2**53  # below it, every integer is a float


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
    `formerly` is this change under the key that earlier registrations have, where that is another.
    """

    file: str
    key: Key
    before: Any
    after: Any
    line: int | None = None
    followers: tuple[Key, ...] = field(default=(), compare=False)
    formerly: Change | None = field(default=None, compare=False)

    def __str__(self) -> str:
        before, after = cut_alike(spell(self.before), spell(self.after))
        return f"{self.place} = {before} -> {after}"

    @property
    def brief(self) -> str:
        """The change in few characters: `model.C 1.0 -> 10`."""
        before, after = cut_alike(*self.shown_values, longest=_BRIEF)
        return f"{self.shown_key} {before} -> {after}"

    @property
    def place(self) -> str:
        """File and key, as the line spells them."""
        return f"{spell_file(self.file)}: {self.spelled_key}"

    @property
    def ever(self) -> tuple[Change, ...]:
        """The change, and as earlier registrations have it."""
        return (self, self.formerly) if self.formerly else (self,)

    @property
    def form(self) -> tuple[str, ...]:
        """File and key, without positions in lists, which move as others come and go."""
        return self.file, *(part for part in self.key if isinstance(part, str))

    @property
    def spelled_key(self) -> str:
        """The key as people type it."""
        return spell_key(self.key)

    @property
    def shown_key(self) -> str:
        """The key in a list of changes: that of an option stands there without its command."""
        last = self.key[-1] if self.key else ""
        return last if isinstance(last, str) and last.startswith("-") else self.spelled_key

    @property
    def shown_values(self) -> tuple[str, str]:
        """Both values in a list of changes: two numbers are not quoted where all are texts."""
        values = self.before, self.after
        if all(isinstance(value, str) and _NUMBER.fullmatch(value) for value in values):
            return str(self.before), str(self.after)
        return spell(self.before), spell(self.after)

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

    @property
    def setting(self) -> tuple[str, str] | None:
        """What it sets, whatever that was before: a key, and a value; None if known only in part.

        10 and 10.0 are one value here: another spelling is not another experiment.
        """
        if isinstance(self.after, PartialValue):
            return None
        return self.place, _plain(spell(self.after))

    def sets_the_same(self, other: Change) -> bool:
        """Whether both set the same key to the same value; one known in part equals no other."""
        mine = self.setting
        return mine is not None and mine == other.setting

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
        "Source": "expression",
    }
    return names.get(type(value).__name__, type(value).__name__)
