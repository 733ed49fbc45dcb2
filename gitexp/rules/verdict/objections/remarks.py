"""Remarks: what is on record that objects to nothing, but that whoever reads a verdict should know.

They follow the reason of a verdict in its note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.documents.found import Found
from gitexp.rules.gate.named_like import by_its_name
from gitexp.rules.text import counted
from gitexp.rules.verdict.failed_runs import say_without_score

if TYPE_CHECKING:
    from gitexp.rules.verdict.objections.evidence import Evidence


def remarks(evidence: Evidence) -> str:
    """What there is to say, empty if there is nothing."""
    said = (
        say_without_score(evidence.candidate, evidence.baseline, evidence.checks),
        _set_aside(evidence),
        _checks(evidence),
        by_its_name(evidence.registration.change),
    )
    return "; ".join(filter(None, said))


def _set_aside(evidence: Evidence) -> str:
    seeds = {check.seed for check in evidence.checks if check.found is Found.SLOW}
    seen = seeds.intersection(record.seed for record in evidence.candidate)
    if not seen:
        return ""
    return f"{counted(len(seen), 'pair')} repeated, because the baseline ran at another speed"


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
