"""Values of configs that are scripts, and whether a config keeps its values while code changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats import LARGEST, leaves_of
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import Source, same

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key


def keeps_values(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Whether no value of a config is new or another one; keys that nothing reads may be gone.

    What a config in Python computes is code.
    """
    if before is None or after is None:
        return False
    try:
        old, new = (_values(path, content) for content in (before, after))
    except Malformed:
        return before == after
    return all(key in old and same(old[key], value) for key, value in new.items())


def _values(path: str, content: bytes) -> dict[Key, Any]:
    leaves = formats.read_leaves(path, content)
    return {key: value for key, value in leaves.items() if not isinstance(value, Source)}


def assigned_values(content: bytes) -> dict[Key, Any]:
    """Values that a script assigns, without those that it computes.

    Raises:
        ValueError: it is not a script that can be read.
    """
    from gitexp.rules.gate.formats.python import parse_assignments  # few configs are scripts

    if len(content) > LARGEST:
        raise Malformed(f"more than {LARGEST:,} bytes")
    try:
        found = leaves_of(parse_assignments(content.decode("utf-8-sig")))
    except RecursionError:
        raise Malformed("nested too deeply") from None
    return {key: value for key, value in found.items() if not isinstance(value, Source)}
