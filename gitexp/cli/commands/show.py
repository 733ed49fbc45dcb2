from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import show as views
from gitexp.errors import UsageError
from gitexp.lab.project import open_project
from gitexp.workflows.show import show as workflow


def show(
    name: Name = None,
    logs: Annotated[
        bool, typer.Option("--logs", help="Print the output of its latest run.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="With --logs: keep printing while it runs.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Show one experiment in full.

    Its hypothesis, criterion and verdict, every pair of runs, and where they ran.
    """
    if follow and not logs:
        raise UsageError("--follow goes with --logs", "gitexp show --logs -f NAME")
    if logs:
        if json_:
            raise UsageError("--logs does not take --json", "gitexp show --logs NAME")
        from gitexp.workflows.logs import logs as read_logs  # a sheet needs none of it

        views.printed(read_logs(open_project(), name, follow=follow))
        return
    views.show(workflow(open_project(), name), as_json=json_)
