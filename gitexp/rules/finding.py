"""What a rule returns: a value with a stable id, never an exception."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule has to say.

    `id` never changes meaning between releases (docs/rules.md lists them). `hint` is the way on,
    with commands that can be pasted. `advice` findings inform; all others refuse.
    """

    id: str
    message: str
    hint: str = ""
    file: str | None = None
    line: int | None = None
    advice: bool = False
