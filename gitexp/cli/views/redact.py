"""What taking a value out prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import listed, print_json
from gitexp.rules.text import counted, visible

if TYPE_CHECKING:
    from gitexp.workflows.redact import Found, Redaction


def redacted(done: Redaction, *, as_json: bool) -> None:
    """Print what was taken out of which notes, and what stays out of reach."""
    if as_json:
        print_json(done.as_json())
        return
    found = done.found
    lines = []
    if not found:
        lines.append(
            "It stands in no record, bulk or log" + (" of these." if found.beyond else ".")
        )
    elif done.dry:
        lines.append(f"It would be taken out of {places(found)}.")
    else:
        lines.append(f"It was taken out of {places(found)}; the past of these notes is gone.")
    if found.beyond:
        lines.append(f"{_hold(found.beyond, ' of other commits')} it, too.")
    if found.fixed:
        lines.append(f"{_hold(found.fixed)} it in what was measured, where it stays.")
    if found.messages:
        lines.append(
            f"The messages of {', '.join(f'exp/{name}' for name in found.messages)} hold it, and a"
            " message is the registration: only the whole experiment can be deleted, by git itself."
        )
    if found:
        logs = " --logs" if found.lines["log"] else ""
        lines.append("\nOut of reach:")
        lines.append("  files and messages in commits, and the work tree")
        if not done.dry:
            lines.append("  objects on this disk, until: git gc --prune=now")
        lines += [f"  {ref}, which holds the notes as they were" for ref in done.holders]
        lines += [f"  the output of runs in {folder}" for folder in done.folders]
        for remote in done.remotes:
            lines.append(
                f"  {remote}, if it was synced there, until: gitexp sync {remote} --redacted{logs}"
                " (then its own reflog and objects, until gc; forks and other clones, until they"
                " sync)"
            )
        if done.remotes:
            lines.append(
                "  what others wrote and is not here yet: gitexp sync --logs, and redact again"
            )
        lines.append("A secret that was shared is known: change it.")
    typer.echo(visible("\n".join(lines)))


def places(found: Found) -> str:
    """How many lines of which kinds hold it, over how many commits."""
    parts = [counted(count, word) for word, count in found.lines.items() if count]
    return f"{listed(parts)} of {counted(found.commits, 'commit')}"


def _hold(count: int, of: str = "") -> str:
    return f"{counted(count, 'line')}{of} {'holds' if count == 1 else 'hold'}"
