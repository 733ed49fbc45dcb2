"""What `run --screen` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.next import gains
from gitexp.cli.views.run import UnfinishedJson, tell_unfinished, unfinished_json
from gitexp.cli.views.terminal import filled, print_json
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.workflows.screen import Ranked, Screening

_MOST_NAMED = 10  # in the command that comes next


class RankedJson(TypedDict):
    """A screened idea; `takes_place` says whether it takes a place in the campaign."""

    name: str
    commit: str
    change: str
    metric: str
    runs: int
    share: float
    measured: float
    expected: float
    sd: float
    baseline: float
    same: bool
    bar: float
    promising: bool
    takes_place: bool


class ScreeningJson(TypedDict):
    """Screened ideas, the best first, which are no verdict; and those without runs."""

    verdict: None
    runs: int
    ranked: list[RankedJson]
    unfinished: list[UnfinishedJson]
    next: str


def screened(done: Screening, *, as_json: bool, quiet: bool = False) -> None:
    """Print what was screened, the best first; `quiet` leaves a line for each idea."""
    if as_json:
        told: dict[str, str] = {}
        content: ScreeningJson = {
            "verdict": None,
            "runs": done.runs,
            "ranked": [
                _ranked_json(one, promising=place < done.promising)
                for place, one in enumerate(done.ranked)
            ],
            "unfinished": [unfinished_json(one, told) for one in done.unfinished],
            "next": _next(done),
        }
        print_json(content)
        return
    if done.ranked and not quiet:
        typer.echo("screening, not a verdict")
    for place, one in enumerate(done.ranked, start=1):
        head = (
            f"exp/{one.name}  {visible(one.change)}: {one.metric} {gains(one.screened, one.sign)}"
        )
        typer.echo(head if quiet else filled(head, f"{place:3}. ", "     "))
    if quiet:
        tell_unfinished(done.unfinished)
        return
    tell_unfinished(done.unfinished)
    if done.ranked:
        typer.echo(f"\nnext: {_next(done)}")


def _ranked_json(one: Ranked, *, promising: bool) -> RankedJson:
    found = one.screened
    return {
        "name": one.name,
        "commit": one.commit,
        "change": one.change,
        "metric": one.metric,
        "runs": found.runs,
        "share": found.share,
        "measured": found.measured,
        "expected": found.expected,
        "sd": found.sd,
        "baseline": found.baseline,
        "same": found.same,
        "bar": one.bar,
        "promising": promising,
        "takes_place": one.shares_data,
    }


def _next(done: Screening) -> str:
    names = [one.name for one in done.ranked[: min(done.promising, _MOST_NAMED)]]
    return f"gitexp run {' '.join(names)}" if names else "gitexp next"
