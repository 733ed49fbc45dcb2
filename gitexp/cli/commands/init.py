import sys
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli import live
from gitexp.cli.views import setup as views
from gitexp.rules.documents.draft import DraftSettings
from gitexp.workflows import init as workflow


def init(
    config: Annotated[
        str, typer.Option(metavar="FILE", help="Config file in which an experiment changes a line.")
    ] = "",
    command: Annotated[
        str,
        typer.Option(
            metavar="COMMAND", help="Training command; {seed} and {config} are filled in."
        ),
    ] = "",
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="Metric that the command reports.")
    ] = "",
    direction: Annotated[
        str,
        typer.Option(
            metavar="WAY", help="Which is better, higher or lower; default: from the metric's name."
        ),
    ] = "",
    effect: Annotated[
        float | None,
        typer.Option(
            metavar="G", help="Smallest gain worth having; default: from the metric's name."
        ),
    ] = None,
    metrics: Annotated[
        str, typer.Option(metavar="FILE", help="JSON or TOML file that the command writes.")
    ] = "",
    seed_key: Annotated[
        str, typer.Option(metavar="KEY", help="Config key that holds the seed.")
    ] = "",
    vary: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="What a new seed changes: split (the test set and the training), seed (the"
            " training only) or none; default: split.",
        ),
    ] = "",
    baseline: Annotated[
        str, typer.Option(metavar="BRANCH", help="Branch that experiments start from.")
    ] = "",
    try_: Annotated[
        bool,
        typer.Option(
            "--try",
            help="First run the command up to three times, to see whether it reports the metric,"
            " how long it takes and what a new seed changes. If it fails, nothing is set up.",
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing, and run nothing without --try.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Undo what init did; experiments stay.")
    ] = False,
) -> None:
    """Set up this repository: settings, hooks, approval.

    Finds the config file, the command and the metric, or asks you. Says what it changed and how to
    undo it. In a bare repository, which only receives pushes, it installs the server's hook alone.
    """
    if undo:
        views.undone(workflow.undo(Path.cwd()))
        return
    given = DraftSettings(
        config=config, command=command, metric=metric, direction=direction, effect=effect,
        metrics=metrics, seed_key=seed_key, vary=vary,
    )  # fmt: skip
    asking = None if yes or not sys.stdin.isatty() else _ask
    views.initialized(
        workflow.init(Path.cwd(), given, asking, live.watcher, baseline=baseline, trial=try_)
    )


def _ask(question: str, proposal: str) -> str:
    return str(typer.prompt(question, default=proposal or None))
