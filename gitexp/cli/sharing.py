"""Commands that share results, and the one that takes a value out of what is shared."""

# Not postponed: see main.py.
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gitexp.errors import GitexpError

if TYPE_CHECKING:
    from gitexp.workflows.redact import Found

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
]


def sync(
    remote: Annotated[
        str | None,
        typer.Argument(
            metavar="[REMOTE]",
            help="Remote to share with; without it, the one that the baseline branch follows.",
        ),
    ] = None,
    logs: Annotated[bool, typer.Option("--logs", help="Share the logs of runs, too.")] = False,
    redacted: Annotated[
        bool,
        typer.Option(
            "--redacted", help="Replace notes on the remote that hold what was redacted here."
        ),
    ] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Share experiments and results with a remote, both ways.

    Nothing is overwritten, there or here. The baseline branch is yours: git pull, git push.
    """
    from gitexp.cli.views import sync as views
    from gitexp.cli.views.transfer import TransferLine
    from gitexp.lab.project import open_project
    from gitexp.workflows.sync import sync as workflow

    line = TransferLine()
    try:
        done = workflow(
            open_project(), remote, logs=logs, dry=dry_run, redacted=redacted,
            ask=_ask_remote if sys.stdin.isatty() and not json_ else None,
            say=line.say, show=line.show if sys.stderr.isatty() and not json_ else None,
        )  # fmt: skip
    finally:
        line.clear()
    views.synced(done, as_json=json_)
    if not done.ok:
        raise typer.Exit(3)


def _ask_remote(remotes: Sequence[str]) -> str:
    return str(typer.prompt(f"Which remote? {', '.join(remotes)}", err=True))


def redact(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VALUE] [COMMIT|NAME]...",
            help="What to take out, then the commits or experiments meant (all, if none is named)."
            " Without VALUE, or for -, it is asked for, as a shell keeps what is typed in it.",
        ),
    ] = None,
    key: Annotated[
        str, typer.Option(metavar="NAME", help="Take out whatever stands under this key, instead.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Take a value out of everything that notes hold.

    Out of records, bulk and logs, and out of the past of these notes. What was measured stays.
    Every later sync keeps the value out, whoever still has it.
    """
    from gitexp.cli.views import redact as views
    from gitexp.lab.project import open_project
    from gitexp.rules.documents.redaction import Sought
    from gitexp.workflows.redact import redact as workflow

    given = list(words or ())
    project = open_project()
    value = "" if key else _value(given.pop(0) if given else "-")
    try:
        done = workflow(
            project.repository,
            Sought(value, key),
            given,
            dry=dry_run,
            agree=lambda found: yes or _agrees(found),
        )
    except (GitexpError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - its words could hold the value
        raise RuntimeError(f"{type(error).__name__} while redacting") from None
    views.redacted(done, as_json=json_)


def _value(word: str) -> str:
    if word != "-":
        return word
    if sys.stdin.isatty():
        return str(typer.prompt("Value to take out (it is not shown)", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _agrees(found: "Found") -> bool:
    from gitexp.cli.views.redact import places

    typer.echo(f"It stands in {places(found)}.", err=True)
    if not sys.stdin.isatty():
        return False
    return typer.confirm("Take it out of there, and of the past of these notes?", err=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (sync, redact):
        app.command()(command)
