from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import keep as views
from gitexp.lab.project import open_project
from gitexp.workflows import accept as workflow


def accept(
    name: Name = None,
    anyway: Annotated[
        str,
        typer.Option(
            metavar="WHY", help="Accept it although it is not confirmed; your reason is recorded."
        ),
    ] = "",
    pr: Annotated[
        bool, typer.Option("--pr", help="Push the branch and its results for review instead.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Merge a confirmed experiment into the baseline branch."""
    if pr:
        views.offered(workflow.offer(open_project(), name, anyway=anyway), as_json=json_)
    else:
        views.accepted(workflow.accept(open_project(), name, anyway=anyway), as_json=json_)
