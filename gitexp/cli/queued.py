"""A queue's beginning, what its process does, and what it printed once it has ended."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING, Any

import typer

from gitexp.cli import live
from gitexp.cli.errors import failure_json
from gitexp.cli.running import Outcome, carry_out, cluster_of
from gitexp.cli.views.queue import begun
from gitexp.cli.views.terminal import in_json
from gitexp.errors import GitexpError, UsageError
from gitexp.lab.measuring.driving import AskedRuns
from gitexp.lab.projects.project import Project, open_project
from gitexp.lab.queues.replaced import Replaced, Wishes
from gitexp.rules.documents.where import Where
from gitexp.rules.rendering import error_text
from gitexp.workflows.queue import detach, find_queue

if TYPE_CHECKING:
    from gitexp.lab.queues.queue import Queue


def run_detached(
    project: Project, asked: AskedRuns, where: Where, *, yes: bool, as_json: bool
) -> None:
    """Begin a queue that makes the runs which were asked for, and say how to watch and stop it."""
    # Typing --detach agrees to long runs; a program has to say --yes, as for any run.
    begun(detach(project, asked, where, yes=yes or sys.stdin.isatty()), as_json=as_json)


def run_queue(number: str) -> None:
    """Run what a queue was asked for, and keep what a terminal would have shown."""
    project = open_project()
    queue = find_queue(project, number)
    asked = AskedRuns(
        queue.left, queue.jobs, queue.several, queue.kind,
        (queue.runs, queue.share) if queue.runs else None, queue.gpus,
    )  # fmt: skip
    with live.watcher(yes=queue.yes, as_json=True, every=True) as watcher:
        try:
            cluster = cluster_of(project, Where(queue.on, queue.remote, queue.address))
            if not asked.names:
                raise UsageError("every experiment of the queue was stopped")
            done = carry_out(project, asked, watcher, cluster, Wishes(queue))
            result = _failed(done.errors[0]) if done.is_error else _kept(done)
        except Replaced as replaced:
            watcher.said(replaced.message)
            replaced.go_on()
        except GitexpError as error:
            queue.finish(_failed(error))
            raise
    queue.finish(result)


def shown(queue: Queue, *, as_json: bool, by_verdict: bool) -> None:
    """Print what a queue that has ended would have printed; its exit code is ours."""
    result = queue.result
    if as_json:
        typer.echo(result.get("json", "{}"))
    else:
        typer.echo(result.get("out", ""), nl=False)
    typer.echo(result.get("err", ""), err=True, nl=False)
    # Unlike that of typer, this exit may be 130 without having been interrupted itself.
    raise SystemExit(result.get("exit_by_verdict" if by_verdict else "exit", 70))


def _kept(done: Outcome) -> dict[str, Any]:
    """What is kept of the end: both things that could be asked for, and the exit codes."""
    out, err, in_json = io.StringIO(), io.StringIO(), io.StringIO()
    for stream, as_json in ((out, False), (in_json, True)):
        errors = io.StringIO() if as_json else err  # the same would be said twice
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(errors):
            done.show(as_json=as_json)
    code, by_verdict = done.exit_codes
    return {
        "out": out.getvalue(),
        "err": err.getvalue(),
        "json": in_json.getvalue().rstrip("\n"),
        "exit": code,
        "exit_by_verdict": by_verdict,
    }


def _failed(error: GitexpError) -> dict[str, Any]:
    return {
        "out": "",
        "err": error_text(error, "gitexp") + "\n",
        "json": in_json(failure_json(error)),
        "exit": error.exit_code,
        "exit_by_verdict": error.exit_code,
    }
