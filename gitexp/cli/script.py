"""The batch script of what is due, for a cluster that cannot be reached from here."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import typer

from gitexp.cli import live
from gitexp.cli.running import AskedRuns, carry_out
from gitexp.engine.clusters.slurm_script import PrintedScript
from gitexp.errors import Stopped, UsageError
from gitexp.lab.projects.project import Project
from gitexp.workflows.run_on import cluster_of

if TYPE_CHECKING:
    from gitexp.rules.documents.where import Where


def print_script(project: Project, asked: AskedRuns, where: Where) -> None:
    """Print the script of what is due now; where nothing is, print what came of it.

    Raises:
        UsageError: there is no script for this kind of cluster.
    """
    on = cluster_of(project, where, printed=True)
    if on is None:
        raise UsageError("--script goes with --on slurm", "gitexp run --on slurm --script")
    done = None
    # Runs that were printed instead of made end those of a baseline here.
    with live.watcher(yes=True) as watcher, contextlib.suppress(Stopped):
        done = carry_out(project, asked, watcher, on)
    cluster = on.cluster
    if isinstance(cluster, PrintedScript) and cluster.script:
        typer.echo(cluster.script, nl=False)
        typer.echo("submit it with sbatch; when its jobs have ended: the same command", err=True)
    if done is None:
        return
    for error in done.errors:
        if not isinstance(error, Stopped):
            raise error
    if not done.errors:
        done.show(as_json=False)
