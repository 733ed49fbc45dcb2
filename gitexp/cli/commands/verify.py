import sys
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import integrity as views
from gitexp.cli.views.progress import ProgressLine
from gitexp.lab.projects.project import open_project
from gitexp.store.transfer import Progress
from gitexp.workflows.verify import verify as workflow

_PATIENCE = 1.0  # seconds without a sign of life


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
    line = ProgressLine(after=_PATIENCE)

    def watch(step: str, done: int, total: int) -> None:
        line.show(Progress(f"checking {step}", done, total, ""))

    try:
        seen = sys.stderr.isatty() and not json_
        report = workflow(open_project(), fix=fix, watch=watch if seen else None)
    finally:
        line.clear()
    views.verified(report, as_json=json_)
    if not report.ok:
        raise typer.Exit(1)
