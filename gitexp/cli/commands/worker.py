import os
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli import live
from gitexp.engine.engine import Slot
from gitexp.errors import CommandFailed, UsageError
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.task import Task, parse_task
from gitexp.workflows.worker import work

_INDEX = "SLURM_ARRAY_TASK_ID"


def worker(
    task: Annotated[
        str, typer.Argument(metavar="[TASK]", help="The task, a line of JSON; default: from stdin.")
    ] = "",
    array: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=f"File of tasks, one a line; {_INDEX} says which, from 0."
        ),
    ] = None,
    attached: Annotated[
        bool,
        typer.Option("--attached", help="Stop the run when standard input ends."),
    ] = False,
) -> None:
    """Make one run that another machine asked for, and send it to the remote.

    Programs call it: gitexp run --on. A run that is on record already is not made again.
    """
    slot = Slot(lambda: None)
    wanted = parse_task(_line(task, array))
    if attached:
        threading.Thread(target=_watch, args=(slot,), daemon=True).start()
    with live.watcher() as watcher:
        watcher.said(_about(wanted))
        done = work(wanted, watcher, slot)
    record = done.record
    if record is None:
        typer.echo("stopped: it was no longer needed")
    elif not record.ok:
        raise CommandFailed(f"{_about(wanted)}: {record.failure}", "the failed run is on record")
    else:
        typer.echo("sent" if done.ran else "nothing to do: this run is on record")


def _about(task: Task) -> str:
    return f"{task.commit[:10]}, seed {task.seed}"


def _line(task: str, array: Path | None) -> str:
    """The line of the task, from wherever it is given.

    Raises:
        UsageError: it is given nowhere, or the file has no such line.
    """
    if task:
        return task
    if array is None:
        return sys.stdin.readline()
    index = os.environ.get(_INDEX, "")
    try:
        lines = array.read_text("utf-8").splitlines()
        if not (index.isascii() and index.isdecimal() and int(index) < len(lines)):
            raise UsageError(f"{array} has {len(lines)} tasks, and {_INDEX} is {index or 'unset'}")
        return lines[int(index)]
    except (OSError, ValueError) as error:
        raise UsageError(f"{array} cannot be read: {error}") from None


def _watch(slot: Slot) -> None:
    """Stop the run when standard input ends; a line before that says what to record."""
    said = ""
    for line in sys.stdin:
        said = line.strip() or said
    slot.how = Ended(said) if said in {*Ended} else Ended.FREED
    slot.set()
