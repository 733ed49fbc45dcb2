"""What a rule returns: a value with a stable id, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule has to say.

    `id` never changes meaning between releases (docs/rules.md lists them). `hint` is the next step,
    with commands that can be pasted. `advice` only informs; every other finding refuses.
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


def demand(findings: Iterable[Finding], message: str) -> tuple[Finding, ...]:
    """Return the advice among findings where no rule is broken.

    Raises:
        Refused: a rule is broken; `message` says what does not happen now.
    """
    found = tuple(findings)
    if refusals(found):
        raise Refused(message, found)
    return found
