import sys
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli import live
from gitexp.cli.options import AsJson
from gitexp.cli.views import setup as views
from gitexp.errors import UsageError
from gitexp.rules.documents.draft import DraftSettings
from gitexp.workflows import init as workflow


def init(
    context: typer.Context,
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
    shell: Annotated[
        bool, typer.Option("--shell", help="Give the command to /bin/sh: for pipes, && and $NAME.")
    ] = False,
    direction: Annotated[
        str,
        typer.Option(
            metavar="WAY", help="Which is better, higher or lower; default: from the metric's name."
        ),
    ] = "",
    effect: Annotated[
        str,
        typer.Option(
            metavar="G",
            help="Smallest gain worth having: 0.005, or 2%; default: from the metric's name.",
        ),
    ] = "",
    metrics: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="JSON, TOML or CSV file of metrics that the command writes."
        ),
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
    link: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH", help="Data that git does not track and that runs need; repeatable."
        ),
    ] = None,
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
    agents: Annotated[
        bool,
        typer.Option(
            "--agents",
            help="Only write or update the instructions for agents: a skill in .agents/ and a"
            " marked block in AGENTS.md.",
        ),
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="With --agents: remove both.")] = False,
    json_: AsJson = False,
) -> None:
    """Set up this repository: settings, hooks, approval.

    Finds the config file, the command and the metric, or asks you. Says what it changed and how to
    undo it. In a bare repository, which only receives pushes, it installs only the server's hook.
    """
    typed = [option for option in _given(context) if option != "--json"]
    if agents or remove:
        _agents(typed, remove=remove, as_json=json_)
        return
    if undo:
        views.undone(workflow.undo(Path.cwd()), as_json=json_)
        return
    given = DraftSettings(
        config=config, command=command, metric=metric, direction=direction,
        effect=_effect(effect),
        metrics=metrics, seed_key=seed_key, vary=vary, shell=shell, link=tuple(link or ()),
    )  # fmt: skip
    asking = None if yes or json_ or not sys.stdin.isatty() else _ask
    views.initialized(
        workflow.init(Path.cwd(), given, asking, live.watcher, baseline=baseline, trial=try_),
        as_json=json_,
    )


def _effect(text: str) -> float | str | None:
    """Read a number, or leave a percentage as it is.

    Raises:
        UsageError: it is neither.
    """
    if not text or text.endswith("%"):
        return text or None
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"--effect must be a number or a percentage, not {text!r}", "gitexp init --effect 2%"
        ) from None


def _ask(question: str, proposal: str) -> str:
    """Ask once: an empty answer takes the proposal, also where there is none.

    Raises:
        UsageError: the input ended.
    """
    typer.echo(f"{question}{f' [{proposal}]' if proposal else ''}: ", nl=False)
    try:
        return input() or proposal
    except EOFError:
        typer.echo("")
        raise UsageError(
            "the input ended before every question was answered, and nothing was set up",
            "answer them by options, and ask nothing: gitexp init --yes",
        ) from None


def _given(context: typer.Context) -> list[str]:
    """Return the options that were typed; one with an empty text would count as not given.

    Raises:
        UsageError: the message names one.
    """
    typed = []
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        option = "--" + name.strip("_").replace("_", "-")
        texts = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(text, str) and not text.strip() for text in texts):
            raise UsageError(f"{option} is empty", "leave it out, and init finds a value")
        typed.append(option)
    return typed


def _agents(typed: list[str], *, remove: bool, as_json: bool) -> None:
    """Write the instructions for agents, or remove them.

    Raises:
        UsageError: other options were given, or --remove alone.
    """
    if "--agents" not in typed:
        raise UsageError("--remove goes with --agents", "gitexp init --agents --remove")
    if others := [option for option in typed if option not in {"--agents", "--remove"}]:
        raise UsageError(
            f"--agents sets up nothing else, so it does not take {', '.join(others)}",
            "use two commands: gitexp init ... and gitexp init --agents",
        )
    # The help of every command, which setting up does without.
    from gitexp.cli.agent_skill import BLOCK, FILES, skill_files
    from gitexp.lab.setup.agent_files import remove_agent_files, write_agent_files
    from gitexp.store.repository import Repository

    top = Repository.discover(Path.cwd()).work_tree()
    if remove:
        views.agents(remove_agent_files(top, FILES), removed=True, as_json=as_json)
    else:
        views.agents(write_agent_files(top, skill_files(), BLOCK), removed=False, as_json=as_json)
