"""Remarks: what is on record that objects to nothing, but that whoever reads a verdict should know.

They follow the reason of a verdict in its note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.attempts import count_attempts, say_attempts
from gitexp.rules.verdict.objections.failed_runs import TOLERATED

if TYPE_CHECKING:
    from gitexp.rules.verdict.objections.evidence import Evidence


def remarks(evidence: Evidence) -> str:
    """What there is to say, empty if there is nothing."""
    return "; ".join(filter(None, (_attempts(evidence), _checks(evidence))))


def _attempts(evidence: Evidence) -> str:
    mine, theirs = count_attempts(evidence.candidate), count_attempts(evidence.baseline)
    if not mine and theirs.failed + theirs.stopped <= TOLERATED:
        return ""
    return say_attempts(mine, theirs)


def _checks(evidence: Evidence) -> str:
    found = {check.found for check in evidence.checks}
    if Found.OFF in found:
        return "the baseline's records were used again without a check (canary is off)"
    if Found.UNCLEAR in found:
        return (
            "a repeated run of the baseline gave another score, and there are too few records to"
            " tell whether it has moved"
        )
    return ""
