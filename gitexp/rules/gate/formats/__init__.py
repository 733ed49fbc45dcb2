"""Config formats: text in, values with their keys out; and one value set, every other byte kept.

A key is a tuple of names and list indices; a leaf is any value that holds no keys of its own. An
array is one leaf unless all its elements are tables.

Each format is a module that loads when a file of its kind is read:
- `parse(text)` gives nested tables, or raises its ERROR
- `parse_value(text)` reads what somebody typed, `spell_value(text)` writes it as the format does
- `find_value(text, key)` says where a value stands, `set_value(text, key, spelled)` replaces it
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from importlib import import_module

# Not `import json`: the package's own json takes that name as soon as it is loaded.
from json import dumps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

Key = tuple[str | int, ...]

_FORMATS = {
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    "MLproject": "yaml",
    ".json": "json",
    ".ini": "ini",
    ".cfg": "ini",
    ".py": "python",
    ".conf": "plain",
    ".env": "plain",
    ".properties": "plain",
}

PRESETS_IN = (".toml", ".yaml", ".yml", ".json")  # what gitexp preset can write into

# Bytes. The worst of this size costs 15 s and 600 MB (ruamel.yaml, ast); configs that people write
# are far smaller, and the server's hook reads no larger blob either.
LARGEST = 1_000_000

# Deeper than any config that people write; the parsers' own recursion gives out far beyond it.
_DEEPEST = 200

# Python neither prints nor reads longer integers; no config has one of 600 digits.
_LONGEST_INTEGER = 2000  # bits

_BARE = re.compile(r"[A-Za-z0-9_-]+")

# A bracketed index: outside of quotes, and not in the middle of a name.
_INDEX = r'"(?:[^"\\]++|\\.)*+"|\'[^\']*+\'|\[([0-9]+)\](?=[.\[ \t]|$)'


class Malformed(ValueError):
    """A config that does not parse; `line` is 1-based where the parser knows it."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def malformed_at(message: str, text: str | bytes, at: int) -> Malformed:
    """Make a Malformed that names the line and the column of a place in a text, both from 1."""
    end: Any = "\n" if isinstance(text, str) else b"\n"
    line, column = text.count(end, 0, at) + 1, at - text.rfind(end, 0, at)
    return Malformed(f"{message} (at line {line}, column {column})", line)


class Line(int):
    """Takes a key's place where a format has none that we know: the 1-based number of a line."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"line {self:d}"


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for the value of a key that is not there."""


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Source:
    """A value known by its text alone: a Python expression, or YAML under a tag of its own."""

    text: str


