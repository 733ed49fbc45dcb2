"""What taking in prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import print_json
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.workflows.accept import Accepted, Offered


def accepted(done: Accepted, *, as_json: bool) -> None:
    """Print what accepting did."""
    if as_json:
        print_json(
            {
                "name": done.name,
                "baseline": done.baseline,
                "commit": done.commit,
                "before": done.before,
            }
        )
        return
    typer.echo(f"exp/{done.name} is on {done.baseline} now ({done.commit[:10]}).")
    typer.echo(f"undo: git {_undo(done)}")
    typer.echo("next: gitexp baseline measures the new baseline on fresh seeds")


def offered(done: Offered, *, as_json: bool) -> None:
    """Print what was pushed for review."""
    if as_json:
        print_json({"name": done.name, "remote": done.remote, "message": done.message})
        return
    typer.echo(f"exp/{done.name} and its results are on {done.remote}.")
    typer.echo(f"Merge it there; if you squash, keep this message:\n\n{visible(done.message)}")


def _undo(done: Accepted) -> str:
    if done.moved_here:
        return f"reset --keep {done.before[:10]}"
    return f"branch -f {done.baseline} {done.before[:10]}"
