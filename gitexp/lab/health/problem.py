"""What `gitexp doctor` finds: one thing that is wrong, and how to fix it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong or, if `advice`, only worth knowing; `hint` ends in a command.

    `fix` does what is safe to do without asking; None where nothing is.
    """

    id: str
    message: str
    hint: str
    fix: Callable[[], object] | None = None
    advice: bool = False
