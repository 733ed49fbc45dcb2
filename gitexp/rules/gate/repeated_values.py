"""Values that follow another one: what is written once, and counts at several places.

Only YAML has that, by aliases and merge keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import Change
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.values import same

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key


def fold_followers(
    path: str, before: bytes, after: bytes, changes: Sequence[Change]
) -> list[Change]:
    """Reduce the values that differ to those that are written differently.

    An alias that stands for another block than before is one change, of the alias. Of a single
    change the places that follow are named in it.
    """
    if len(changes) < 2:
        return list(changes)
    old, new = formats.read_written(path, before), formats.read_written(path, after)
    if old is None or new is None:
        return list(changes)
    own: list[Change] = []
    followers: list[Key] = []
    moved: dict[Key, list[Change]] = {}
    for change in changes:
        was, now = old.at(change.key), new.at(change.key)
        if was is None or now is None or was.place != now.place:
            own.append(change)
        elif same(was.value, now.value):
            followers.append(change.key)
        elif was.place == change.key:
            own.append(change)
        else:
            moved.setdefault(was.place, []).append(change)
    for place, parts in moved.items():
        was, now = old.at(place), new.at(place)
        if len(parts) > 1 and was is not None and now is not None:
            keys = tuple(part.key for part in parts)
            own.append(Change(path, place, was.value, now.value, parts[0].line, keys))
        else:
            own += parts
    if len(own) != 1:
        return own or list(changes)
    return [replace(own[0], followers=(*own[0].followers, *followers))]
