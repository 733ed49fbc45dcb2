"""What accepting, archiving and restoring print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import print_json
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitexp.workflows.accept import Accepted, Offered
    from gitexp.workflows.archive import Archived


def accepted(done: Accepted, *, as_json: bool) -> None:
    """Print what accepting did."""
    if as_json:
        print_json(
            {
                "name": done.name,
                "baseline": done.baseline,
                "commit": done.commit,
                "before": done.before,
                "waiting": done.waiting,
            }
        )
        return
    if done.already:
        typer.echo(f"exp/{done.name} is already accepted: {done.baseline} has {done.commit[:10]}.")
        typer.echo("next: gitexp run --baseline (measures the new baseline on fresh seeds)")
        return
    typer.echo(f"exp/{done.name} is now on {done.baseline} ({done.commit[:10]}).")
    typer.echo(f"undo: git {_undo(done)}")
    if done.waiting:
        those = "1 idea was" if done.waiting == 1 else f"{done.waiting:,} ideas were"
        typer.echo(f"{those} planned on the former baseline: gitexp retest --planned")
    typer.echo("next: gitexp run --baseline (measures the new baseline on fresh seeds)")


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


def archived(done: Archived, *, as_json: bool) -> None:
    """Print what went into the archive, what did not and why, and how to undo it."""
    if as_json:
        print_json(
            {
                "archived": [{"name": n, "commit": c} for n, c in done.moved.items()],
                "left": [{"name": n, "reason": why} for n, why in done.left.items()],
            }
        )
        return
    for name in done.moved:
        typer.echo(f"exp/{name} is in the archive.")
    for name, why in done.left.items():
        typer.echo(visible(f"exp/{name} {why}, so it stays a branch."))
    if not done.moved and not done.left:
        typer.echo("There is nothing to archive.")
    elif done.moved:
        typer.echo(f"undo: gitexp archive --restore {' '.join(done.moved)}")


def restored(done: Mapping[str, str], *, as_json: bool) -> None:
    """Print which experiments are branches again."""
    if as_json:
        print_json([{"name": name, "commit": commit} for name, commit in done.items()])
        return
    for name in done:
        typer.echo(f"exp/{name} is a branch again.")
