import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from gitexp.cli.options import AsJson, DryRun
from gitexp.cli.views import sync as views
from gitexp.cli.views.progress import ProgressLine
from gitexp.lab.projects.project import open_project
from gitexp.workflows.sync import sync as workflow


def sync(
    remote: Annotated[
        str | None,
        typer.Argument(
            metavar="[REMOTE]",
            help="Remote to share with; default: the one that the baseline branch follows.",
        ),
    ] = None,
    logs: Annotated[bool, typer.Option("--logs", help="Also share the logs of runs.")] = False,
    redacted: Annotated[
        bool,
        typer.Option(
            "--redacted", help="Replace notes on the remote that hold what you redacted here."
        ),
    ] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Share experiments and results with a remote, both ways.

    Nothing is overwritten, there or here. The baseline branch is left to you: git pull, git push.
    Ends with exit code 3 if the remote refuses the notes or an experiment.
    """
    line = ProgressLine()
    try:
        done = workflow(
            open_project(), remote, logs=logs, dry=dry_run, redacted=redacted,
            ask=_ask if sys.stdin.isatty() and not json_ else None,
            say=line.say, show=line.show if sys.stderr.isatty() and not json_ else None,
        )  # fmt: skip
    finally:
        line.clear()
    views.synced(done, as_json=json_)
    if not done.ok:
        raise typer.Exit(3)


def _ask(remotes: Sequence[str]) -> str:
    return str(typer.prompt(f"Which remote? {', '.join(remotes)}", err=True))
