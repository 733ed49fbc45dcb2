"""Arguments and options that several commands share, with their help."""

from typing import Annotated

import typer

from gitexp.errors import NotReady, UsageError
from gitexp.rules.documents.settings import parse_time

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="Experiment; default: the one checked out, else the one you started last.",
    ),
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Names of experiments.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask before more than 30 minutes of runs.")
]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", metavar="N", min=1, max=256, help="Number of runs at the same time."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Say what would happen, and change nothing.")
]


def seconds_of(older: str) -> float:
    """Read the time that --older takes, such as 30d, in seconds.

    Raises:
        UsageError: it is not a time.
    """
    try:
        return parse_time(older, "--older")
    except NotReady as error:
        raise UsageError(error.message, "for example: --older 30d") from None
