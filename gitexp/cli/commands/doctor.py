from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli.options import AsJson, seconds_of
from gitexp.cli.views import doctor as views
from gitexp.errors import UsageError
from gitexp.lab.leftovers import free_room
from gitexp.store.repository import Repository
from gitexp.workflows.doctor import doctor as workflow

_AGE = "30d"


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Fix what is safe to fix.")] = False,
    gc: Annotated[
        bool,
        typer.Option(
            "--gc",
            help="Free disk space instead: folders of old runs, with their full logs, and the"
            " checkouts that they ran in. Records and verdicts stay.",
        ),
    ] = False,
    older: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help=f"With --gc: what was not used for this long; default: {_AGE}."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="With --gc: only say what would be freed.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Find and fix what is wrong with gitexp in this clone.

    Hooks, settings, refs, notes, locks, checkouts, and git settings that would lose results.
    """
    if gc:
        if fix:
            raise UsageError("give --fix or --gc, not both", "gitexp doctor --gc")
        age = _AGE if older is None else older
        found = free_room(Repository.discover(Path.cwd()), seconds_of(age), dry=dry_run)
        views.freed(found, age, dry=dry_run, as_json=json_)
        return
    if older is not None or dry_run:
        idle = "--dry-run" if older is None else "--older"
        raise UsageError(f"{idle} belongs to --gc", "gitexp doctor --gc --dry-run")
    examined = workflow(Path.cwd(), fix=fix)
    views.examined(examined, fix=fix, as_json=json_)
    if any(one.wrong for one in examined):
        raise typer.Exit(1)
