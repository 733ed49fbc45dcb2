"""Where rules stop a command: a finding that refuses becomes an error."""

from __future__ import annotations

from collections.abc import Iterable

from gitexp.errors import Refused
from gitexp.rules.finding import Finding, refusals


def demand(findings: Iterable[Finding], message: str) -> tuple[Finding, ...]:
    """Return the advice among findings where no rule is broken.

    Raises:
        Refused: a rule is broken; `message` says what does not happen now.
    """
    found = tuple(findings)
    if refusals(found):
        raise Refused(message, found)
    return found
