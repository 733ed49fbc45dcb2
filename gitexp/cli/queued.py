"""What the process of a queue does: it runs, and keeps what a terminal would have shown."""

from __future__ import annotations

import contextlib
import io
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from gitexp.cli import live
from gitexp.cli.errors import failure_json
from gitexp.cli.views import run as views
from gitexp.cli.where import place_of
from gitexp.errors import GitexpError, UsageError
from gitexp.lab.projects.project import open_project
from gitexp.lab.queues.queue import QueueKind
from gitexp.rules.documents.elsewhere import Where
from gitexp.rules.rendering import error_text
from gitexp.workflows.queue import find_queue
from gitexp.workflows.run import Unfinished, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.lab.away.elsewhere import Place
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.projects.project import Project
    from gitexp.lab.queues.queue import Queue
    from gitexp.workflows.run import Conclusion


def carry_out(number: str) -> None:
    """Run what a queue was asked for."""
    project = open_project()
    queue = find_queue(project, number)
    with live.watcher(yes=queue.yes, as_json=True, every=True) as watcher:
        try:
            place = place_of(project, Where(queue.on, queue.remote, queue.address))
            names = queue.left
            if not names:
                raise UsageError("every experiment of the queue was stopped")
            if queue.measures_baseline:
                result = _measured(project, queue, watcher, place)
            elif queue.kind is QueueKind.SMOKE:
                result = _smoked(project, queue, watcher, place)
            elif queue.runs:
                result = _screened(project, queue, watcher, place)
            else:
                ended = run(
                    project, names, jobs=queue.jobs, gpus=queue.gpus, watcher=watcher,
                    to_stop=lambda: queue.asked_to_stop, on=place,
                )  # fmt: skip
                result = _result(queue, ended)
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


def _result(queue: Queue, ended: Sequence[Conclusion | Unfinished]) -> dict[str, Any]:
    """What is kept of experiments that were run."""
    if not queue.several and isinstance(ended[0], Unfinished):
        return _failed(ended[0].error)

    def show(*, as_json: bool) -> None:
        if queue.several:
            views.all_ended(ended, as_json=as_json)
        elif not isinstance(ended[0], Unfinished):
            views.concluded(ended[0], as_json=as_json)

    codes = [views.exit_code(ended, by_verdict=one) for one in (False, True)]
    return _kept(show, *codes)


def _screened(
    project: Project, queue: Queue, watcher: Watcher, place: Place | None
) -> dict[str, Any]:
    """Screen what a queue was asked to; returns what is kept of it."""
    # What ranks and shrinks is loaded by --screen alone.
    from gitexp.cli.views.screen import screened
    from gitexp.workflows.screen import screen

    done = screen(
        project, queue.left, runs=queue.runs, share=queue.share, jobs=queue.jobs, gpus=queue.gpus,
        watcher=watcher, to_stop=lambda: queue.asked_to_stop, on=place,
    )  # fmt: skip
    code = max((one.error.exit_code for one in done.unfinished), default=0)
    return _kept(partial(screened, done), code, code)


def _measured(
    project: Project, queue: Queue, watcher: Watcher, place: Place | None
) -> dict[str, Any]:
    """Measure the baseline; returns what is kept of it."""
    # Few queues do.
    from gitexp.cli.views.baseline import measured
    from gitexp.workflows.baseline import measure_baseline

    done = measure_baseline(
        project, jobs=queue.jobs, gpus=queue.gpus, watcher=watcher,
        again=queue.kind is QueueKind.BASELINE_AGAIN,
        to_stop=lambda: {""} if queue.asked_to_stop else (), on=place,
    )  # fmt: skip
    return _kept(partial(measured, project, done), 0, 0)


def _smoked(
    project: Project, queue: Queue, watcher: Watcher, place: Place | None
) -> dict[str, Any]:
    """Run an experiment on a sample of the data; returns what is kept of it."""
    # Few queues do.
    from gitexp.cli.views.samples import smoked
    from gitexp.workflows.smoke import smoke

    done = smoke(
        project, queue.names[0], gpus=queue.gpus, watcher=watcher,
        to_stop=lambda: queue.asked_to_stop, on=place,
    )  # fmt: skip
    return _kept(partial(smoked, done), 0, 0)


def _kept(show: Callable[..., None], code: int, by_verdict: int) -> dict[str, Any]:
    """What is kept of the end: both things that could be asked for, and the exit codes."""
    out, err, in_json = io.StringIO(), io.StringIO(), io.StringIO()
    for stream, as_json in ((out, False), (in_json, True)):
        errors = io.StringIO() if as_json else err  # the same would be said twice
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(errors):
            show(as_json=as_json)
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
        "json": json.dumps(failure_json(error), indent=2),
        "exit": error.exit_code,
        "exit_by_verdict": error.exit_code,
    }
