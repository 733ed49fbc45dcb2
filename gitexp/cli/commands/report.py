import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli import markdown
from gitexp.cli.options import AsJson
from gitexp.cli.views import goal as goal_views
from gitexp.cli.views import standing as standing_views
from gitexp.cli.views.terminal import in_json
from gitexp.errors import UsageError
from gitexp.lab.project import open_project
from gitexp.workflows.report import report as workflow


def report(
    number: Annotated[
        int,
        typer.Option(
            "--number", "-n", metavar="N", min=1, help="Show at most this many rows of a table."
        ),
    ] = 20,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Write up where the project stands, as Markdown.

    Goals, accepted steps, verdicts, open experiments, and what the campaign still allows: ready to
    paste into a pull request.
    """
    found = workflow(open_project(), dt.datetime.now(tz=dt.UTC).date())
    if json_:
        text = in_json(found.as_json()) + "\n"
    else:
        goals = [*map(goal_views.progress, found.goals)]
        campaign = standing_views.standing_lines(found.standing)
        text = markdown.document(found, goals, campaign, number)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}", "choose another --output"
        ) from None
