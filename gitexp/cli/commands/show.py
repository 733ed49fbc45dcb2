from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import show as views
from gitexp.errors import UsageError
from gitexp.lab.project import open_project
from gitexp.workflows.show import show as workflow


def show(
    name: Name = None,
    curves: Annotated[
        bool,
        typer.Option("--curves", help="Draw what its runs and the baseline's logged by step."),
    ] = False,
    metric: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="With --curves: the metric; default: its criterion's."),
    ] = None,
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
    if metric is not None and not curves:
        raise UsageError("--metric goes with --curves", "gitexp show --curves --metric METRIC NAME")
    if logs:
        if json_ or curves:
            other = "--json" if json_ else "--curves"
            raise UsageError(f"--logs does not take {other}", "gitexp show --logs NAME")
        from gitexp.workflows.logs import logs as read_logs  # a sheet needs none of it

        views.printed(read_logs(open_project(), name, follow=follow))
        return
    if curves:
        # A sheet needs neither them nor NumPy.
        from gitexp.cli.views.curves import curves as view
        from gitexp.workflows.curves import curves as read_curves

        view(*read_curves(open_project(), [name], metric), as_json=json_)
        return
    views.show(workflow(open_project(), name), as_json=json_)
