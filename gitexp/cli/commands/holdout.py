from typing import Annotated

import typer

from gitexp.cli import live
from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import integrity as views
from gitexp.lab.projects.project import open_project
from gitexp.workflows.holdout import open_holdout


def holdout(
    name: Name = None,
    why: Annotated[
        str, typer.Option(metavar="TEXT", help="Why you open it; this is recorded.")
    ] = "",
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Test the tip of the baseline branch instead.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Open the locked holdout once; every opening is recorded.

    Runs the command of the setting `holdout` on the first seed, with GITEXP_HOLDOUT=1. Nothing else
    runs that command or sets that variable.
    """
    with live.watcher() as watcher:
        done = open_holdout(open_project(), name, baseline=baseline, why=why, watcher=watcher)
    views.opened(done, as_json=json_)
