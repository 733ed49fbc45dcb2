"""How planned experiments look, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import filled, print_json, wrapped
from gitexp.rules.text import counted, duration, visible
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.rules.plan.ranking import WeighedIdea
    from gitexp.rules.plan.shrinkage import Screened
    from gitexp.workflows.next import Ideas

PLAN = 'gitexp start --set KEY=VALUE "HYPOTHESIS" --gain G --chance P --evidence KIND:TEXT'


def ranked(ideas: Ideas, *, as_json: bool) -> None:
    """Print the planned experiments, best first."""
    order, chosen = ideas.order, ideas.chosen
    for warning in ideas.warnings:
        typer.echo(f"gitexp: {warning}", err=True)
    if as_json:
        print_json(order)
        return
    if not order and not ideas.waiting:
        typer.echo(f"No experiment is planned on the current baseline.\n\nnext: {PLAN}")
    of_all = _of_all(order)
    for place, idea in enumerate(order, start=1):
        late = "" if idea.fits else "  (does not fit)"
        worth = f"{idea.bet}, {duration(idea.seconds)}{late}"
        typer.echo(
            filled(f"exp/{idea.name}  {visible(idea.change)}: {worth}", f"{place:3}. ", "     ")
        )
        typer.echo(wrapped(idea.hypothesis, "     ", lines=2))
        if idea.screened is not None:
            typer.echo(
                wrapped(f"screened, not a verdict: {gains(idea.screened, idea.sign)}", "     ")
            )
        if not idea.trusted:
            read = f"its code was not made in this clone; read it first: gitexp trust {idea.name}"
            typer.echo(wrapped(read, "       "))
        for doubt in idea.doubts:
            if doubt not in of_all:
                typer.echo(wrapped(doubt, "       "))
    if of_all:
        typer.echo(f"\n{wrapped(f'Of all {len(order)}: ' + '; '.join(of_all), '')}")
    if ideas.hours is not None and order:
        taken = duration(sum(idea.seconds for idea in chosen))
        typer.echo(f"\n{len(chosen)} of {len(order)} fit into {ideas.hours:g} h: {taken}")
    if ideas.waiting:
        what = f"{counted(ideas.waiting, 'idea')} wait{'' if ideas.waiting > 1 else 's'}"
        typer.echo(f"{what} for the new baseline: gitexp retest --planned")
    if chosen:
        verb = "run" if chosen[0].trusted else "trust"
        typer.echo(f"\nnext: gitexp {verb} {chosen[0].name}")


def _of_all(order: Sequence[WeighedIdea]) -> list[str]:
    """What is said of each of several ideas, and so once of all."""
    if len(order) < 2:
        return []
    return [doubt for doubt in order[0].doubts if all(doubt in one.doubts for one in order)]


def gains(one: Screened, sign: int) -> str:
    """How the metric moved in screening, and what to expect after it; `sign` is that of a gain."""
    expected, measured = expected_and_measured(one, sign)
    if one.same:
        measured = "exactly the baseline's result"
    return f"{expected} expected, {measured} in {screening_runs(one)}"


def expected_and_measured(one: Screened, sign: int) -> tuple[str, str]:
    """Both gains of a screened idea, as the metric would move."""
    expected, measured = (
        figures.rounded_like(sign * gain, one.sd, sign=True)
        for gain in (one.expected, one.measured)
    )
    return expected, measured


def screening_runs(one: Screened) -> str:
    """Say what an idea was screened by."""
    share = f" on {100 * one.share:g} % of the data" if one.share < 1 else ""
    return f"{counted(one.runs, 'run')}{share}"
