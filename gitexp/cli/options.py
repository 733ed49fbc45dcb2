"""Arguments and options that several commands share, with their help."""

from typing import Annotated

import typer

from gitexp.errors import NotReady, UsageError
from gitexp.rules.documents.quantities import parse_time
from gitexp.rules.text import visible

_MOST_JOBS = 256

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
    str,
    typer.Option(
        "--jobs", "-j", metavar="N|auto",
        help="Number of runs at the same time; auto: as many as cores or accelerators allow.",
    ),
]  # fmt: skip
Gpus = Annotated[
    str,
    typer.Option(
        "--gpus", metavar="LIST",
        help="Accelerators to choose from (0,1 or GPU-...), if the settings have gpus.",
    ),
]  # fmt: skip
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Say what would happen, and change nothing.")
]


def jobs_of(jobs: str) -> int | None:
    """Read what --jobs takes; None for auto.

    Raises:
        UsageError: it is neither `auto` nor a number from 1 to 256.
    """
    if jobs == "auto":
        return None
    if jobs.isascii() and jobs.isdecimal() and 1 <= int(jobs) <= _MOST_JOBS:
        return int(jobs)
    raise UsageError(
        f"--jobs must be auto or a number from 1 to {_MOST_JOBS}, not {visible(jobs)}",
        "for example: gitexp run --jobs 2",
    )


def seconds_of(older: str) -> float:
    """Read the time that --older takes, such as 30d, in seconds.

    Raises:
        UsageError: it is not a time.
    """
    try:
        return parse_time(older, "--older")
    except NotReady as error:
        raise UsageError(error.message, "for example: --older 30d") from None
