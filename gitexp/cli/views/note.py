"""What noting a remark prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import print_json, wrapped

if TYPE_CHECKING:
    from gitexp.workflows.note import Noted


def noted(done: Noted, *, as_json: bool) -> None:
    """Print a remark that was stored, and where to read it."""
    if as_json:
        print_json(done)
        return
    typer.echo(f"exp/{done.name}")
    typer.echo(wrapped(str(done.remark), lines=3))
