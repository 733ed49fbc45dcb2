"""The headline of the log, the status and reports: a project in two or three lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import filled
from gitexp.rules.text import counted, duration, visible
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.lab.standing.goals import GoalProgress
    from gitexp.lab.standing.headline import Headline
    from gitexp.rules.plan.run_scores import Score

_SECONDS = 3600  # of an hour


def print_headline(one: Headline) -> None:
    """Print a headline above a log."""
    for said in headline_lines(one):
        typer.echo(filled(said, "", "  "))
    typer.echo("")


def announce_headline(new: int) -> None:
    """Say that the headline of a log comes below it."""
    said = f"The results of {new:,} experiments are new to this clone and are being judged."
    typer.echo(filled(f"{said} The summary comes after them.", "", "  "))
    typer.echo("")


def headline_lines(one: Headline) -> list[str]:
    """The score and the goals; what came of the experiments; what single runs would have kept."""
    goals = [_goal(goal, one.metric) for goal in one.goals]
    said = [", ".join([_scores(one), *goals]), f"{_verdicts(one)}; {_cost(one)}"]
    if one.misled:
        of_them = f"{one.misled} of the {one.ruled_out}" if one.ruled_out > 1 else "the one"
        said.append(f"a single run would have kept {of_them} ruled out")
    return said


def _scores(one: Headline) -> str:
    metric = visible(one.metric)
    if one.now is None:
        return f"{metric} of the baseline: not measured yet"
    now = f"{metric} {figures.within(one.now.mean, one.now.within)}"
    if one.beginning is None or one.beginning == one.now:
        return now
    return f"{now}, {_rounded(one.beginning)} at the beginning"


def _rounded(score: Score) -> str:
    return figures.rounded_like(score.mean, score.within or 0.0)


def _goal(one: GoalProgress, metric: str) -> str:
    aim = one.goal.criterion
    # Beside the score of one metric, the bare number of another would be read as its own.
    whose = "" if aim.metric == metric else f"{visible(aim.metric)} "
    target = f"goal {whose}{visible(aim.target)}"
    if one.met:
        return f"{target} reached" if one.sure else f"{target} reached within the error bar"
    if one.days_left is None:
        return f"{target} not reached"
    late = one.days_left < 0
    when = counted(abs(one.days_left), "day")
    return f"{target} not reached, {when} {'late' if late else 'left'}"


def _verdicts(one: Headline) -> str:
    told = [f"{one.confirmed} confirmed", f"{one.ruled_out} ruled out"]
    if one.inconclusive:
        told.append(f"{one.inconclusive} inconclusive")
    if one.exploratory:
        told.append(f"{one.exploratory} exploratory")
    told.append(f"{one.open} open")
    if one.withdrawn:
        told.append(f"{one.withdrawn} withdrawn")
    return f"{', '.join(told)}, {counted(one.places_left, 'place')} left"


def _cost(one: Headline) -> str:
    spent = f"{duration(_SECONDS * one.hours)} of runs" if one.hours else "no run yet"
    if not one.hours_saved:
        return spent
    return f"{spent}, {duration(_SECONDS * one.hours_saved)} saved by early stops"
