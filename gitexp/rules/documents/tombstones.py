"""Tombstones: lines that keep a redacted value out of every later merge.

Notes are merged line by line, so a line that was changed comes back, as it was, with the next old
clone. A tombstone identifies such a line by everything in it but the redacted value. It holds no
hash of the value, because a short value could be guessed (docs/decisions/0015-redaction.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import (
    canonical,
    kind_of,
    parse_line,
    parse_object,
    write_line,
)
from gitexp.rules.documents.shape import COUNT, MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST = 1 << 32  # redactions; a count that is not believable counts as none
_MOST_STEPS = 1000  # in the paths of one tombstone
# Anybody can push tombstones; this is what matching them with the lines of a note may cost, in
# characters that are hashed: some seconds. Those that are left out then let a value come back, but
# only somebody who can push the value as well can push so many.
_MOST_WORK = 128 << 20
_LOOK = 20  # what a step of a path costs that a line is looked at for

# What identifies a run and what it measured. These fields cannot be redacted, so nobody can use
# redaction, here or through a tombstone pushed from elsewhere, to drop or change a result.
RESULTS = frozenset(
    {
        "attempt", "batch", "boot", "clone", "commit", "condition", "count", "cpu", "duration",
        "ended", "exit", "found", "host", "id", "ids", "inputs", "kind", "memory", "metrics",
        "number", "output", "pairs", "project", "purpose", "rows", "sample", "scheduler", "schema",
        "scores", "seed", "start", "steps", "tested", "truth", "variance", "y_pred", "y_score",
        "y_true", COUNT,
    }
)  # fmt: skip

# Kinds of which no part can be redacted.
FIXED = (Kind.TOMBSTONE, Kind.METRICS, Kind.SERIES, Kind.SAMPLE)

Path = tuple[str | int, ...]
_Tree: TypeAlias = "dict[str | int, _Tree]"


def merge_lines(*texts: str) -> list[str]:
    """Return the lines of notes, sorted, each once, without those that a tombstone removes.

    Where the redacted version of such a line is missing, the line stays with the field masked.
    """
    lines = {line for text in texts for line in text.split("\n") if line.strip()}
    if stones := Tombstones(lines):
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


class Tombstone(NamedTuple):
    """Lines that are to go: `rest` is the hash of all that they say but what is at `paths`.

    A line with the same rest that was redacted `number` times or more is what was left of them, and
    stays. For a line that is not gitexp's JSON, `rest` is the hash of the whole line, and there are
    no paths.
    """

    paths: tuple[Path, ...]
    rest: str
    number: int


class Tombstones:
    """The tombstones among lines; one that would remove a result is ignored."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.whole: set[str] = set()  # hashes of lines that are to go as they are
        parts: dict[tuple[Path, ...], dict[str, Tombstone]] = {}
        for stone in sorted(_read(lines), key=lambda stone: (stone.number, stone.rest)):
            if stone.paths:
                parts.setdefault(stone.paths, {})[stone.rest] = stone
            else:
                self.whole.add(stone.rest)
        # By a field that a line must have.
        self._parts: dict[str | int, list[_Group]] = {}
        for paths, stones in sorted(parts.items(), key=lambda item: canonical({"": item[0]})):
            group = _Group(_tree(paths), stones, _LOOK * sum(map(len, paths)))
            self._parts.setdefault(paths[0][0], []).append(group)
        self._left = _MOST_WORK

    def __bool__(self) -> bool:
        return bool(self.whole or self._parts)

    def about(self, content: dict[str, Any]) -> Iterator[Tombstone]:
        """Find those about a line: what it was before it was redacted, or what was left of it."""
        if content.get("kind") in FIXED:
            return
        for name in content:
            for group in self._parts.get(name, ()):
                self._left -= group.cost
                if self._left < 0:
                    return
                if _has(content, group.places):
                    rest = _rest(content, group.places)
                    self._left -= len(rest)
                    if found := group.stones.get(hash_of_line(rest)):
                        yield found


class _Group(NamedTuple):
    """Tombstones of the same places, by their `rest`."""

    places: _Tree
    stones: dict[str, Tombstone]
    cost: int  # of seeing whether a line has these places


