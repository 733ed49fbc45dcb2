"""Redaction: a value taken out of lines, and tombstones that keep it out of every later merge.

Notes are merged line by line, so what is taken out of a line comes back with the next old clone. A
tombstone tells such a line by all that it says besides what was taken out: no hash of the value is
kept, because a short one could be found by trying (docs/decisions/0015-redaction.md).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from gitexp.rules.documents.outcomes import edit_cells, edit_packed
from gitexp.rules.documents.record import canonical, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SCHEMA = 1
MASK = "[redacted]"
_KIND = "redacted"
TOMBSTONE = f'"{_KIND}"'  # stands in every line that is a tombstone
_COUNT = "redacted"  # how often a line was redacted; the highest count is the one that stays

# What tells runs apart and what they measured. It cannot be redacted, so nobody can use redaction,
# here or by a tombstone pushed from elsewhere, to drop or change a result.
RESULTS = frozenset(
    {
        "attempt", "commit", "condition", "count", "cpu", "duration", "exit", "id", "ids", "inputs",
        "kind", "memory", "metrics", "number", "pairs", "project", "rows", "schema", "seed",
        "start", "variance", "y_pred", "y_score", "y_true", _COUNT,
    }
)  # fmt: skip

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What is taken out: a text wherever it stands, or (`value` empty) all that a key holds."""

    value: str = ""
    key: str = ""

    def holds(self, name: str) -> bool:
        """Whether this key is meant: by its own name, or as the last part of `a.b.key`."""
        return bool(self.key) and (name == self.key or name.endswith(f".{self.key}"))

    def masked(self, text: str) -> str:
        """Return a text without the value; digits inside of another number are no occurrence."""
        if not self.value or self.value not in text or (_is_number(text) and text != self.value):
            return text
        return MASK.join(part.replace(self.value, MASK) for part in text.split(MASK))


def redact_note(text: str, sought: Sought, environments: dict[str, str]) -> tuple[list[str], int]:
    """Take a value out of a note; returns its lines with the tombstones, and how many were changed.

    `environments` gets the old and new hash of each environment whose line was changed. Records
    that cite an old one cite the new one, because from the old hash the value could be told.
    """
    lines = merge_lines(text)
    stones = _read_stones(lines)
    left: list[str] = []
    changed = 0
    for line in lines:
        content = _parse(line)
        if content is None or "schema" not in content:
            if sought.masked(line) == line and not (content and _masked(content, sought)[1]):
                left.append(line)
                continue
            left.append(canonical(_stone() | {"line": _hash(line)}))
        else:
            anew, paths = _redacted(content, sought, environments)
            if not paths:
                left.append(line)
                continue
            number = anew[_COUNT] = _count(content) + 1
            left.append(canonical(anew))
            # What an earlier redaction took out of it is no longer there to tell it by.
            earlier = [path for stone in stones if _stands(content, stone) for path in stone.paths]
            left.append(_tombstone(content, [*paths, *earlier], number))
            if content.get("kind") == "environment":
                environments[sha256(content)] = sha256(anew)
        changed += 1
    return merge_lines("\n".join(left)), changed


def merge_lines(*texts: str) -> list[str]:
    """Return the lines of notes, sorted, each once, without those that tombstones take out.

    Where what was left of such a line is not there to take its place, the whole field is masked.
    """
    lines = {line for text in texts for line in text.split("\n") if line.strip()}
    if stones := _read_stones(lines):
        lines = _without(lines, stones)
    # As git's own cat_sort_uniq has it.
    return sorted(lines, key=lambda line: line.encode(errors="surrogateescape"))


def merge_texts(*texts: bytes) -> bytes:
    """Return the note that notes merge to, as git stores it."""
    lines = merge_lines(*(text.decode(errors="surrogateescape") for text in texts))
    return encoded(lines)


def encoded(lines: Iterable[str]) -> bytes:
    """Return lines as the text of a note."""
    return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")


def still_holds(line: str, sought: Sought) -> bool:
    """Whether a line has a value all the same: where it is part of a result, it stays."""
    content = _parse(line)
    return bool(sought.value) and content is not None and _holds(content, sought)


