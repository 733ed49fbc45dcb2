"""Redaction: mask a value wherever it is in a note.

The result keeps everything that was measured. A tombstone beside each changed line keeps the value
out of later merges (tombstones.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import (
    canonical,
    kind_of,
    parse_line,
    parse_object,
    sha256,
    write_line,
)
from gitexp.rules.documents.outcomes import edit_cells
from gitexp.rules.documents.packing import edit_packed
from gitexp.rules.documents.shape import COUNT, MASK
from gitexp.rules.documents.tombstones import (
    FIXED,
    RESULTS,
    Path,
    Tombstones,
    hash_of_line,
    merge_lines,
    redactions,
    write_tombstone,
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What to redact: a text wherever it is or, if `value` is empty, all that a key holds."""

    value: str = ""
    key: str = ""

    def holds(self, name: str) -> bool:
        """Whether this is the key: by its own name, or as the last part of `a.b.key`."""
        return bool(self.key) and (name == self.key or name.endswith(f".{self.key}"))

    def masked(self, text: str) -> str:
        """Return a text with the value masked; digits inside another number do not count."""
        if not self.value or self.value not in text or (_is_number(text) and text != self.value):
            return text
        return MASK.join(part.replace(self.value, MASK) for part in text.split(MASK))


def redact_note(text: str, sought: Sought, environments: dict[str, str]) -> tuple[list[str], int]:
    """Mask a value in a note; returns its lines with the tombstones, and how many lines changed.

    The old and new hash of each environment that changed is added to `environments`, and records
    that cite the old hash cite the new one: the old one would let somebody guess the value.
    """
    lines = merge_lines(text)
    stones = Tombstones(lines)
    left: list[str] = []
    changed = 0
    for line in lines:
        content = parse_line(line)
        if content is None:
            if not _foreign_has(line, sought):
                left.append(line)
                continue
            left.append(write_line(Kind.TOMBSTONE, {"line": hash_of_line(line)}))
        else:
            masked, paths = _redacted(content, sought, environments)
            if not paths:
                left.append(line)
                continue
            number = masked[COUNT] = redactions(content) + 1
            left.append(canonical(masked))
            # An earlier redaction has changed these fields already, so they cannot identify it.
            earlier = [
                path
                for stone in stones.about(content)
                if redactions(content) >= stone.number
                for path in stone.paths
            ]
            left.append(write_tombstone(content, [*paths, *earlier], number))
            if content.get("kind") == Kind.ENVIRONMENT:
                environments[sha256(content)] = sha256(masked)
        changed += 1
    return merge_lines("\n".join(left)), changed


def _foreign_has(line: str, sought: Sought) -> bool:
    """Whether a line that gitexp did not write has the value, in whatever way JSON spells it."""
    if sought.masked(line) != line:
        return True
    paths: list[Path] = []
    _masked_value(parse_object(line), sought, (), paths)
    return bool(paths)


def still_holds(line: str, sought: Sought) -> bool:
    """Whether a line still has the value, because it is part of a result."""
    content = parse_line(line)
    return bool(sought.value) and content is not None and _holds(content, sought)


def _holds(value: Any, sought: Sought) -> bool:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return any(_holds(part, sought) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(_holds(part, sought) for part in value)
    return isinstance(value, str) and sought.masked(value) != value


# --- one line -----------------------------------------------------------------------------------


def _redacted(
    content: dict[str, Any], sought: Sought, environments: dict[str, str]
) -> tuple[dict[str, Any], list[Path]]:
    """Return a copy of a line without what is sought, and the places where that was."""
    if content.get("kind") == Kind.TOMBSTONE:
        return content, []
    masked, paths = _masked(content, sought)
    cited = content.get("environment")
    if isinstance(cited, str) and cited in environments:
        masked["environment"] = environments[cited]
        paths.append(("environment",))
    return masked, paths


def _masked(content: dict[str, Any], sought: Sought) -> tuple[dict[str, Any], list[Path]]:
    paths: list[Path] = []
    kind = content.get("kind")
    masked: dict[str, Any] = {}
    for name, value in content.items():
        if name in RESULTS or (kind in FIXED and name == "values"):
            masked[name] = value
        elif name == "data" and kind_of(content) is Kind.OUTCOMES:
            masked[name] = edit_cells(content, lambda column, text: _cell(sought, column, text))
            paths += [(name,)] if masked[name] != value else []
        else:
            masked[name] = _masked_value(value, sought, (name,), paths, named=sought.holds(name))
    return masked, paths


def _masked_value(
    value: Any,  # noqa: ANN401 - whatever JSON holds
    sought: Sought,
    path: Path,
    paths: list[Path],
    *,
    named: bool = False,
) -> Any:  # noqa: ANN401
    """Return a copy of a value without what is sought; adds the places to `paths`."""
    masked: Any
    if named:
        masked = MASK
    elif isinstance(value, dict):
        masked = {}
        for name, item in value.items():
            shown = sought.masked(name)
            # Where the key itself has the value, the tombstone leaves out its whole object.
            below = paths if shown == name else []
            held = sought.holds(name)
            masked[shown] = _masked_value(item, sought, (*path, name), below, named=held)
        if masked.keys() == value.keys():
            return masked
    elif isinstance(value, list):
        return [_masked_value(v, sought, (*path, n), paths) for n, v in enumerate(value)]
    elif isinstance(value, str):
        packed = edit_packed(value, sought.masked)
        masked = sought.masked(value) if packed is None else packed
    elif isinstance(value, bool) or value is None or json.dumps(value) != sought.value:
        return value
    else:
        masked = MASK
    if masked != value:
        paths.append(path)
    return masked


def _cell(sought: Sought, column: str, text: str) -> str:
    return MASK if sought.holds(column) else sought.masked(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
