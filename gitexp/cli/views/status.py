"""What `gitexp` without a command prints: where you stand, in a dozen lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.goal import goals_reached
from gitexp.cli.views.rows import result_lines
from gitexp.cli.views.terminal import print_json, styled, wrapped
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.text import counted, duration, visible
from gitexp.rules.verdict.figures import within

if TYPE_CHECKING:
    from gitexp.lab.queue_progress import QueueProgress
    from gitexp.workflows.status import Status

_NAMED = 3  # experiments of one state that are named
_STATES = {
    "running": "running", "planned": "planned", "stale": "planned on an older baseline",
    "unsynced": "without results here until gitexp sync", "failed": "failed",
    "refused": "refused, because the code is not neutral",
}  # fmt: skip


def status(now: Status, *, as_json: bool) -> None:
    """Print the baseline, your experiment, what is open, the campaign, goals and the next step."""
    if as_json:
        print_json(now.as_json())
        return
    for warning in now.warnings:
        typer.echo(f"gitexp: {visible(warning)}", err=True)
    typer.echo(_baseline(now))
    _current(now)
    typer.echo("")
    if not any(now.by_state.values()):
        typer.echo("No experiments yet.")
    for state, words in _STATES.items():
        if names := now.by_state.get(state):
            typer.echo(f"{len(names):,} {words}: {_some(names)}")
    if now.waiting:
        typer.echo(f"{len(now.waiting):,} confirmed and not accepted: {_some(now.waiting)}")
    if now.outdated:
        typer.echo(f"{len(now.outdated):,} confirmed on an older baseline: {_some(now.outdated)}")
    for one in now.queues:
        _queue(one)
    if now.taken:
        typer.echo(
            f"Campaign {now.campaign}: {now.taken} of {counted(now.planned, 'experiment')} run"
        )
    goals_reached(now.goals)
    typer.echo(f"\nnext: {now.next.command}   ({now.next.why})")


def _baseline(now: Status) -> str:
    head = f"{visible(f'{now.folder} on ' if now.folder else '')}{now.baseline} ({now.commit[:8]})"
    if now.score is None:
        return f"Baseline {head}: {now.metric} is not measured yet"
    score = within(now.score, now.within)
    return f"Baseline {head}: {now.metric} {score} ({counted(now.runs, 'run')})"


def _queue(progress: QueueProgress) -> None:
    """Print what runs and waits in a queue, each on a line, and what has ended together."""
    left = f", at least {duration(progress.seconds)} left" if progress.seconds else ""
    typer.echo(f"Queue {progress.queue.id} {progress.stage}{left}:")
    by_state: dict[str, list[str]] = {}
    for one in progress.experiments:
        if one.state == "running":
            runs = "" if one.runs is None else f", {counted(one.runs, 'run')} to its next look"
            typer.echo(f"  running: {one.name}{runs}")
        else:
            by_state.setdefault(one.state, []).append(one.name)
    for state, names in by_state.items():
        typer.echo(f"  {state}: {_some(names)}")


def _current(now: Status) -> None:
    if now.current is None:
        return
    result = now.current.result
    name = styled(f"exp/{visible(result.name)}", bold=True)
    accepted = " (accepted)" if now.current.state == "accepted" else ""
    typer.echo(f"{'Checked out' if now.is_checked_out else 'Last started'}: {name}{accepted}")
    typer.echo(wrapped(hypothesis_of(result.entry.message), lines=2))
    if now.current.state not in _STATES:
        typer.echo(result_lines(now.current))


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
