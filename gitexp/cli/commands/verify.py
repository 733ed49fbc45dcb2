from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import integrity as views
from gitexp.lab.projects.project import open_project
from gitexp.workflows.verify import verify as workflow


def verify(
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Rewrite verdict notes that do not match their records."),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Recompute every verdict, and report what does not match.

    From commit messages and records alone. Also checks the limits, the rules and the history of the
    notes, and lists the error bound of each campaign.
    """
    report = workflow(open_project(), fix=fix)
    views.verified(report, as_json=json_)
    if not report.ok:
        raise typer.Exit(1)