def _holds(value: Any, sought: Sought) -> bool:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return any(_holds(part, sought) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(_holds(part, sought) for part in value)
    return isinstance(value, str) and sought.masked(value) != value


# --- one line -----------------------------------------------------------------------------------


def _parse(line: str) -> dict[str, Any] | None:
    try:
        content = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _redacted(
    content: dict[str, Any], sought: Sought, environments: dict[str, str]
) -> tuple[dict[str, Any], list[Path]]:
    """Copy of a line without what is sought, and where that stood."""
    if content.get("kind") == _KIND:
        return content, []
    anew, paths = _masked(content, sought)
    cited = content.get("environment")
    if isinstance(cited, str) and cited in environments:
        anew["environment"] = environments[cited]
        paths.append(("environment",))
    return anew, paths


def _masked(content: dict[str, Any], sought: Sought) -> tuple[dict[str, Any], list[Path]]:
    paths: list[Path] = []
    kind = content.get("kind")
    anew: dict[str, Any] = {}
    for name, value in content.items():
        if name in RESULTS or (kind == "metrics" and name == "values"):
            anew[name] = value
        elif kind == "outcomes" and name == "data":
            anew[name] = edit_cells(content, lambda column, text: _cell(sought, column, text))
            paths += [(name,)] if anew[name] != value else []
        else:
            anew[name] = _masked_value(value, sought, (name,), paths, named=sought.holds(name))
    return anew, paths


def _masked_value(
    value: Any,  # noqa: ANN401 - whatever JSON holds
    sought: Sought,
    path: Path,
    paths: list[Path],
    *,
    named: bool = False,
) -> Any:  # noqa: ANN401
    """Copy of a value without what is sought; adds to `paths` where it stood."""
    anew: Any
    if named:
        anew = MASK
    elif isinstance(value, dict):
        anew = {}
        for name, item in value.items():
            shown = sought.masked(name)
            # Where the key itself tells, its object is what the tombstone leaves out.
            below = paths if shown == name else []
            held = sought.holds(name)
            anew[shown] = _masked_value(item, sought, (*path, name), below, named=held)
        if anew.keys() == value.keys():
            return anew
    elif isinstance(value, list):
        return [_masked_value(v, sought, (*path, n), paths) for n, v in enumerate(value)]
    elif isinstance(value, str):
        packed = edit_packed(value, sought.masked)
        anew = sought.masked(value) if packed is None else packed
    elif isinstance(value, bool) or value is None or json.dumps(value) != sought.value:
        return value
    else:
        anew = MASK
    if anew != value:
        paths.append(path)
    return anew


def _cell(sought: Sought, column: str, text: str) -> str:
    return MASK if sought.holds(column) else sought.masked(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _count(content: dict[str, Any]) -> int:
    count = content.get(_COUNT, 0)
    return count if isinstance(count, int) else 0


def _hash(line: str) -> str:
    import hashlib  # loads OpenSSL

    return hashlib.sha256(line.encode(errors="surrogateescape")).hexdigest()


# --- tombstones ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stone:
    """A tombstone of lines: `rest` is the hash of what they say besides what stood at `paths`.

    Those redacted `number` times or more are what is left of them, and stay. Of a line that is no
    JSON of gitexp's, `rest` is the hash of the whole, and there are no paths.
    """

    paths: tuple[Path, ...]
    rest: str
    number: int


def _stone() -> dict[str, Any]:
    return {"kind": _KIND, "schema": SCHEMA}


def _tombstone(content: dict[str, Any], paths: Iterable[Path], number: int) -> str:
    # In their order and none inside of another: the same for all who take out the same.
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda path: [str(step) for step in path]):
        if not any(path[: len(other)] == other for other in kept):
            kept.append(path)
    rest = _rest(content, tuple(kept))
    return canonical(_stone() | {"paths": kept, "rest": rest, "number": number})


def _rest(content: dict[str, Any], paths: tuple[Path, ...]) -> str | None:
    """Hash of all that a line says besides what stands there; None where it lacks a place."""
    left = _put(content, paths, None)
    return None if left is None else sha256({k: v for k, v in left.items() if k != _COUNT})


def _put(content: dict[str, Any], paths: tuple[Path, ...], value: object) -> dict[str, Any] | None:
    """Copy of a line with a value at these places; None where it lacks one of them."""
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


def _stands(content: dict[str, Any], stone: _Stone) -> bool:
    """Whether a line is what was left of one that a tombstone takes out."""
    return (
        bool(stone.paths)
        and _count(content) >= stone.number
        and _rest(content, stone.paths) == stone.rest
    )


def _read_stones(lines: Iterable[str]) -> list[_Stone]:
    """Read tombstones; one that would take a result away counts for nothing."""
    found = []
    for line in lines:
        content = _parse(line) if TOMBSTONE in line else None
        if content is None or content.get("kind") != _KIND or content.get("schema") != SCHEMA:
            continue
        if isinstance(content.get("line"), str):
            found.append(_Stone((), content["line"], 0))
            continue
        paths, rest, number = content.get("paths"), content.get("rest"), content.get("number")
        if (
            isinstance(rest, str)
            and isinstance(number, int)
            and isinstance(paths, list)
            and all(isinstance(path, list) and path and path[0] not in RESULTS for path in paths)
            and all(isinstance(step, str | int) for path in paths for step in path)
        ):
            found.append(_Stone(tuple(tuple(path) for path in paths), rest, number))
    return found


def _without(lines: Iterable[str], stones: Sequence[_Stone]) -> set[str]:
    whole = {stone.rest for stone in stones if not stone.paths}
    parts: dict[tuple[Path, ...], dict[str, _Stone]] = {}
    for stone in sorted((s for s in stones if s.paths), key=lambda stone: stone.number):
        parts.setdefault(stone.paths, {})[stone.rest] = stone
    kept: set[str] = set()
    taken: list[tuple[dict[str, Any], list[_Stone]]] = []
    replaced: set[_Stone] = set()
    for line in lines:
        content = _parse(line)
        if content is None or "schema" not in content:
            kept |= set() if _hash(line) in whole else {line}
            continue
        due = []
        if content.get("kind") not in {_KIND, "metrics"}:
            for paths, stone_of in parts.items():
                if found := stone_of.get(_rest(content, paths) or ""):
                    if _count(content) < found.number:
                        due.append(found)
                    else:
                        replaced.add(found)
        if due:
            taken.append((content, due))
        else:
            kept.add(line)
    for content, due in taken:
        if not replaced & {*due}:
            kept.add(_blanked(content, due))
    return kept


def _blanked(content: dict[str, Any], due: Sequence[_Stone]) -> str:
    for stone in due:
        number = max(_count(content), stone.number)
        content = (_put(content, stone.paths, MASK) or content) | {_COUNT: number}
    return canonical(content)
