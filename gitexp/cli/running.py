"""Carry out what `gitexp run` was asked: in a terminal, in a queue's process, or into a script.

Functions below import what only some kinds of runs need.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import typer

from gitexp.cli import live
from gitexp.cli.views import run as views
from gitexp.errors import Stopped, UsageError
from gitexp.lab.measuring.driving import AskedRuns, RunOptions
from gitexp.rules.documents.purpose import RunKind
from gitexp.rules.documents.where import HERE
from gitexp.workflows.run import Unfinished, run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from gitexp.errors import GitexpError
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.projects.project import Project
    from gitexp.lab.workers.remote_cluster import RemoteCluster
    from gitexp.rules.documents.where import Where


class Outcome(NamedTuple):
    """What came of runs: what prints it, and why experiments have no verdict.

    `is_error` where the one error is all that there is to print. `exit_codes` are those without and
    with --exit-code.
    """

    show: Callable[..., None]
    errors: Sequence[GitexpError] = ()
    is_error: bool = False
    exit_codes: tuple[int, int] = (0, 0)


def run_here(
    project: Project,
    asked: AskedRuns,
    where: Where = HERE,
    *,
    as_json: bool,
    yes: bool = False,
    quiet: bool = False,
    by_verdict: bool = False,
) -> None:
    """Make the runs while somebody watches, and print what came of them.

    `by_verdict` turns verdicts into the exit code.
    """
    cluster = cluster_of(project, where)
    with live.watcher(yes=yes, as_json=as_json, quiet=quiet) as watcher:
        done = carry_out(project, asked, watcher, cluster)
    if done.is_error:
        raise done.errors[0]
    done.show(as_json=as_json, quiet=quiet)
    if code := done.exit_codes[by_verdict]:
        raise typer.Exit(code)


def print_script(project: Project, asked: AskedRuns, where: Where) -> None:
    """Print the batch script of what is due now, for a cluster that cannot be reached from here.

    Where nothing is due, print what came of the runs.

    Raises:
        UsageError: there is no script for this kind of cluster.
    """
    from gitexp.engine.clusters.slurm_script import PrintedScript

    on = cluster_of(project, where, printed=True)
    if on is None:
        raise UsageError("--script goes with --on slurm", "gitexp run --on slurm --script")
    done = None
    # Runs that were printed instead of made end those of a baseline here.
    with live.watcher(yes=True) as watcher, contextlib.suppress(Stopped):
        done = carry_out(project, asked, watcher, on)
    if isinstance(on.cluster, PrintedScript) and on.cluster.script:
        typer.echo(on.cluster.script, nl=False)
        typer.echo("submit it with sbatch; when its jobs have ended: the same command", err=True)
    if done is None:
        return
    for error in done.errors:
        if not isinstance(error, Stopped):
            raise error
    if not done.errors:
        done.show(as_json=False)


def cluster_of(project: Project, where: Where, *, printed: bool = False) -> RemoteCluster | None:
    """Return the cluster that is wanted, and the remote that its workers use; None for here.

    `printed`: nothing is submitted, and there is a script to read instead.
    """
    if not where.on:
        return None
    from gitexp.workflows.run_on import cluster_of as away  # loads what syncs and hands runs over

    return away(project, where, printed=printed)


def carry_out(
    project: Project,
    asked: AskedRuns,
    watcher: Watcher,
    on: RemoteCluster | None,
    to_stop: Callable[[], Collection[str]] | None = None,
) -> Outcome:
    """Make the runs; `to_stop` names experiments to end, and is asked again and again."""
    options = RunOptions(watcher, asked.jobs, asked.gpus, to_stop, on)
    if asked.kind is RunKind.SMOKE:
        from gitexp.cli.views.samples import smoked
        from gitexp.workflows.smoke import smoke

        name = next(iter(asked.names), None)
        return Outcome(partial(smoked, smoke(project, name, options)))
    if asked.kind is not RunKind.EXPERIMENTS:
        from gitexp.cli.views.baseline import measured
        from gitexp.workflows.baseline import measure_baseline

        if to_stop is not None:  # the session of the baseline has no name
            options = options._replace(to_stop=lambda: {""} if to_stop() else ())
        again = asked.kind is RunKind.BASELINE_AGAIN
        repeats = measure_baseline(project, options, again=again)
        return Outcome(partial(measured, project, repeats))
    if asked.screening is not None:
        from gitexp.cli.views.screen import screened
        from gitexp.workflows.screen import screen

        runs, share = asked.screening
        ranking = screen(project, asked.names, options, runs=runs, share=share)
        errors = [one.error for one in ranking.unfinished]
        worst = max((error.exit_code for error in errors), default=0)
        return Outcome(partial(screened, ranking), errors, exit_codes=(worst, worst))
    ended = run(project, asked.names, options, explore=asked.explore)
    errors = [one.error for one in ended if isinstance(one, Unfinished)]
    return Outcome(
        partial(views.ended, ended, several=asked.several),
        errors,
        is_error=bool(errors) and not asked.several,
        exit_codes=(
            views.exit_code(ended, by_verdict=False),
            views.exit_code(ended, by_verdict=True),
        ),
    )
