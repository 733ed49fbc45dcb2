import os
import re
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli import live
from gitexp.engine.clusters.hosts import describe_here
from gitexp.engine.engine import Slot
from gitexp.engine.host_clone import own_folder
from gitexp.errors import CommandFailed, UsageError
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.task import Task, parse_tasks
from gitexp.rules.text import counted, json_line
from gitexp.workflows.worker import work

_INDEX = "SLURM_ARRAY_TASK_ID"
_BATCH = re.compile("[0-9a-f]{1,32}")


def worker(
    task: Annotated[
        str,
        typer.Argument(
            metavar="[TASK]",
            help="The task or a list of tasks, a line of JSON; default: from stdin.",
        ),
    ] = "",
    array: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"File of such lines; {_INDEX} says which, from 0."),
    ] = None,
    attached: Annotated[
        bool,
        typer.Option("--attached", help="Stop the run when standard input ends."),
    ] = False,
    about: Annotated[
        str | None,
        typer.Option(
            metavar="PROGRAM", help="Only print as JSON what this machine has to run it with."
        ),
    ] = None,
    tree: Annotated[
        str, typer.Option(metavar="FOLDER", help="With --about: your work tree, if it is here.")
    ] = "",
) -> None:
    """Make runs that another machine asked for, and send them to the remote.

    Programs call it: gitexp run --on. A run that is on record already is not made again.
    """
    if about is not None:
        typer.echo(json_line(describe_here(about, own_folder(tree) or Path.home())))
        return
    slot = Slot(lambda: None)
    tasks = parse_tasks(_line(task, array))
    if attached:
        threading.Thread(target=_watch, args=(slot,), daemon=True).start()
    with live.watcher() as watcher:
        more = f" and {counted(len(tasks) - 1, 'more run')}" if len(tasks) > 1 else ""
        watcher.said(f"{_about(tasks[0])}{more}")
        done = work(tasks, watcher, slot)
    for one in done:
        head = f"{_about(one.task)}: " if more else ""
        if one.error is None and one.record is None:
            typer.echo(f"{head}stopped: it was no longer needed")
        elif one.record is not None and one.record.ok:
            typer.echo(f"{head}{'sent' if one.ran else 'nothing to do: this run is on record'}")
    # What another machine might make comes before what failed, which is on record.
    for one in done:
        if one.error is not None:
            raise one.error
    for one in done:
        if one.record is not None and not one.record.ok:
            said = f"{_about(one.task)}: {one.record.failure}"
            raise CommandFailed(said, "the failed run is on record")


def _about(task: Task) -> str:
    return f"{', then '.join(part.commit[:10] for part in task.parts)}, seed {task.seed}"


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
    how, _, batch = said.partition(" ")
    slot.how = Ended(how) if how in {*Ended} else Ended.FREED
    slot.batch = batch if _BATCH.fullmatch(batch) else ""
    slot.set()
