import sys
from typing import Annotated

import typer

from gitexp.cli.options import AsJson, DryRun
from gitexp.cli.views import redact as views
from gitexp.errors import GitexpError
from gitexp.lab.projects.project import open_project
from gitexp.lab.redaction import Occurrences
from gitexp.rules.documents.redaction import Sought
from gitexp.workflows.redact import redact as workflow


def redact(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VALUE] [COMMIT|NAME]...",
            help="What to remove, then the commits or experiments to remove it from (default: all)."
            " Without VALUE, or with -, you are asked for it: a shell keeps what you type.",
        ),
    ] = None,
    key: Annotated[
        str,
        typer.Option(metavar="NAME", help="Remove whatever is stored under this key, instead."),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Remove a value from everything that the notes hold.

    From records, bulk data and logs, and from the history of these notes. Measurements stay. Every
    later sync keeps the value out, even if other clones still have it.
    """
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
        return str(typer.prompt("Value to remove (it is not shown)", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _agrees(found: Occurrences) -> bool:
    views.stored_in(found)
    if not sys.stdin.isatty():
        return False
    return typer.confirm("Remove it there, and from the history of these notes?", err=True)
