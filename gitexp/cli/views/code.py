"""What is printed about the code below an experiment."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.terminal import hanging, print_json, styled
from gitexp.rules.documents.change import ChangeJson
from gitexp.rules.text import counted, first_few, visible

if TYPE_CHECKING:
    from gitexp.lab.registering.committing import Code
    from gitexp.workflows.start_again import Replaced
    from gitexp.workflows.start_code import FoundCode


class ReplacedJson(TypedDict):
    """An experiment whose code was replaced.

    `replaces` is its commit before, and `archived` the name that this has now; `failures` counts
    the failed runs of earlier code.
    """

    name: str
    branch: str
    commit: str
    code: str
    change: ChangeJson
    replaces: str
    archived: str
    failures: int


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


def replaced(done: Replaced, *, as_json: bool, goes_on: bool = False) -> None:
    """Print that an experiment has new code, and what becomes of the old one."""
    if as_json:
        shown: ReplacedJson = {
            "name": done.name, "branch": f"exp/{done.name}", "commit": done.commit,
            "code": done.code.commit, "change": done.change.as_json(),
            "replaces": done.old, "archived": done.archived, "failures": done.failures,
        }  # fmt: skip
        print_json(shown)
        return
    typer.echo(f"{styled(f'exp/{done.name}', bold=True)} has new code; same place, same seeds")
    code_line(done.code)
    before = f"the old code is archived as exp/{done.archived}"
    if done.failures:
        before += f"; {counted(done.failures, 'failed run')} of earlier code will be counted"
    typer.echo(hanging("  before:  ", before))
    if not goes_on:
        typer.echo(f"\nnext: gitexp run {done.name}")


def left_in_work_tree(paths: Sequence[str]) -> None:
    """Name untracked files that may have been meant, beside standard output."""
    if paths:
        words = " ".join(shlex.quote(f":/{path}") for path in paths)
        typer.echo(
            f"gitexp: left out, because git does not track "
            f"{'them' if paths[1:] else 'it'}: {', '.join(map(visible, paths))}\n"
            f"  if the code needs {'them' if paths[1:] else 'it'}: git add -- {words}",
            err=True,
        )


def _files(paths: Sequence[str]) -> str:
    return f"{counted(len(paths), 'file')}: {first_few([*map(visible, paths)], _SHOWN)}"
