"""Which parsed values differ between two versions of a config file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitexp.rules.documents.change import Change, ChangeKind, spell_file
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import Key, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import ABSENT, same
from gitexp.rules.gate.repeated_values import fold_followers
from gitexp.rules.gate.steps import number_alike


def compare_values(
    path: str, before: bytes, after: bytes, at: int, *, in_one_line: bool = True
) -> tuple[list[Change], list[Finding]]:
    """Parse both versions of a config and return the values that differ.

    `at` is the line in which the versions first differ, `in_one_line` whether they do in no other.
    A finding (C7, C9, C19) says why no values are returned.
    """
    sides = []
    for content, name in ((before, " on the baseline"), (after, "")):
        try:
            sides.append(formats.read_document(path, content))
        except Malformed as error:
            return [], [
                Finding(
                    "C7",
                    f"{spell_file(path)} does not parse{name}: {error}",
                    "fix the file; nothing was run",
                    path,
                    error.line,
                )
            ]
    if loosened := _loosened(path, before, after, at):
        return [], [loosened]
    old, new = map(formats.leaves_of, number_alike(*sides))
    changes = fold_followers(path, before, after, _differences(path, old, new, at))
    removed = [change.key for change in changes if change.kind is ChangeKind.REMOVED]
    added = [change.key for change in changes if change.kind is ChangeKind.ADDED]
    if len(removed) + len(added) == len(changes) and (
        renamed := _find_rename(path, old, new, removed, added, at)
    ):
        return [], [renamed]
    if len(changes) == 1 and in_one_line and (reordered := _find_reordering(changes[0], old, new)):
        return [], [reordered]
    return changes, []


def _find_reordering(
    change: Change, old: Mapping[Key, Any], new: Mapping[Key, Any]
) -> Finding | None:
    """C19: find that values beside the one that differs stand in another order than before."""
    own = {change.key, *change.followers}
    before = [key for key in old if key in new and key not in own]
    after = [key for key in new if key in old and key not in own]
    if before == after:
        return None
    moved = next(key for key, other in zip(after, before, strict=True) if key != other)
    return Finding(
        "C19",
        f"{change.spelled_key} is not all that differs: {spell_key(moved)} has another place among"
        " the values, and to many programs their order matters",
        "leave all others where they are on the baseline",
        change.file,
        change.line,
    )


def change_before(path: str, before: bytes, after: bytes) -> Change | None:
    """Return a change under the key that earlier registrations have, if that may be another.

    Both versions are valid.
    """
    old, new = (formats.read_as_before(path, content) for content in (before, after))
    if old is None or new is None:
        return None
    changes = _differences(path, old, new, 0)
    return changes[0] if len(changes) == 1 else None


def _loosened(path: str, before: bytes, after: bytes, at: int) -> Finding | None:
    """C7: find that JSON which any program can read has got a comment or a last comma."""
    is_strict = getattr(formats.format_of(path), "is_strict", None)
    if not is_strict or is_strict(after.decode("utf-8-sig")):
        return None
    if not is_strict(before.decode("utf-8-sig")):
        return None
    said = (
        f"{spell_file(path)} has a comment or a comma after the last item now, which JSON forbids"
    )
    return Finding("C7", said, "take it out; a program that reads JSON would fail", path, at)


def _differences(
    path: str, old: Mapping[Key, Any], new: Mapping[Key, Any], at: int
) -> list[Change]:
    """Return the leaves that differ: those replaced, then those removed, then those added."""
    changes = [
        Change(path, key, old[key], new[key], at)
        for key in old
        if key in new and not same(old[key], new[key])
    ]
    removed = [key for key in old if key not in new]
    added = [key for key in new if key not in old]
    # An empty table or array only holds keys, and so does YAML's `key:` above its first indented
    # line: filling or emptying it is one change, not two.
    above_added, above_removed = _parent_keys(added), _parent_keys(removed)
    changes += [
        Change(path, key, old[key], ABSENT, at)
        for key in removed
        if not (old[key] in ({}, [], None) and key in above_added)
    ]
    changes += [
        Change(path, key, ABSENT, new[key], at)
        for key in added
        if not (new[key] in ({}, [], None) and key in above_removed)
    ]
    return changes


def _parent_keys(keys: Sequence[Key]) -> set[Key]:
    return {key[:length] for key in keys for length in range(len(key))}


def _find_rename(
    path: str,
    before: Mapping[Key, Any],
    after: Mapping[Key, Any],
    removed: Sequence[Key],
    added: Sequence[Key],
    at: int,
) -> Finding | None:
    """C9: find a key or a table that was renamed together with all that it holds."""
    if not removed or len(removed) != len(added):
        return None
    old, new = removed[0], added[0]
    # What both keys end in is not part of the name that changed.
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    moved = all(
        a[: len(old)] == old and b == new + a[len(old) :] and same(before[a], after[b])
        for a, b in zip(removed, added, strict=True)
    )
    if not moved:
        return None
    if any(key[: len(old)] == old for key in after) or any(
        key[: len(new)] == new for key in before
    ):
        # Both tables exist before and after: keys moved from one to the other.
        old, new = removed[0], added[0]
        if len(removed) > 1:
            return None
    thing, more = "key", ""
    if len(old) < len(removed[0]):
        thing = "table"
        more = f" (with its {len(removed)} key{'' if len(removed) == 1 else 's'})"
    return Finding(
        "C9",
        f"{spell_file(path)}: the {thing} {spell_key(old)} was renamed to"
        f" {spell_key(new)}{more}; that removes one and adds another",
        "rename it on the baseline, together with the code that reads it; then change its value",
        path,
        at,
    )
