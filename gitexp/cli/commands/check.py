from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import integrity as views
from gitexp.errors import UsageError
from gitexp.lab import gate as workflow
from gitexp.store.repository import Repository


def check(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|RANGE]",
            help="Experiment, or a range of commits such as main..; default: the experiment that is"
            " checked out, else the one you started last.",
        ),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Every experiment that is not archived.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Check experiments against every rule.

    One changed line, one value, a hypothesis with its reason, and trailers that are true. In a
    range every commit that is an experiment is checked; the others are only counted.
    """
    if all_ and name:
        raise UsageError(f"give --all or {name}, not both", "gitexp check --all")
    repository = Repository.discover(Path.cwd())
    if all_ or (name and ".." in name):
        sweep = (
            workflow.check_all(repository) if all_ else workflow.check_range(repository, name or "")
        )
        views.swept(sweep, as_json=json_)
        ok = sweep.ok
    else:
        report = workflow.check(repository, name)
        views.checked(report, as_json=json_)
        ok = report.ok
    if not ok:
        raise typer.Exit(1)
