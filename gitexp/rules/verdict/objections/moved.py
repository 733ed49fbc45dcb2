"""The baseline has moved: its records are those of another one, whatever the condition says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.objections.evidence import Evidence, Objection

if TYPE_CHECKING:
    from gitexp.rules.documents.check import Check

MOVED = "the baseline has moved"
_NAMED = 4  # differences in one sentence


def baseline_moved(evidence: Evidence) -> Objection | None:
    """Object to runs that were compared with a baseline that had moved before they started."""
    moves = [check for check in evidence.checks if check.found is Found.MOVED]
    first = min(moves, key=lambda check: check.moment, default=None)
    if first is None:
        return None
    since = first.moment
    if evidence.pairs and all(mine.began < since for _, mine in evidence.pairs):
        return None
    return Objection(MOVED, say_moved(first))


def say_moved(check: Check) -> str:
    """Say what a repeated run gave, and what is known to differ."""
    # With all their digits: a trainer that repeats itself may have moved in the last of them.
    old, *new = (f"{score:.12g}" for score in check.scores)
    differs = list(check.changed[:_NAMED])
    if more := len(check.changed) - _NAMED:
        differs += [f"and {more} more"] if more > 0 else []
    known = f"what differs: {', '.join(differs)}" if differs else "nothing on record differs"
    return f"seed {check.seed} gave {old}, and now {' and '.join(new)}; {known}"
