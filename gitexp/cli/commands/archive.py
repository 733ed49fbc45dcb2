import datetime as dt
from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Names, seconds_of
from gitexp.cli.views import keep as views
from gitexp.errors import UsageError
from gitexp.lab.projects.project import open_project
from gitexp.workflows import archive as workflow


def archive(
    names: Names = None,
    ruled_out: Annotated[
        bool, typer.Option("--ruled-out", help="All experiments that were ruled out.")
    ] = False,
    older: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="All that were registered longer ago than this, such as 90d; with --ruled-out,"
            " those of them.",
        ),
    ] = "",
    why: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Why you archive them; stored as a remark. It withdraws those without a verdict.",
        ),
    ] = "",
    restore: Annotated[
        bool,
        typer.Option(
            "--restore", help="Make archived or deleted experiments branches again instead."
        ),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Archive experiments, or restore them.

    An archived experiment is no longer listed by `git branch`. It stays in the log, and nothing is
    lost. To withdraw an idea before it runs, archive it with --why.
    """
    if restore:
        if ruled_out or older or why:
            idle = "--ruled-out" if ruled_out else "--older" if older else "--why"
            raise UsageError(f"--restore does not take {idle}", "gitexp archive --restore NAME")
        views.restored(workflow.restore(open_project(), names or []), as_json=json_)
        return
    age = dt.timedelta(seconds=seconds_of(older)) if older else None
    done = workflow.archive(open_project(), names or [], ruled_out=ruled_out, older=age, why=why)
    views.archived(done, as_json=json_)
