from typing import Annotated

import typer

from gitexp.cli import live
from gitexp.cli.options import AsJson, Yes
from gitexp.cli.views import gaps as views
from gitexp.lab.projects.project import open_project
from gitexp.workflows.gaps import gaps as workflow


def gaps(
    number: Annotated[
        int, typer.Option("--number", "-n", metavar="N", min=0, help="Show at most this many.")
    ] = 5,
    curve: Annotated[
        bool, typer.Option("--curve", help="Also train on parts of the data: a learning curve.")
    ] = False,
    yes: Yes = False,
    json_: AsJson = False,
) -> None:
    """Show where the baseline loses most.

    Reads the predictions that its runs saved. The gap with the most to gain comes first, each with
    its ceiling.
    """
    project = open_project()
    if curve:
        with live.watcher(yes=yes, as_json=json_) as watcher:
            report = workflow(project, curve=watcher)
    else:
        report = workflow(project)
    views.gaps(report, number, as_json=json_)
