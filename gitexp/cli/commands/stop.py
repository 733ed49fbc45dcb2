from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Names
from gitexp.cli.views import queue as views
from gitexp.errors import UsageError
from gitexp.lab.projects.project import open_project
from gitexp.workflows.queue import stop as workflow


def stop(
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="Stop everything in every queue.")] = False,
    json_: AsJson = False,
) -> None:
    """Stop experiments that are running or waiting in a queue.

    A run in progress counts as aborted. Finished runs stay on record, and `gitexp run` continues
    from them.
    """
    if bool(names) == every:
        message = "name experiments or give --all, not both" if names else "stop which experiments?"
        raise UsageError(message, "gitexp stop NAME or gitexp stop --all")
    views.stopped(workflow(open_project(), names or []), as_json=json_)
