"""Rules about the change itself, once it is known to be the only one.

A new rule about changes is a function here, its entry in the catalogue, and a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.finding import Finding
from gitexp.rules.gate.formats.keys import keys_at, parse_key

if TYPE_CHECKING:
    from gitexp.rules.documents.change import Change


def about_change(change: Change, seed_key: str) -> list[Finding]:
    """Find what refuses the change of one value, and what is worth advising."""
    return [finding for finding in (_changes_seed(change, seed_key),) if finding is not None]


def _changes_seed(change: Change, seed_key: str) -> Finding | None:
    if not seed_key or not keys_at([change.key], parse_key(seed_key)):
        return None
    return Finding(
        "C8",
        f"{seed_key} is the seed, and every experiment runs on several seeds anyway",
        "change a value that you have a reason to change; repeats vary the seed",
        change.file,
        change.line,
    )
