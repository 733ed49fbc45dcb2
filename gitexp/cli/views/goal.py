"""How goals look, and how far each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import filled, findings, print_json
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict.figures import within

if TYPE_CHECKING:
    from gitexp.lab.standing.goals import GoalProgress
    from gitexp.rules.documents.settings import Settings
    from gitexp.rules.plan.run_scores import Score


def goals(
    found: Sequence[GoalProgress], advice: Sequence[Finding], settings: Settings, *, as_json: bool
) -> None:
    """Print each goal and how far it is, and advice on one that was set."""
    if as_json:
        print_json(found)
        return
    if not found:
        beyond = ">=" if settings.higher_is_better else "<="
        metric = visible(settings.metric)
        typer.echo(f'No goal is set: gitexp goal "{metric} {beyond} NUMBER by YYYY-MM-DD"')
    goals_reached(found)
    findings(advice)


def goals_reached(found: Sequence[GoalProgress]) -> None:
    """Print a line for each goal; nothing if there is none."""
    for one in found:
        typer.echo(filled(progress(one), "", "  "))


def progress(one: GoalProgress, *, known: Score | None = None) -> str:
    """One goal and how far it is; of a score that is `known` already, not how many runs it has."""
    now = "not measured yet" if one.now is None else f"at {one.now}"
    if one.now is not None and one.now == known:
        now = f"at {within(known.mean, known.within)}"
    if one.met:
        now = f"reached, {now}" if one.sure else f"reached within the error bar, {now}"
    elif one.days_left is not None:
        late = one.days_left < 0
        now += f", {counted(abs(one.days_left), 'day')} {'late' if late else 'left'}"
    before = f" It was {one.before} until {one.since}." if one.before else ""
    return visible(f"Goal {one.goal}: {now}.{before}")
