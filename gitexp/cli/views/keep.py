"""What accepting, archiving and restoring print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NotRequired, TypedDict

import typer

from gitexp.cli.views.registered import CarriedJson, LeftJson, carried_json, carried_lines
from gitexp.cli.views.terminal import findings, listed, print_json, wrapped
from gitexp.rules.finding import Finding
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.lab.standing.outdated import Waiting
    from gitexp.workflows.accept import Accepted, Offered
    from gitexp.workflows.archive import Archived
    from gitexp.workflows.retest import CarriedOn


class AcceptedJson(TypedDict):
    """A merge: `commit` is the baseline's, and was `before`.

    `waiting` experiments were planned or `confirmed` on the old baseline. `worse` says how far the
    project's own metric got worse, where success was another one; "" if it did not. `advice`
    is there if more than the change told the two arms apart.
    """

    name: str
    baseline: str
    commit: str
    before: str
    worse: str
    waiting: int
    confirmed: list[str]
    advice: NotRequired[Sequence[Finding]]
    carried: NotRequired[CarriedJson]


class NamedJson(TypedDict):
    """An experiment and its commit."""

    name: str
    commit: str


class ArchivedJson(TypedDict):
    """Experiments that were archived, and those that were not."""

    archived: list[NamedJson]
    left: list[LeftJson]


def accepted(done: Accepted, carried: CarriedOn | None = None, *, as_json: bool) -> None:
    """Print what accepting did, and what was carried over to the new baseline."""
    if as_json:
        content: AcceptedJson = {
            "name": done.name,
            "baseline": done.baseline,
            "commit": done.commit,
            "before": done.before,
            "worse": done.worse,
            "waiting": len(done.waiting),
            "confirmed": [result.name for result in done.waiting.confirmed],
        }
        if done.advice:
            content["advice"] = done.advice
        if carried is not None:
            content["carried"] = carried_json(carried)
        print_json(content)
        return
    if done.already:
        typer.echo(f"exp/{done.name} is already accepted: {done.baseline} has {done.commit[:10]}.")
        typer.echo("next: gitexp run --baseline (measures the new baseline)")
        return
    typer.echo(f"exp/{done.name} is now on {done.baseline} ({done.commit[:10]}).")
    if done.worse:
        typer.echo(visible(f"the project's own metric got worse: {done.worse}"))
    typer.echo(f"undo: git {_undo(done)}")
    findings(done.advice)
    if carried is not None:
        carried_lines(carried)
    elif done.waiting:
        typer.echo(wrapped(f"{_said(done.waiting)} on the previous baseline", ""))
        typer.echo("next: gitexp retest --planned (registers again on the new one)")
        return
    typer.echo("next: gitexp run --baseline (measures the new baseline)")


def _said(waiting: Waiting) -> str:
    """What was planned, and what was confirmed."""
    parts = []
    if waiting.planned:
        number = len(waiting.planned)
        parts.append("1 idea was planned" if number == 1 else f"{number:,} ideas were planned")
    if confirmed := [f"exp/{result.name}" for result in waiting.confirmed]:
        parts.append(f"{listed(confirmed)} {'was' if len(confirmed) == 1 else 'were'} confirmed")
    return " and ".join(parts)


def offered(done: Offered, *, as_json: bool) -> None:
    """Print what was pushed for review."""
    if as_json:
        print_json(done)
        return
    typer.echo(f"exp/{done.name} and its results are on {done.remote}.")
    typer.echo(f"Merge it there; if you squash, keep this message:\n\n{visible(done.message)}")


def _undo(done: Accepted) -> str:
    if done.moved_here:
        return f"reset --keep {done.before[:10]}"
    return f"branch -f {done.baseline} {done.before[:10]}"


def archived(done: Archived, *, as_json: bool) -> None:
    """Print what went into the archive, what did not and why, and how to undo it."""
    if as_json:
        content: ArchivedJson = {
            "archived": [{"name": n, "commit": c} for n, c in done.moved.items()],
            "left": [{"name": n, "reason": why} for n, why in done.left.items()],
        }
        print_json(content)
        return
    for name in done.moved:
        typer.echo(f"exp/{name} is in the archive.")
    for name, why in done.left.items():
        typer.echo(visible(f"exp/{name} {why}, so it stays a branch."))
    if not done.moved and not done.left:
        typer.echo("There is nothing to archive.")
    elif done.moved:
        typer.echo(f"undo: gitexp archive --restore {' '.join(done.moved)}")


def restored(done: Mapping[str, str], *, as_json: bool) -> None:
    """Print which experiments are branches again."""
    if as_json:
        content: list[NamedJson] = [
            {"name": name, "commit": commit} for name, commit in done.items()
        ]
        print_json(content)
        return
    for name in done:
        typer.echo(f"exp/{name} is a branch again.")
