"""The lines of notes: every kind with its schema, one writer and one parser.

A note is a list of JSON objects, one per line. Anybody can push to a notes ref, so reading never
fails: lines that are damaged, or written by another program or a newer gitexp, are skipped. The
types explain the fields of their kind: Record, Outcomes, Opening and so on.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from gitexp.rules.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_T = TypeVar("_T")


class Kind(StrEnum):
    """What a line is about, as its field `kind` says; only a record has no such field."""

    RECORD = ""
    EXAMPLES = "examples"  # beside the records: what their examples add to the standard error
    HOLDOUT = "holdout"  # beside the records: an opening of the holdout
    ENVIRONMENT = "environment"  # in the bulk, like the next four
    PARAMETERS = "parameters"
    METRICS = "metrics"  # those that a record had no room for
    OUTCOMES = "outcomes"
    SAMPLE = "sample"  # a score on a part of the data
    LOG = "log"
    TOMBSTONE = "redacted"  # in any note

    @property
    def mark(self) -> str:
        """A text that is in every line of this kind, to look for before parsing."""
        return f'"{self.value}"' if self.value else ""


SCHEMAS = dict.fromkeys(Kind, 1)
# Not by the members themselves, which Python code would hash at every line of the log.
_KNOWN = {kind.value: (kind, schema) for kind, schema in SCHEMAS.items() if kind.value}
_RECORD = (Kind.RECORD, SCHEMAS[Kind.RECORD])
_NEWEST = max(SCHEMAS.values())

LONGEST_LINE = 16 << 20  # characters; ours have a million at most
_DEEPEST = 100  # levels of objects and lists; ours have four, and Python fails near 1,000

# What is raised if a field is missing, has the wrong type, or holds a number out of range.
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


# --- writing ------------------------------------------------------------------------------------


def canonical(content: Mapping[str, Any]) -> str:
    """Write an object on one line, the same on every machine, so that identical lines merge."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(content: Mapping[str, Any]) -> str:
    """Identity of an object: the hash of its canonical line."""
    import hashlib  # loads OpenSSL, which takes longer than a hook does

    return hashlib.sha256(canonical(content).encode()).hexdigest()


def stamped(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a line: fields with their kind and its schema."""
    named = {"kind": kind.value} if kind.value else {}
    return {**named, "schema": SCHEMAS[kind], **fields}


def write_line(kind: Kind, fields: Mapping[str, Any]) -> str:
    """Write a line of a note.

    Raises:
        ValueError: a number is not finite, or the line is longer than any reader accepts.
    """
    line = canonical(stamped(kind, fields))
    if len(line) > LONGEST_LINE:
        raise ValueError(f"a line of {len(line):,} characters is too long for a note")
    return line


def without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out fields that say nothing: empty texts and objects."""
    return {name: value for name, value in fields.items() if value not in ("", {})}


# --- reading ------------------------------------------------------------------------------------


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def finite(value: Any) -> float:  # noqa: ANN401 - parsed data
    """Return a number that is finite.

    Raises:
        TypeError, ValueError, OverflowError: it is something else.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


_DECODER = json.JSONDecoder()  # json.loads asks for encoding and white space first, at every line
# What NaN, Infinity or 1e400 was read from could not be written again.
_EXACT = json.JSONDecoder(parse_constant=_refuse, parse_float=finite)


def parse_object(line: str, *, exact: bool = False) -> dict[str, Any] | None:
    """Read one line as a JSON object; None where it is something else, too long or too deep.

    `exact` takes only what `canonical` can write again.
    """
    if not line.startswith("{") or len(line) > LONGEST_LINE:
        return None
    try:
        content, end = (_EXACT if exact else _DECODER).raw_decode(line)
    except (ValueError, RecursionError):
        return None
    if end != len(line) or not isinstance(content, dict):
        return None
    # Counting is a hundred times as fast as looking, and says enough about nearly every line.
    if line.count("{") + line.count("[") > _DEEPEST and _is_deep(content):
        return None
    return content


def _is_deep(content: object) -> bool:
    level = [content]
    for _ in range(_DEEPEST):
        level = [
            part
            for value in level
            if isinstance(value, dict | list)
            for part in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def kind_of(content: Mapping[str, Any]) -> Kind | None:
    """Kind of a line's content; None if gitexp did not write it, or its schema is newer."""
    if "kind" not in content:
        known: tuple[Kind, int] | None = _RECORD
    else:
        name = content["kind"]
        known = _KNOWN.get(name) if isinstance(name, str) else None
    schema = content.get("schema")
    return known[0] if known and type(schema) is int and schema == known[1] else None


def read_contents(text: str, kind: Kind) -> Iterator[dict[str, Any]]:
    """Read the lines of one kind in a note, each once, in their order."""
    mark = kind.mark
    for line in dict.fromkeys(text.splitlines()):
        if mark in line:
            content = parse_object(line)
            if content is not None and kind_of(content) is kind:
                yield content


def read_lines(text: str, kind: Kind, build: Callable[[dict[str, Any]], _T]) -> list[_T]:
    """Build something of every line of one kind in a note; lines that `build` fails on are skipped.

    `build` need not check the fields: whatever a missing or a wrong one raises is caught here.
    """
    found = []
    for content in read_contents(text, kind):
        try:
            built = build(content)
        except MALFORMED:
            continue
        found.append(built)
    return found


def text_of(content: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Return a field that is a text.

    Raises:
        TypeError: it is something else, or is missing and has no default.
    """
    value = content.get(name, default)
    if not isinstance(value, str):
        raise TypeError(name)
    return value


@dataclass(slots=True)
class Census:
    """What the lines of a note are.

    `kinds` counts those that this version reads, `newer` those of a newer gitexp by their schema,
    `foreign` those that are not an object with a schema. Empty lines count for nothing.
    """

    kinds: dict[Kind, int] = field(default_factory=dict)
    newer: dict[int, int] = field(default_factory=dict)
    foreign: int = 0


def count_lines(text: str) -> Census:
    """Count the lines of a note by what they are."""
    census = Census()
    for line in text.splitlines():
        if not line.strip():
            continue
        content = parse_object(line) or {}
        schema = content.get("schema")
        if (kind := kind_of(content)) is not None:
            census.kinds[kind] = census.kinds.get(kind, 0) + 1
        elif type(schema) is int and schema > _NEWEST:
            census.newer[schema] = census.newer.get(schema, 0) + 1
        elif "schema" not in content:
            census.foreign += 1
    return census


def count_newer(text: str) -> dict[int, int]:
    """Count the lines of a note that a newer gitexp wrote, by their schema."""
    known = f'"schema":{_NEWEST},', f'"schema":{_NEWEST}}}'
    lines = [line for line in text.splitlines() if not any(mark in line for mark in known)]
    return count_lines("\n".join(lines)).newer


def say_newer(counts: Mapping[int, int]) -> str:
    """Say how many lines a newer gitexp wrote; empty if there are none."""
    return "; ".join(
        f"{counted(count, 'record')} of a newer gitexp (schema {schema})"
        f" {'is' if count == 1 else 'are'} left untouched"
        for schema, count in sorted(counts.items())
    )
