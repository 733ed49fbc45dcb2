"""Commands that keep the notebook in order: what is put away, what is freed, what is mended."""

# Not postponed: see main.py.
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitexp.errors import NotReady, UsageError
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.lab.leftovers import Holding

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Experiments, by their names.")
]

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


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

    from gitexp.lab.project import open_project
    from gitexp.workflows.archive import archive as workflow

    age = dt.timedelta(seconds=_seconds(older)) if older else None
    done = workflow(open_project(), names or [], ruled_out=ruled_out, older=age)
    if json_:
        _print_json(
            {
                "archived": [{"name": n, "commit": c} for n, c in done.moved.items()],
                "left": [{"name": n, "reason": why} for n, why in done.left.items()],
            }
        )
        return
    for name in done.moved:
        typer.echo(f"exp/{name} is in the archive.")
    for name, why in done.left.items():
        typer.echo(visible(f"exp/{name} {why}, and stays."))
    if not done.moved and not done.left:
        typer.echo("There is nothing to put away.")
    elif done.moved:
        typer.echo(f"undo: gitexp restore {' '.join(done.moved)}")


def restore(names: Names = None, json_: AsJson = False) -> None:
    """Bring experiments that were archived, or deleted by hand, back to branches."""
    from gitexp.lab.project import open_project
    from gitexp.workflows.archive import restore as workflow

    done = workflow(open_project(), names or [])
    if json_:
        _print_json([{"name": name, "commit": commit} for name, commit in done.items()])
        return
    for name in done:
        typer.echo(f"exp/{name} is a branch again.")


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
    from gitexp.lab.leftovers import free_room
    from gitexp.store.git import Repository

    found = free_room(Repository.discover(Path.cwd()), _seconds(older), dry=dry_run)
    if json_:
        _print_json([one.as_json() for one in found])
        return
    for one in found:
        if one.state in {"old", "freed"}:
            typer.echo(f"{_size(one.size):>9}  {visible(str(one.path))}")
    states = [("freed", "freed"), ("old", "to be freed" if dry_run else "could not be freed")]
    states += [("in use", "in use"), ("kept", f"used in the last {older}, kept")]
    for state, words in states:
        chosen = [one for one in found if one.state == state]
        if chosen:
            typer.echo(f"{words}: {_summed(chosen)}")
    if not found:
        typer.echo("Runs have left nothing behind here.")


def _summed(found: "list[Holding]") -> str:
    from gitexp.rules.verdict.words import counted

    kinds = [
        counted(number, word)
        for kind, word in (("run", "run folder"), ("slot", "checkout"))
        if (number := sum(one.kind == kind for one in found))
    ]
    return f"{' and '.join(kinds)}, {_size(sum(one.size for one in found))}"


def _size(size: float) -> str:
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}"


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False,
    json_: AsJson = False,
) -> None:
    """Look for what is wrong with gitexp's part here.

    Hooks, settings, refs, notes, locks, checkouts, and git settings that would lose results. Ends
    with 1 where something is wrong.
    """
    from gitexp.workflows.doctor import doctor as workflow

    found = workflow(Path.cwd(), fix=fix)
    wrong = [one for one in found if not one.mended and not one.ailment.advice]
    if json_:
        _print_json([one.as_json() for one in found])
    else:
        for one in found:
            ailment = one.ailment
            typer.echo(visible(f"{'mended: ' * one.mended}{ailment.message}"))
            if not one.mended:
                why = f"could not be mended: {one.failure}\n" if one.failure else ""
                mark = f"{ailment.id} · "
                hint = visible(why + ailment.hint).replace("\n", "\n" + " " * len(mark))
                typer.echo(mark + hint)
            typer.echo("")
        if not wrong:
            typer.echo("Nothing is wrong." if not found else "Nothing is wrong now.")
        elif not fix and any(one.ailment.mend for one in wrong):
            typer.echo("gitexp doctor --fix mends what is safe to mend.")
    if wrong:
        raise typer.Exit(1)


def _seconds(text: str) -> float:
    from gitexp.rules.documents.settings import parse_time

    try:
        return parse_time(text, "--older")
    except NotReady as error:
        raise UsageError(error.message, "for example: --older 30d") from None


def _print_json(content: object) -> None:
    typer.echo(json.dumps(content, indent=2, default=str))


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (archive, restore, gc, doctor):
        app.command()(command)
