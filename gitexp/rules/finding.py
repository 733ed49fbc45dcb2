"""What a rule returns: a value with a stable id, never an exception."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    The meaning of `id` never changes between releases, and `gitexp help ID` explains it. `hint` is
    the next step, with commands that can be pasted. If `advice` is true, it only informs; otherwise
    it refuses.
    """

    id: str
    message: str
    hint: str = ""
    file: str | None = None
    line: int | None = None
    advice: bool = False


def refusals(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that refuse."""
    return tuple(finding for finding in findings if not finding.advice)


def advice(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that only inform."""
    return tuple(finding for finding in findings if finding.advice)