def _read(lines: Iterable[str]) -> Iterator[Tombstone]:
    for line in lines:
        content = parse_line(line) if Kind.TOMBSTONE.mark in line else None
        if content is None or kind_of(content) is not Kind.TOMBSTONE:
            continue
        if "paths" not in content:
            yield Tombstone((), content["line"], 0)
            continue
        paths = content["paths"]
        if not paths or sum(map(len, paths)) > _MOST_STEPS:
            continue
        if all(path and path[0] not in RESULTS for path in paths):
            yield Tombstone(tuple(map(tuple, paths)), content["rest"], content["number"])


def write_tombstone(content: dict[str, Any], paths: Iterable[Path], number: int) -> str:
    """Write the tombstone of a line that was redacted at these paths, as its redaction `number`."""
    # Sorted, and none inside another, so that everybody who redacts the same writes the same.
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda path: [str(step) for step in path]):
        if not any(path[: len(other)] == other for other in kept):
            kept.append(path)
    if sum(map(len, kept)) > _MOST_STEPS:
        kept = sorted({path[:1] for path in kept}, key=str)
    rest = hash_of_line(_rest(content, _tree(kept)))
    return write_line(
        Kind.TOMBSTONE, {"paths": [[*path] for path in kept], "rest": rest, "number": number}
    )


def _tree(paths: Iterable[Path]) -> _Tree:
    """Return these places as one tree, in which a step without further ones is a place."""
    tree: _Tree = {}
    for path in paths:
        level = tree
        for step in path:
            level = level.setdefault(step, {})
    return tree


def _rest(content: dict[str, Any], places: _Tree) -> str:
    """Write everything in a line but what is at these places, all of which it has."""
    left = _filled(content, places, None)
    return canonical({name: value for name, value in left.items() if name != COUNT})


def _has(value: object, places: _Tree) -> bool:
    if isinstance(value, dict):
        return all(
            step in value and (not below or _has(value[step], below))
            for step, below in places.items()
        )
    if isinstance(value, list):
        return all(
            isinstance(step, int) and step < len(value) and (not below or _has(value[step], below))
            for step, below in places.items()
        )
    return False


def _filled(value: Any, places: _Tree, filling: object) -> Any:  # noqa: ANN401 - parsed data
    """Return a copy of an object or a list with another value at these places."""
    copy = value.copy()
    for step, below in places.items():
        copy[step] = _filled(value[step], below, filling) if below else filling
    return copy


def have_to_merge(note: str, lines: Iterable[str]) -> bool:
    """Whether a tombstone is among new lines of a merged note, or it has one that is about them."""
    stones = Tombstones(note.split("\n"))
    return any(
        Kind.TOMBSTONE.mark in line
        or hash_of_line(line) in stones.whole
        or any(stones.about(parse_object(line) or {}))
        for line in lines
    )


def _without(lines: Iterable[str], stones: Tombstones) -> set[str]:
    """Remove the lines that tombstones name, or mask them where their remains are missing."""
    kept: set[str] = set()
    removed: list[tuple[dict[str, Any], list[Tombstone]]] = []
    replaced: set[Tombstone] = set()
    for line in sorted(lines):  # every clone has to come to the same
        if stones.whole and hash_of_line(line) in stones.whole and parse_line(line) is None:
            continue
        content = parse_object(line)
        due = []
        for stone in stones.about(content) if content and "schema" in content else ():
            if redactions(content or {}) < stone.number:
                due.append(stone)
            else:
                replaced.add(stone)
        if content and due:
            removed.append((content, due))
        else:
            kept.add(line)
    for content, due in removed:
        if not replaced & {*due}:
            kept.add(_blanked(content, due))
    return kept


def _blanked(content: dict[str, Any], due: Iterable[Tombstone]) -> str:
    for stone in due:
        number = max(redactions(content), stone.number)
        places = _tree(stone.paths)
        if _has(content, places):  # an earlier one may have masked more
            content = _filled(content, places, MASK)
        content = content | {COUNT: number}
    return canonical(content)


def redactions(content: dict[str, Any]) -> int:
    """How often a line was redacted."""
    count = content.get(COUNT, 0)
    return count if isinstance(count, int) and 0 <= count < _MOST else 0


def hash_of_line(line: str) -> str:
    """Identity of a line that is not gitexp's JSON."""
    import hashlib  # loads OpenSSL, which few merges need

    return hashlib.sha256(line.encode(errors="surrogateescape")).hexdigest()
