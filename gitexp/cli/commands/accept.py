from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import keep as views
from gitexp.errors import UsageError
from gitexp.lab.projects.project import open_project
from gitexp.workflows import accept as workflow
from gitexp.workflows.retest import carry_on


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
    carry: Annotated[
        bool,
        typer.Option(
            "--carry", help="Then register again what was planned or confirmed on the old tip."
        ),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Merge a confirmed experiment into the baseline branch."""
    if pr and carry:
        raise UsageError(
            "--pr does not accept the experiment yet, so there is nothing to carry over",
            "gitexp accept --pr",
        )
    if pr:
        views.offered(workflow.offer(open_project(), name, anyway=anyway), as_json=json_)
        return
    done = workflow.accept(open_project(), name, anyway=anyway)
    carried = carry_on(open_project()) if carry else None
    views.accepted(done, carried, as_json=json_)
