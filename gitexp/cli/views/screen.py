"""What `run --screen` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.next import expected_and_measured, gains, screening_runs
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
    """Screened ideas, the best first, and those without runs. Screening gives no verdict."""

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
    if quiet:
        for one in done.ranked:
            said = f"{one.metric} {gains(one.screened, one.sign)}"
            typer.echo(f"exp/{one.name}  {visible(one.change)}: {said}")
        tell_unfinished(done.unfinished)
        return
    if done.ranked:
        _table(done.ranked)
    tell_unfinished(done.unfinished)
    if done.ranked:
        typer.echo(f"\nnext: {_next(done)}")


def _table(ranked: Sequence[Ranked]) -> None:
    """Print a line for each idea; what holds for all of them is said once, above."""
    hows = [f"{one.metric}, {screening_runs(one.screened)}" for one in ranked]
    of_all = len({*hows}) == 1
    typer.echo(
        f"screening, not a verdict: {hows[0]} each" if of_all else "screening, not a verdict"
    )
    cells = [expected_and_measured(one.screened, one.sign) for one in ranked]
    cells = [
        (expected, "the same" if one.screened.same else measured)
        for (expected, measured), one in zip(cells, ranked, strict=True)
    ]
    heads = ("expected", "measured")
    wide = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]

    def beside(both: tuple[str, str]) -> str:
        return "  ".join(cell.rjust(width) for cell, width in zip(both, wide, strict=True))

    typer.echo(f"     {beside(heads)}  change")
    for place, (one, both, how) in enumerate(zip(ranked, cells, hows, strict=True), start=1):
        first = f"{place:3}. {beside(both)}  "
        own = "" if of_all else f": {how}"
        typer.echo(filled(f"{visible(one.change)}  ({one.name}){own}", first, " " * len(first)))
    if any(one.screened.same for one in ranked):
        typer.echo("the same: exactly the baseline's result; is that config value read?")


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
