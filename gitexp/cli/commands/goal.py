import datetime as dt
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import goal as views
from gitexp.lab.projects.project import open_project
from gitexp.lab.standing.goals import progress
from gitexp.workflows.goal import aim


def goal(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[GOAL]",
            help='What to reach, such as "accuracy >= 0.97 by 2027-01-31"; default: show the'
            " progress.",
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Show the progress toward your goals, or set one.

    Goals are committed on the baseline branch, in GOALS.toml.
    """
    today = dt.datetime.now(tz=dt.UTC).date()
    advice = aim(open_project(), text, today) if text is not None else []
    project = open_project()
    views.goals(progress(project, today), advice, project.settings, as_json=json_)
