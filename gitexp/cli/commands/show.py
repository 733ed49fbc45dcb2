import contextlib
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import show as views
from gitexp.errors import NotReady, UsageError
from gitexp.lab.projects.project import open_project
from gitexp.workflows.show import show as workflow

# Imports inside functions: a sheet needs none of them, nor NumPy.


def show(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Experiment; default: the one checked out, else the one you started last."
            " Several are put side by side.",
        ),
    ] = None,
    diff: Annotated[
        bool,
        typer.Option(
            "--diff", help="Print git's diff of two experiments, or of one and its baseline."
        ),
    ] = False,
    curves: Annotated[
        bool,
        typer.Option("--curves", help="Draw what runs logged step by step, and the baseline's."),
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
    """Show one experiment in full, or several side by side.

    Of one: its hypothesis, criterion and verdict, every pair of runs, and where they ran. Of
    several: only what differs between them.
    """
    if follow and not logs:
        raise UsageError("--follow goes with --logs", "gitexp show --logs -f NAME")
    if metric is not None and not curves:
        raise UsageError("--metric goes with --curves", "gitexp show --curves --metric METRIC NAME")
    asked = [
        word
        for word, is_given in (("--diff", diff), ("--curves", curves), ("--logs", logs))
        if is_given
    ]
    if json_ and (diff or logs):
        raise UsageError(f"{asked[0]} does not take --json", f"gitexp show {asked[0]} NAME")
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} does not take {asked[1]}", f"gitexp show {asked[0]} NAME")
    wanted: list[str | None] = [*names] if names else [None]
    if logs:
        if len(wanted) > 1:
            raise UsageError("--logs takes one experiment", f"gitexp show --logs {wanted[0]}")
        from gitexp.workflows.logs import logs as read_logs

        views.printed(read_logs(open_project(), wanted[0], follow=follow))
    elif diff:
        from gitexp.workflows.tree_diff import show_diff

        show_diff(open_project(), wanted)
    elif curves:
        from gitexp.cli.views.curves import curves as draw
        from gitexp.workflows.curves import curves as read_curves

        draw(*read_curves(open_project(), wanted, metric), as_json=json_)
    elif names and len(names) > 1:
        from gitexp.cli.views.side_by_side import side_by_side as compare
        from gitexp.workflows.side_by_side import side_by_side

        project = open_project()
        found = side_by_side(project, names)
        compare(found, as_json=json_)
        if found.curved and not json_:
            from gitexp.cli.views.curves import curves as draw
            from gitexp.workflows.curves import curves as read_curves

            with contextlib.suppress(NotReady):  # only runs that failed have logged
                drawn = read_curves(project, [*found.names], None)
                typer.echo("")
                draw(*drawn, as_json=False)
    else:
        views.show(workflow(open_project(), wanted[0]), as_json=json_)