def format_of(path: str) -> ModuleType | None:
    """The format module for a file name, or None where only lines can be compared."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    form = _FORMATS.get(name[dot:].lower() if dot >= 0 else name)
    return import_module(f"{__name__}.{form}") if form else None


def read_leaves(path: str, content: bytes) -> dict[Key, Any]:
    """Parse a config into its leaves.

    Raises:
        Malformed: not UTF-8, larger than LARGEST, or not of the format that its name promises.
    """
    form = format_of(path)
    if form is None:
        raise Malformed(f"no parser for {path}")
    if len(content) > LARGEST:
        raise Malformed(f"{len(content):,} bytes are more than a config's {LARGEST:,}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise malformed_at("not UTF-8", content, error.start) from None
    try:
        document = form.parse(text)
    except RecursionError:
        raise Malformed("nested too deeply to be a config") from None
    except Malformed:
        raise
    except form.ERROR as error:
        raise Malformed(str(error), getattr(error, "lineno", None)) from None
    _refuse_monsters(document)
    return dict(_leaves(document, ()))


def copy_value(path: str, key: Key, source: bytes, target: bytes) -> bytes:
    """Give a key the value that it has in another version of the file, spelled as it is there.

    Raises:
        LookupError: one of them has no value there, or the format has no parser.
        ValueError: the value does not stand on one line of its own in both.
    """
    form = format_of(path)
    if form is None:
        raise LookupError(f"no parser for {path}")
    text = source.decode("utf-8-sig")
    start, end = form.find_value(text, key)
    edited: str = form.set_value(target.decode("utf-8"), key, text[start:end])
    return edited.encode("utf-8")


def _refuse_monsters(document: Any) -> None:  # noqa: ANN401 - parsed data
    """Refuse what parses and would then break whoever walks or prints it."""
    level = [document]
    for _ in range(_DEEPEST):
        inside: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inside += item.values()
            elif isinstance(item, list | tuple):
                inside += item
            elif isinstance(item, int) and item.bit_length() > _LONGEST_INTEGER:
                raise Malformed("an integer is too long to be a config's")
        level = inside
    if level:
        raise Malformed("nested too deeply to be a config")


def _leaves(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:  # noqa: ANN401 - parsed data
    if isinstance(value, dict) and (value or not key):
        for name, item in value.items():
            yield from _leaves(item, (*key, name))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*key, index))
    else:
        yield key, value


def same(one: Any, other: Any) -> bool:  # noqa: ANN401 - parsed data
    """Compare type-strictly: 1, 1.0, true and "1" are four values, 0.0 and -0.0 two, nan is nan."""
    return _identity(one) == _identity(other)


def _identity(value: Any) -> object:  # noqa: ANN401 - parsed data
    if isinstance(value, dict):
        return ("dict", tuple(sorted((name, _identity(item)) for name, item in value.items())))
    if isinstance(value, list | tuple):
        return (type(value).__name__, tuple(_identity(item) for item in value))
    return (type(value).__name__, repr(value))


def spell_key(key: Key) -> str:
    """Write a key as people type it: `model.C`, `layers[0].size`, `"odd name".x`."""
    parts: list[str] = []
    for part in key:
        if isinstance(part, Line):
            parts.append(str(part))
        elif isinstance(part, int):
            parts.append(f"[{part}]")
        else:
            name = part if _BARE.fullmatch(part) else _quoted(part)
            parts.append(f".{name}" if parts else name)
    return "".join(parts) or "(document)"


def parse_key(text: str) -> tuple[str, ...]:
    """Read a dotted key with optional list indices: `a.b`, `"odd name".x`, `layers[0].size`.

    Indices come back as digits: only the document knows whether `0` is a name or a place.

    Raises:
        ValueError: not a key.
    """
    import tomli

    spread = re.sub(_INDEX, lambda found: f".{found[1]}" if found[1] else found[0], text)
    try:
        node: Any = tomli.loads(f"{spread[text[:1] == '[' :]} = 0")
    except (ValueError, RecursionError):
        raise ValueError(text) from None
    key: list[str] = []
    while isinstance(node, dict):
        if len(node) != 1:
            raise ValueError(text)
        name, node = next(iter(node.items()))
        key.append(name)
    # `a = 1 #` and a table header before a name would parse too.
    if node != 0 or "\n" in text:
        raise ValueError(text)
    return tuple(key)


def keys_at(keys: Iterable[Key], names: tuple[str, ...]) -> list[Key]:
    """Keys that typed names lead to; where none does, those with dots in a name (INI's `[a.b]`)."""
    spelled = [(key, tuple(map(str, key))) for key in keys]
    return [key for key, parts in spelled if parts == names] or [
        key for key, parts in spelled if ".".join(parts) == ".".join(names)
    ]


def spell(value: Any) -> str:  # noqa: ANN401 - parsed data
    """Write a value on one line, in TOML's spelling; unprintable characters come out escaped."""
    match value:
        case Absent():
            return "(absent)"
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case Source():
            return "".join(c if c.isprintable() else _escaped(c) for c in value.text)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case list():
            return f"[{', '.join(spell(item) for item in value)}]"
        case tuple():
            return f"({', '.join(spell(item) for item in value)})"
        case dict():
            inside = ", ".join(
                f"{spell_key((name,))} = {spell(item)}" for name, item in value.items()
            )
            return f"{{ {inside} }}" if inside else "{}"
        case None:
            return "null"
        case _:
            return str(value)


def _quoted(text: str) -> str:
    """Quote a text as TOML and JSON both read it; what a terminal obeys comes out escaped."""
    quoted = dumps(text, ensure_ascii=False)
    if quoted.isprintable():
        return quoted
    return "".join(c if c.isprintable() else _escaped(c) for c in quoted)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def to_json(value: Any) -> Any:  # noqa: ANN401 - parsed data
    """Give a value JSON can hold: dates and what JSON has no word for (nan) become text."""
    match value:
        case Absent():
            return None
        case float() if not math.isfinite(value):
            return str(value)
        case list() | tuple():
            return [to_json(item) for item in value]
        case dict():
            return {name: to_json(item) for name, item in value.items()}
        case None | bool() | int() | float() | str():
            return value
        case _:
            return spell(value)
