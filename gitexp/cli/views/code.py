"""What is printed about the code below an experiment."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import hanging
from gitexp.rules.text import counted, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.registering import Code
    from gitexp.workflows.start_code import FoundCode

_SHOWN = 5  # files, before the rest is only counted


def code_line(code: Code) -> None:
    """Print the code commit that an experiment stands on."""
    which = f" ({code.commit[:8]})" if code.commit else ""
    typer.echo(hanging("  code:    ", f"{_files(code.paths)}{which}"))


def split_shown(found: FoundCode) -> None:
    """Show what becomes the code commit, and what the experiment on it."""
    code, configs = found.edit.code, found.edit.configs
    typer.echo("Code is edited too. It would become a commit of its own below the experiment:\n")
    code_line(code)
    names = ", ".join(visible(file.path) for file in configs)
    typer.echo(hanging("  change:  ", f"the line in {names}" if names else "none so far"))
    typer.echo("")


def left_in_work_tree(paths: Sequence[str]) -> None:
    """Name untracked files that may have been meant, beside standard output."""
    if paths:
        words = " ".join(shlex.quote(f":/{path}") for path in paths)
        typer.echo(
            f"gitexp: not taken along, because git does not track "
            f"{'them' if paths[1:] else 'it'}: {', '.join(map(visible, paths))}\n"
            f"  if the code needs {'them' if paths[1:] else 'it'}: git add -- {words}",
            err=True,
        )


def _files(paths: Sequence[str]) -> str:
    shown = ", ".join(map(visible, paths[:_SHOWN]))
    rest = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{counted(len(paths), 'file')}: {shown}{rest}"
