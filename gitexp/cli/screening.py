"""`gitexp run --screen`: screens ideas while somebody watches, and prints how they rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli import live
from gitexp.cli.views.screen import screened
from gitexp.workflows.screen import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.away.elsewhere import Place
    from gitexp.lab.projects.project import Project


def run_screening(
    project: Project,
    names: Sequence[str],
    *,
    runs: int,
    share: float,
    jobs: int | None,
    gpus: str,
    yes: bool,
    quiet: bool,
    as_json: bool,
    on: Place | None = None,
) -> None:
    """Screen ideas, and print the ranking; fails as the worst of those that could not be run."""
    with live.watcher(yes=yes, as_json=as_json, quiet=quiet) as watcher:
        done = screen(
            project, names, runs=runs, share=share, jobs=jobs, watcher=watcher, gpus=gpus, on=on
        )
    screened(done, as_json=as_json, quiet=quiet)
    if done.unfinished:
        raise typer.Exit(max(one.error.exit_code for one in done.unfinished))
