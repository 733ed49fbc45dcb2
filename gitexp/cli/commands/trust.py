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
    """Show the settings that would run here, and approve them.

    A pull can bring settings that run another command. Nothing runs by them until you approve.
    """
    if name is None:
        project = open_project()
        where = f"{project.settings_path} on {project.baseline}"
    else:
        report = check(Repository.discover(Path.cwd()), name)
        project = report.project
        where = f"{project.settings_path} of exp/{report.name}"
    if workflow.is_trusted(project):
        views.trusted(where)
        return
    views.untrusted(where, workflow.difference(project))
    again = f"gitexp trust {name}" if name else "gitexp trust"
    if not yes:
        if not sys.stdin.isatty():
            raise NotReady(
                "approving needs a terminal, or --yes", f"read the above, then: {again} --yes"
            )
        if not typer.confirm("Let this clone run that?"):
            raise NotReady("not approved, so nothing runs here by these settings", again)
    workflow.trust(project)
    views.approved()
