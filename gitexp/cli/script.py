"""The batch script of what is due, for a cluster that cannot be reached from here.

Functions below import what few scripts need.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from gitexp.cli import live
from gitexp.cli.views import run as views
from gitexp.engine.clusters.slurm_script import PrintedScript
from gitexp.errors import Stopped, UsageError
from gitexp.workflows.away import place_of
from gitexp.workflows.run import Unfinished, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.errors import GitexpError
    from gitexp.lab.away.elsewhere import Place
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.elsewhere import Where


def print_script(
    project: Project,
    names: Sequence[str],
    *,
    where: Where,
    jobs: int | None,
    baseline: bool = False,
    again: bool = False,
    screening: tuple[int, float] | None = None,
) -> None:
    """Print the script of what is due now; where nothing is, print what came of it.

    That is of experiments, of the `baseline` alone, or of a `screening` with so many runs of each
    on a share of the data.

    Raises:
        UsageError: there is no script for this kind of cluster.
    """
    place = place_of(project, where, printed=True)
    if place is None:
        raise UsageError("--script goes with --on slurm", "gitexp run --on slurm --script")
    with live.watcher(yes=True) as watcher:
        if baseline:
            errors, show = _measured(project, jobs, watcher, place, again=again)
        elif screening is not None:
            errors, show = _screened(project, names, screening, jobs, watcher, place)
        else:
            ended = run(project, names, jobs=jobs, watcher=watcher, on=place)
            errors = [one.error for one in ended if isinstance(one, Unfinished)]
            show = partial(views.all_ended, ended, as_json=False)
    cluster = place.cluster
    if isinstance(cluster, PrintedScript) and cluster.script:
        typer.echo(cluster.script, nl=False)
        typer.echo("submit it with sbatch; when its jobs have ended: the same command", err=True)
    for error in errors:
        if not isinstance(error, Stopped):
            raise error
    if not errors:
        show()


def _measured(
    project: Project, jobs: int | None, watcher: Watcher, place: Place, *, again: bool
) -> tuple[list[GitexpError], Callable[[], None]]:
    from gitexp.cli.views.baseline import measured
    from gitexp.workflows.baseline import measure_baseline

    try:
        done = measure_baseline(project, jobs=jobs, watcher=watcher, again=again, on=place)
    except Stopped as stopped:
        return [stopped], lambda: None
    return [], partial(measured, project, done, as_json=False)


def _screened(
    project: Project,
    names: Sequence[str],
    screening: tuple[int, float],
    jobs: int | None,
    watcher: Watcher,
    place: Place,
) -> tuple[list[GitexpError], Callable[[], None]]:
    from gitexp.cli.views.screen import screened
    from gitexp.workflows.screen import screen

    runs, share = screening
    done = screen(project, names, runs=runs, share=share, jobs=jobs, watcher=watcher, on=place)
    return [one.error for one in done.unfinished], partial(screened, done, as_json=False)
