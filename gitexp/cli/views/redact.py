"""What removing a value from results prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import listed, print_json
from gitexp.rules.text import counted, visible

if TYPE_CHECKING:
    from gitexp.lab.redaction import Occurrences
    from gitexp.workflows.redact import Redaction


def redacted(done: Redaction, *, as_json: bool) -> None:
    """Print which notes the value was removed from, and where it may still be."""
    if as_json:
        print_json(done)
        return
    lines = []
    if not done:
        lines.append(
            "No record, bulk line or log" + (" of these" if done.beyond else "") + " contains it."
        )
    elif done.dry_run:
        lines.append(f"It would be removed from {_places(done)}.")
    else:
        lines.append(f"It was removed from {_places(done)}; the history of these notes is gone.")
    if done.beyond:
        lines.append(f"{_hold(done.beyond, ' of other commits')} it too.")
    if done.fixed:
        lines.append(f"{_hold(done.fixed)} it in a measured value, where it stays.")
    if done.messages:
        lines.append(
            f"The messages of {', '.join(f'exp/{name}' for name in done.messages)} contain it. A"
            " message is the registration, so only git can remove it, by deleting the experiment."
        )
    if done.code:
        lines.append(
            f"The code of {', '.join(f'exp/{name}' for name in done.code)} contains it. Only git"
            " can remove it, by deleting the experiment with its code commit."
        )
    if done:
        logs = " --logs" if done.lines["log"] else ""
        lines.append("\nNot removed from:")
        lines.append("  files and messages in commits, and the work tree")
        if not done.dry_run:
            lines.append("  objects on this disk, until you run: git gc --prune=now")
        lines += [f"  {ref}, which holds the notes as they were" for ref in done.holders]
        lines += [f"  the output of runs in {folder}" for folder in done.folders]
        for remote in done.remotes:
            lines.append(
                f"  {remote}, if it was synced there, until you run:"
                f" gitexp sync {remote} --redacted{logs}"
                " (then its own reflog and objects, until gc; forks and other clones, until they"
                " sync)"
            )
        if done.remotes:
            lines.append(
                "  notes of others that are not here yet: gitexp sync --logs, then redact again"
            )
        lines.append("If this is a secret that was ever shared, change it.")
    typer.echo(visible("\n".join(lines)))


def stored_in(held: Occurrences) -> None:
    """Print where a value is stored, before asking whether to remove it."""
    typer.echo(f"It is in {_places(held)}.", err=True)


def _places(found: Occurrences) -> str:
    parts = [counted(count, word) for word, count in found.lines.items() if count]
    return f"{listed(parts)} of {counted(found.commits, 'commit')}"


def _hold(count: int, of: str = "") -> str:
    return f"{counted(count, 'line')}{of} {'contains' if count == 1 else 'contain'}"
