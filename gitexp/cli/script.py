"""The batch script of what is due, for a cluster that cannot be reached from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli import live
from gitexp.cli.views import run as views
from gitexp.engine.clusters.slurm_script import PrintedScript
from gitexp.errors import Stopped, UsageError
from gitexp.workflows.away import place_of
from gitexp.workflows.run import Unfinished, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.project import Project
    from gitexp.rules.documents.elsewhere import Where


def print_script(project: Project, names: Sequence[str], *, where: Where, jobs: int | None) -> None:
    """Print the script of what is due now; where nothing is, print the verdicts.

    Raises:
        UsageError: there is no script for this kind of cluster.
    """
    place = place_of(project, where, printed=True)
    if place is None:
        raise UsageError("--script goes with --on slurm", "gitexp run --on slurm --script")
    with live.watcher(yes=True) as watcher:
        ended = run(project, names, jobs=jobs, watcher=watcher, on=place)
    cluster = place.cluster
    if isinstance(cluster, PrintedScript) and cluster.script:
        typer.echo(cluster.script, nl=False)
        typer.echo("submit it with sbatch; when its jobs have ended: the same command", err=True)
    for one in ended:
        if isinstance(one, Unfinished) and not isinstance(one.error, Stopped):
            raise one.error
    if not any(isinstance(one, Unfinished) for one in ended):
        views.all_ended(ended, as_json=False)
