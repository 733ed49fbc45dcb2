import sys
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli.views import setup as views
from gitexp.errors import NotReady
from gitexp.lab import trust as workflow
from gitexp.lab.gate import check
from gitexp.lab.project import open_project
from gitexp.store.repository import Repository


def trust(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Experiment whose own settings you approve; default: the baseline branch's.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve without asking.")] = False,
) -> None:
    """Show what would run and measure here, and approve it.

    A pull can bring settings that run another command, or change a protected file. Nothing runs
    until you approve.
    """
    if name is None:
        project = open_project()
        commit, where = project.tip, f"on {project.baseline}"
    else:
        report = check(Repository.discover(Path.cwd()), name)
        project, commit = report.project, report.base
        where = f"of exp/{report.name}"
    waiting = workflow.unapproved(project, commit)
    if not waiting:
        views.trusted(f"{project.settings_path} {where}")
        return
    for one in waiting:
        views.untrusted(f"{one.what} {where}", one.difference)
    again = f"gitexp trust {name}" if name else "gitexp trust"
    if not yes:
        if not sys.stdin.isatty():
            raise NotReady(
                "approving needs a terminal, or --yes", f"read the above, then: {again} --yes"
            )
        if not typer.confirm("Let this clone run that?"):
            raise NotReady("not approved, so nothing of that runs here", again)
    workflow.trust(project, commit)
    views.approved()
