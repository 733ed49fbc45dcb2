"""What `gitexp status --for-agent` prints: without colors, unwrapped, and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.rules.plan.briefing import as_json, as_text, fitted
from gitexp.workflows.briefing import FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.plan.briefing import Section


def briefing(sections: Sequence[Section], most: int, *, json: bool) -> None:
    """Print what fits into so many characters, the end of the last line included."""
    typer.echo(fitted(sections, FIRST, most - 1, as_json if json else as_text))
