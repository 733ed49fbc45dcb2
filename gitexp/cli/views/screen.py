"""What `run --screen` prints."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import typer

from gitexp.cli.errors import failure_json
from gitexp.cli.views.plan import gains
from gitexp.cli.views.run import tell_unfinished
from gitexp.cli.views.terminal import filled, print_json, wrapped
from gitexp.rules.text import counted, visible

if TYPE_CHECKING:
    from gitexp.workflows.screen import Screening

_MOST_NAMED = 10  # in the command that comes next


def screened(done: Screening, *, as_json: bool) -> None:
    """Print what was screened, the best first."""
    if as_json:
        print_json(
            {
                "verdict": None,
                "runs": done.runs,
                "ranked": [
                    {
                        "name": one.name,
                        "commit": one.commit,
                        "change": one.change,
                        "metric": one.metric,
                        **dataclasses.asdict(one.screened),
                        "bar": one.bar,
                        "promising": place < done.promising,
                        "takes_place": one.shares_data,
                    }
                    for place, one in enumerate(done.ranked)
                ],
                "unfinished": [
                    {"name": one.name, **failure_json(one.error)} for one in done.unfinished
                ],
                "next": _next(done),
            }
        )
        return
    if done.ranked:
        typer.echo("screening, not a verdict")
    for place, one in enumerate(done.ranked, start=1):
        head = f"exp/{one.name}  {visible(one.change)}: {one.metric} {gains(one.screened)}"
        typer.echo(filled(head, f"{place:3}. ", "     "))
    if taking := sum(one.shares_data for one in done.ranked):
        typer.echo(
            wrapped(
                f"{counted(taking, 'screened idea')} {'take' if taking > 1 else 'takes'} a place"
                " in the campaign, because verdicts see the same rows or seeds again",
                "",
            )
        )
    tell_unfinished(done.unfinished)
    if done.ranked:
        typer.echo(f"\nnext: {_next(done)}")


def _next(done: Screening) -> str:
    names = [one.name for one in done.ranked[: min(done.promising, _MOST_NAMED)]]
    return f"gitexp run {' '.join(names)}" if names else "gitexp next"
