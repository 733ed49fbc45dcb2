import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import trust as views
from gitexp.errors import NotReady, UsageError
from gitexp.lab.gate import check
from gitexp.lab.projects.project import open_project
from gitexp.lab.trust.code_trust import trust_signer
from gitexp.lab.trust.to_approve import approve_all, of_experiment, of_project
from gitexp.store.repository import Repository


def trust(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Experiment whose own settings and code you approve; default: all that waits.",
        ),
    ] = None,
    signer: Annotated[
        str,
        typer.Option(
            "--signer", metavar="KEY",
            help="Trust the code that a key signs: its fingerprint, or a public ssh key's file.",
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve without asking.")] = False,
    json_: AsJson = False,
) -> None:  # fmt: skip
    """Show what would run and measure here, and approve it.

    A pull can bring settings that run another command, or change a protected file; an experiment
    can bring code. Nothing runs until you approve. Code that was committed here needs no approval.
    """
    repository = Repository.discover(Path.cwd())
    if signer:
        if name:
            raise UsageError("--signer is about all that a key signs", "leave the name out")
        views.signer(trust_signer(repository, signer), as_json=json_)
        return
    if name is None:
        project = open_project()
        commit, waiting = project.tip, of_project(project)
    else:
        report = check(repository, name)
        project, commit, waiting = report.project, report.base, of_experiment(report)
    if json_:
        if yes:
            approve_all(project, commit, waiting)
        views.waiting_json(waiting, approved=yes or not waiting)
        if waiting and not yes:
            raise typer.Exit(NotReady.exit_code)
        return
    if not waiting:
        views.nothing(name)
        return
    again = f"gitexp trust {shlex.quote(name)}" if name else "gitexp trust"
    views.to_approve(waiting)
    if not yes:
        if not sys.stdin.isatty():
            raise NotReady(
                "approving needs a terminal, or --yes", f"read the above, then: {again} --yes"
            )
        if not typer.confirm("Let this clone run that?"):
            raise NotReady("not approved, so nothing of that runs here", again)
    approve_all(project, commit, waiting)
    views.approved()
