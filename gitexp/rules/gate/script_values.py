"""The values in a script that is a config, too: what it assigns, and does not compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.rules.gate.formats import LARGEST, leaves_of
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.python import parse_assignments
from gitexp.rules.gate.formats.values import Source

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key


def assigned_values(content: bytes) -> dict[Key, Any]:
    """Values that a script assigns, without those that it computes.

    Raises:
        ValueError: it is not a script that can be read.
    """
    if len(content) > LARGEST:
        raise Malformed(f"more than {LARGEST:,} bytes")
    try:
        found = leaves_of(parse_assignments(content.decode("utf-8-sig")))
    except RecursionError:
        raise Malformed("nested too deeply") from None
    return {key: value for key, value in found.items() if not isinstance(value, Source)}
