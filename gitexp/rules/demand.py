"""Where rules stop a command: a finding that refuses becomes an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import Refused
from gitexp.rules.finding import refusals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.rules.finding import Finding


def demand(findings: Iterable[Finding], message: str) -> tuple[Finding, ...]:
    """Return the advice among findings where no rule is broken.

    Raises:
        Refused: a rule is broken; `message` says what does not happen now.
    """
    found = tuple(findings)
    if refusals(found):
        raise Refused(message, found)
    return found
