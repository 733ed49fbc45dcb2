"""Commands that share results, and the one that takes a value out of what is shared."""

# Not postponed: see main.py.
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.workflows.sync import Flow, Synced

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
]
_MOST_NAMED = 10


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
    """Share experiments, records and verdicts with a remote, both ways.

    Nothing is overwritten, there or here. The baseline branch is yours: git pull, git push.
    """
    from gitexp.workflows.project import open_project
    from gitexp.workflows.sync import sync as workflow

    done = workflow(
        open_project(), remote, logs=logs, dry=dry_run, redacted=redacted,
        ask=_ask_remote if sys.stdin.isatty() and not json_ else None,
        say=lambda text: typer.echo(visible(text), err=True),
    )  # fmt: skip
    if json_:
        typer.echo(json.dumps(done.as_json(), indent=2))
    else:
        _show(done)
    if not done.ok:
        raise typer.Exit(3)


def _ask_remote(remotes: Sequence[str]) -> str:
    return str(typer.prompt(f"Which remote? {', '.join(remotes)}", err=True))


def _show(done: "Synced") -> None:
    said = f"{_flow(done.came)} came in, {_flow(done.went)} went out"
    if done.verdicts:
        said += f"; {_counted(len(done.verdicts), 'verdict')} changed"
    elif not (done.came or done.went):
        said = "nothing came in, nothing went out"
    lines = [f"{done.remote}: {'(dry run) ' if done.dry else ''}{said}"]
    for moved in done.verdicts[:_MOST_NAMED]:
        lines.append(f"  {moved.commit[:8]}  {moved.before}\n        -> {moved.after}")
    for rename in done.renames:
        lines.append(
            f"  exp/{rename.old} ({rename.commit[:8]}) is exp/{rename.new} here: two experiments"
            " were given one name, and the later one has digits of its commit behind it"
        )
    if done.folded:
        lines.append(f"  {_counted(done.folded, 'run')} of other machines taken into the notes")
    if done.away:
        lines.append(f"  {_counted(done.away, 'experiment')} stay away, as they were deleted here")
    if done.redacted:
        lines.append(
            "  what was redacted elsewhere is out of the notes here, too"
            " (git gc --prune=now takes it off the disk)"
        )
    lines += [f"  {name} stays here: {why}" for name, why in done.kept.items()]
    refused = list(done.refused.items())
    lines += [f"  {done.remote} does not take {ref}: {why}" for ref, why in refused[:_MOST_NAMED]]
    if len(refused) > _MOST_NAMED:
        lines.append(f"  and {len(refused) - _MOST_NAMED} more")
    lines += [
        f"  {ref} was redacted here and not on {done.remote}: gitexp sync --redacted"
        for ref in done.pending
    ]
    lines += [f"Note: {warning}" for warning in done.warnings]
    typer.echo(visible("\n".join(lines)))


def _flow(flow: "Flow") -> str:
    """Name what went one way."""
    parts = [
        _counted(count, word)
        for count, word in (
            (flow.experiments, "experiment"), (flow.archived, "archived experiment"),
            (flow.records, "record"),
        )
        if count
    ]  # fmt: skip
    return (
        " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts) or "nothing"
    )


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(sync)
