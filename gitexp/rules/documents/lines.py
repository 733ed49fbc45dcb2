"""The lines of notes: one writer, and the one parser of what anybody may have pushed.

A note is a list of JSON objects, one per line. Reading never fails: a line that is damaged, does
not have the shape of its kind, or was written by another program is foreign, and is passed over
and counted. What the parser lets through needs no further check. Lines of a newer gitexp, which are
of a newer schema or of a kind that is not known here, are passed over as well, and kept.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.text import counted

LONGEST_LINE = 4 << 20  # characters; ours have a million at most

_DEEPEST = 100  # levels of objects and lists; ours have few, and Python fails near 1,000
_KINDS = {kind.value: kind for kind in Kind if kind.value}
_NEWEST = max(kind.schema for kind in Kind)
_KIND_NAME = re.compile("[a-z][a-z-]{0,30}")


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
    return {**named, "schema": kind.schema, **fields}


def fields_to_write(kind: Kind, document: object) -> dict[str, Any]:
    """What a document holds under the names that its kind of line has."""
    return {name: getattr(document, name) for name in kind.fields}


def write_line(kind: Kind, fields: Mapping[str, Any]) -> str:
    """Write a line of a note, without the texts and objects that are empty and may be missing.

    Raises:
        ValueError: no reader would accept it.
    """
    needed = {name for shape in kind.shapes for name in shape.required}
    said = {n: value for n, value in fields.items() if n in needed or value not in ("", {})}
    line = canonical(content := stamped(kind, said))
    if len(line) > LONGEST_LINE:
        raise ValueError(f"a line of {len(line):,} characters is too long for a note")
    if _shaped(content, kind) is None:
        raise ValueError(f"not the fields of a {kind.name.lower()}: {line[:200]}")
    return line


# --- reading ------------------------------------------------------------------------------------


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise ValueError(written)
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


# Only what `canonical` can write again: not NaN, Infinity or 1e400, and no name twice. json.loads
# would look for encoding and white space first, at every line.
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_object)


def parse_object(line: str) -> dict[str, Any] | None:
    """Read one line as a JSON object; None where it is something else, too long or too deep."""
    if not line.startswith("{") or len(line) > LONGEST_LINE:
        return None
    try:
        content, end = _DECODER.raw_decode(line)
    except (ValueError, RecursionError):
        return None
    if end != len(line):
        return None
    # Counting is a hundred times as fast as looking, and says enough about nearly every line.
    if line.count("{") + line.count("[") > _DEEPEST and _is_deep(content):
        return None
    parsed: dict[str, Any] = content
    return parsed


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


def parse_line(line: str) -> dict[str, Any] | None:
    """Read a line that gitexp wrote, this one or a newer one; None where it is foreign."""
    content = parse_object(line)
    if content is None or not _has_schema(content):
        return None
    kind = kind_of(content)
    return content if kind is None or _shaped(content, kind) is not None else None


def _has_schema(content: Mapping[str, Any]) -> bool:
    """Whether a line is of some kind and schema, which need not be known here."""
    schema, name = content.get("schema"), content.get("kind")
    if type(schema) is not int or schema < 1:
        return False
    if "kind" not in content:
        return True
    return isinstance(name, str) and _KIND_NAME.fullmatch(name) is not None


def kind_of(content: Mapping[str, Any]) -> Kind | None:
    """Kind of a parsed line; None if only a newer gitexp reads it."""
    kind = _KINDS.get(content["kind"]) if "kind" in content else Kind.RECORD
    return kind if kind is not None and content["schema"] == kind.schema else None


def _shaped(content: dict[str, Any], kind: Kind) -> dict[str, Any] | None:
    for shape in kind.shapes:
        if (found := shape.read(content)) is not None:
            return found
    return None


def read_contents(text: str, kind: Kind) -> Iterator[dict[str, Any]]:
    """Read the lines of one kind in a note, each once, in their order; all others are skipped."""
    mark = kind.mark
    # JSON holds separators such as U+2028, at which `splitlines` would split a line.
    for line in dict.fromkeys(text.split("\n")):
        # What begins with a kind is not a record; tombstones do, and there may be thousands.
        if mark in line and (mark or not line.startswith('{"kind":')):
            content = parse_object(line)
            if content is not None and _has_schema(content) and kind_of(content) is kind:
                found = _shaped(content, kind)
                if found is not None:
                    yield found


def fields_read(kind: Kind, content: Mapping[str, Any]) -> dict[str, Any]:
    """What a line holds under the names of its kind; a later release may have added others."""
    return {name: value for name, value in content.items() if name in kind.fields}


@dataclass(slots=True)
class Census:
    """What the lines of a note are.

    `kinds` counts those that this version reads, `newer` those of a newer schema by their schema,
    `foreign` those that gitexp did not write. Empty lines count for nothing, nor do lines of kinds
    that only a newer gitexp has.
    """

    kinds: dict[Kind, int] = field(default_factory=dict)
    newer: dict[int, int] = field(default_factory=dict)
    foreign: int = 0


def count_lines(lines: Iterable[str]) -> Census:
    """Count lines of a note by what they are."""
    census = Census()
    for line in lines:
        if not line.strip():
            continue
        content = parse_line(line)
        if content is None:
            census.foreign += 1
        elif (kind := kind_of(content)) is not None:
            census.kinds[kind] = census.kinds.get(kind, 0) + 1
        elif (schema := content["schema"]) > _NEWEST:
            census.newer[schema] = census.newer.get(schema, 0) + 1
    return census


def count_newer(text: str) -> dict[int, int]:
    """Count the lines of a note that a newer gitexp wrote, by their schema."""
    known = f'"schema":{_NEWEST},', f'"schema":{_NEWEST}}}'
    return count_lines(
        line for line in text.split("\n") if not any(mark in line for mark in known)
    ).newer


def say_newer(counts: Mapping[int, int]) -> str:
    """Say how many lines a newer gitexp wrote; empty if there are none."""
    return "; ".join(
        f"{counted(count, 'record')} of a newer gitexp (schema {schema})"
        f" {'is' if count == 1 else 'are'} left untouched"
        for schema, count in sorted(counts.items())
    )
