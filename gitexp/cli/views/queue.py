"""What is printed about queues: how to watch and stop one, and the result of a request to stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.terminal import print_json
from gitexp.lab.queues.queue import Queue, QueueStage
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from gitexp.workflows.queue import AskedToStop, Resumed

_NAMED = 3  # experiments of a queue that are named


class StoppedJson(TypedDict):
    """Experiments that a queue was asked to stop.

    `at_work` says that it has not done so yet, and `others` are those that it still has to run.
    """

    queue: str
    stopped: list[str]
    at_work: bool
    others: list[str]


def begun(queue: Queue, *, as_json: bool) -> None:
    """Say that a queue started, and how to watch and stop it."""
    if as_json:
        print_json(queue)
        return
    typer.echo(f"queue {queue.id} started: {_named(queue, queue.names)} (process {queue.pid})")
    name = queue.names[0] if len(queue.names) == 1 else ""
    typer.echo("  see its progress:  gitexp status")
    typer.echo(f"  follow its output: gitexp show --logs -f {name or 'NAME'}")
    typer.echo(f"  wait for it:       gitexp run --wait {name}".rstrip())
    typer.echo(f"  stop it:           gitexp stop {name or '--all'}")


def resumed(done: Resumed, *, as_json: bool) -> None:
    """Say which queues were started again."""
    if as_json:
        print_json(done)
        return
    for queue in done.started:
        begun(queue, as_json=False)
    for queue in done.elsewhere:
        typer.echo(
            f"queue {queue.id} was started on another machine and may still be running there"
        )
    if not done.started:
        typer.echo("Nothing to resume: no queue on this machine was interrupted.")


def stopped(asked: Sequence[AskedToStop], *, as_json: bool) -> None:
    """Say what was stopped."""
    if as_json:
        content: list[StoppedJson] = [
            {
                "queue": one.queue.id,
                "stopped": [*one.names],
                "at_work": one.at_work,
                "others": [*one.others],
            }
            for one in asked
        ]
        print_json(content)
        return
    for one in asked:
        number, names = one.queue.id, _named(one.queue, one.names)
        typer.echo(
            f"queue {number} was asked to stop: {names}" if one.at_work else f"stopped: {names}"
        )
        if one.at_work and one.stage is QueueStage.ELSEWHERE:
            typer.echo("  it was started on another machine; if it still runs there, it will stop")
        elif one.others and one.stage is QueueStage.INTERRUPTED:
            others = _named(one.queue, one.others)
            typer.echo(f"  {others} can be resumed in queue {number}: gitexp run --resume")
        elif one.others:
            typer.echo(f"  queue {number} goes on: {_named(one.queue, one.others)}")
    first = asked[0]
    typer.echo(f"\nnext: {first.queue.command(first.names)}   (continues where it stopped)")


def _named(queue: Queue, names: Sequence[str]) -> str:
    shown = ", ".join(map(queue.label, names[:_NAMED]))
    more = counted(len(names) - _NAMED, "other") if len(names) > _NAMED else ""
    return f"{shown} and {more}" if more else shown
