"""Tombstones: lines that keep a redacted value out of every later merge.

Notes are merged line by line, so a line that was changed comes back, as it was, with the next old
clone. A tombstone identifies such a line by everything in it but the redacted value. It holds no
hash of the value, because a short value could be guessed (docs/decisions/0015-redaction.md).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.lines import (
    Kind,
    canonical,
    kind_of,
    parse_object,
    sha256,
    write_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MASK = "[redacted]"
COUNT = "redacted"  # how often a line was redacted; the line with the highest count stays
_MOST = 1 << 32  # redactions; a count that is not believable counts as none

# What identifies a run and what it measured. These fields cannot be redacted, so nobody can use
# redaction, here or through a tombstone pushed from elsewhere, to drop or change a result.
RESULTS = frozenset(
    {
        "attempt", "commit", "condition", "count", "cpu", "duration", "exit", "id", "ids", "inputs",
        "kind", "memory", "metrics", "number", "pairs", "project", "rows", "schema", "seed",
        "start", "variance", "y_pred", "y_score", "y_true", COUNT,
    }
)  # fmt: skip

Path = tuple[str | int, ...]


def merge_lines(*texts: str) -> list[str]:
    """Return the lines of notes, sorted, each once, without those that a tombstone removes.

    Where the redacted version of such a line is missing, the line stays with the field masked.
    """
    lines = {line for text in texts for line in text.split("\n") if line.strip()}
    if stones := read_tombstones(lines):
        lines = _without(lines, stones)
    # The order of git's own merge strategy cat_sort_uniq.
    return sorted(lines, key=lambda line: line.encode(errors="surrogateescape"))


def merge_texts(*texts: bytes) -> bytes:
    """Return the bytes of the note that results from merging notes."""
    lines = merge_lines(*(text.decode(errors="surrogateescape") for text in texts))
    return encoded(lines)


def encoded(lines: Iterable[str]) -> bytes:
    """Return the bytes of a note with these lines."""
    return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Lines that are to go: `rest` is the hash of all that they say but what is at `paths`.

    A line with the same rest that was redacted `number` times or more is what was left of them, and
    stays. For a line that is not gitexp's JSON, `rest` is the hash of the whole line, and there are
    no paths.
    """

    paths: tuple[Path, ...]
    rest: str
    number: int

    def left(self, content: dict[str, Any]) -> bool:
        """Whether this content is what was left of a line that this tombstone removes."""
        return (
            bool(self.paths)
            and redactions(content) >= self.number
            and _rest(content, self.paths) == self.rest
        )


def write_tombstone(content: dict[str, Any], paths: Iterable[Path], number: int) -> str:
    """Write the tombstone of a line that was redacted at these paths, as its redaction `number`."""
    # Sorted, and none inside another, so that everybody who redacts the same writes the same.
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda path: [str(step) for step in path]):
        if not any(path[: len(other)] == other for other in kept):
            kept.append(path)
    rest = _rest(content, tuple(kept))
    return write_line(Kind.TOMBSTONE, {"paths": kept, "rest": rest, "number": number})


def _rest(content: dict[str, Any], paths: tuple[Path, ...]) -> str | None:
    """Hash everything in a line but what is at these places; None where it lacks one of them."""
    left = _put(content, paths, None)
    return None if left is None else sha256({k: v for k, v in left.items() if k != COUNT})


def _put(content: dict[str, Any], paths: tuple[Path, ...], value: object) -> dict[str, Any] | None:
    """Return a copy of a line with a value at these places; None where it lacks one of them."""
    copy: dict[str, Any] = json.loads(canonical(content))
    try:
        for *above, last in paths:
            place: Any = copy
            for step in above:
                place = place[step]
            place[last]
            place[last] = value
    except (LookupError, TypeError):
        return None
    return copy


def read_tombstones(lines: Iterable[str]) -> list[Tombstone]:
    """Read the tombstones among lines; one that would remove a result is ignored."""
    found = []
    for line in lines:
        content = parse_object(line, exact=True) if Kind.TOMBSTONE.mark in line else None
        if content is None or kind_of(content) is not Kind.TOMBSTONE:
            continue
        if isinstance(content.get("line"), str):
            found.append(Tombstone((), content["line"], 0))
            continue
        paths, rest, number = content.get("paths"), content.get("rest"), content.get("number")
        if (
            isinstance(rest, str)
            and isinstance(number, int)
            and isinstance(paths, list)
            and all(isinstance(path, list) and path for path in paths)
            and all(isinstance(step, str | int) for path in paths for step in path)
            and not any(path[0] in RESULTS for path in paths)
        ):
            found.append(Tombstone(tuple(tuple(path) for path in paths), rest, number))
    return found


def _without(lines: Iterable[str], stones: Sequence[Tombstone]) -> set[str]:
    """Remove the lines that tombstones name, or mask them where their remains are missing."""
    whole = {stone.rest for stone in stones if not stone.paths}
    parts: dict[tuple[Path, ...], dict[str, Tombstone]] = {}
    for stone in sorted((s for s in stones if s.paths), key=lambda stone: stone.number):
        parts.setdefault(stone.paths, {})[stone.rest] = stone
    kept: set[str] = set()
    removed: list[tuple[dict[str, Any], list[Tombstone]]] = []
    replaced: set[Tombstone] = set()
    for line in lines:
        content = parse_object(line, exact=True)
        if content is None or "schema" not in content:
            kept |= set() if hash_of_line(line) in whole else {line}
            continue
        due = []
        if content.get("kind") not in (Kind.TOMBSTONE, Kind.METRICS):
            for paths, stone_of in parts.items():
                if found := stone_of.get(_rest(content, paths) or ""):
                    if redactions(content) < found.number:
                        due.append(found)
                    else:
                        replaced.add(found)
        if due:
            removed.append((content, due))
        else:
            kept.add(line)
    for content, due in removed:
        if not replaced & {*due}:
            kept.add(_blanked(content, due))
    return kept


def _blanked(content: dict[str, Any], due: Sequence[Tombstone]) -> str:
    for stone in due:
        number = max(redactions(content), stone.number)
        content = (_put(content, stone.paths, MASK) or content) | {COUNT: number}
    return canonical(content)


def redactions(content: dict[str, Any]) -> int:
    """How often a line was redacted."""
    count = content.get(COUNT, 0)
    return count if isinstance(count, int) and 0 <= count < _MOST else 0


def hash_of_line(line: str) -> str:
    """Identity of a line that is not gitexp's JSON."""
    import hashlib  # loads OpenSSL, which few merges need

    return hashlib.sha256(line.encode(errors="surrogateescape")).hexdigest()
