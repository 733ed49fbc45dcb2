from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import blame as views
from gitexp.lab.projects.project import open_project
from gitexp.workflows.blame import blame_configs


def blame(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A config file; without it, all of them."),
    ] = None,
    untested: Annotated[
        bool,
        typer.Option("--untested", help="Only values never tested, oldest first."),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Show who set each config value, and what else was tried.

    Each line of the configs on the baseline, with the experiment that set its value, the gain that
    was measured, and the values that were ruled out.
    """
    files = blame_configs(open_project(), file)
    if untested:
        views.untested(files, as_json=json_)
    else:
        views.blamed(files, as_json=json_)
