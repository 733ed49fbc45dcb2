"""What checking a clone and freeing disk space in it print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import print_json, size
from gitexp.rules.text import counted, visible

if TYPE_CHECKING:
    from gitexp.lab.leftovers import Holding
    from gitexp.workflows.doctor import Examined


def examined(found: Sequence[Examined], *, fix: bool, as_json: bool) -> None:
    """Print each problem, how to fix it, and whether it was fixed."""
    if as_json:
        print_json(found)
        return
    wrong = [one for one in found if one.wrong]
    for one in found:
        typer.echo(visible(f"{'fixed: ' * one.mended}{one.message}"))
        if not one.mended:
            why = f"could not be fixed: {one.failure}\n" if one.failure else ""
            mark = f"{one.id} · "
            hint = visible(why + one.hint).replace("\n", "\n" + " " * len(mark))
            typer.echo(mark + hint)
        typer.echo("")
    if not wrong:
        typer.echo("No problems found." if not found else "No problems are left.")
    elif not fix and any(one.fixable for one in wrong):
        typer.echo("gitexp doctor --fix fixes what is safe to fix.")


def freed(found: Sequence[Holding], older: str, *, dry: bool, as_json: bool) -> None:
    """Print what was or would be freed, what is in use, and what was kept."""
    if as_json:
        print_json(found)
        return
    for one in found:
        if one.state in {"old", "freed"}:
            typer.echo(f"{size(one.size):>9}  {visible(str(one.path))}")
    states = [("freed", "freed"), ("old", "to be freed" if dry else "could not be freed")]
    states += [("in use", "in use"), ("kept", f"kept, as it was used in the last {older}")]
    for state, words in states:
        chosen = [one for one in found if one.state == state]
        if chosen:
            typer.echo(f"{words}: {_summed(chosen)}")
    if not found:
        typer.echo("There is nothing to free here.")


def _summed(found: Sequence[Holding]) -> str:
    kinds = [
        counted(number, word)
        for kind, word in (
            ("run", "run folder"),
            ("checkout", "checkout"),
            ("clone", "worker clone"),
        )
        if (number := sum(one.kind == kind for one in found))
    ]
    listed = [", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds
    return f"{' and '.join(listed)}, {size(sum(one.size for one in found))}"
