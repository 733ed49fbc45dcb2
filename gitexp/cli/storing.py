"""Commands that keep the notebook in order: what is put away, what is freed, what is mended."""

# Not postponed: see main.py.
from pathlib import Path
from typing import Annotated

import typer

from gitexp.errors import NotReady, UsageError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Experiments, by their names.")
]


def archive(
    names: Names = None,
    ruled_out: Annotated[
        bool, typer.Option("--ruled-out", help="All whose hypothesis was ruled out.")
    ] = False,
    older: Annotated[
        str, typer.Option(metavar="TIME", help="All registered longer ago: 90d; with the above.")
    ] = "",
    json_: AsJson = False,
) -> None:
    """Put experiments away, out of `git branch`.

    They stay in the log, and nothing of them is lost.
    """
    import datetime as dt

    from gitexp.cli.views import keep as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.archive import archive as workflow

    age = dt.timedelta(seconds=_seconds(older)) if older else None
    done = workflow(open_project(), names or [], ruled_out=ruled_out, older=age)
    views.archived(done, as_json=json_)


def restore(names: Names = None, json_: AsJson = False) -> None:
    """Bring experiments that were archived, or deleted by hand, back to branches."""
    from gitexp.cli.views import keep as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.archive import restore as workflow

    done = workflow(open_project(), names or [])
    views.restored(done, as_json=json_)


def gc(
    older: Annotated[
        str, typer.Option(metavar="TIME", help="Free what was not used for this long.")
    ] = "30d",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only say what would be freed.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Free the room that runs take on this disk.

    Their folders with full logs, and the checkouts they ran in. Records, verdicts and whatever
    a live run uses stay.
    """
    from gitexp.cli.views import doctor as views
    from gitexp.lab.leftovers import free_room
    from gitexp.store.repository import Repository

    found = free_room(Repository.discover(Path.cwd()), _seconds(older), dry=dry_run)
    views.freed(found, older, dry=dry_run, as_json=json_)


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False,
    json_: AsJson = False,
) -> None:
    """Look for what is wrong with gitexp's part here.

    Hooks, settings, refs, notes, locks, checkouts, and git settings that would lose results. Ends
    with 1 where something is wrong.
    """
    from gitexp.cli.views import doctor as views
    from gitexp.workflows.doctor import doctor as workflow

    found = workflow(Path.cwd(), fix=fix)
    views.examined(found, fix=fix, as_json=json_)
    if any(one.wrong for one in found):
        raise typer.Exit(1)


def _seconds(text: str) -> float:
    from gitexp.rules.documents.settings import parse_time

    try:
        return parse_time(text, "--older")
    except NotReady as error:
        raise UsageError(error.message, "for example: --older 30d") from None


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (archive, restore, gc, doctor):
        app.command()(command)
