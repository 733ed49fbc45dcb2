"""What a whole log says above its rows and below them; part of one says neither."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from gitexp.errors import NotReady
from gitexp.lab.log.ladder import LadderStep
from gitexp.lab.projects.project import Project

if TYPE_CHECKING:
    from gitexp.lab.log.log import OpenLog, Row
    from gitexp.lab.standing.goals import GoalProgress

# The functions below import what they need: statistics take 10 ms to load, and a part of the log,
# or JSON, does without.


def goals_of(project: Project) -> list[GoalProgress]:
    """How far the goals are; a log is complete without those that cannot be read."""
    from gitexp.lab.standing.goals import progress

    try:
        return progress(project, dt.datetime.now(tz=dt.UTC).date())
    except NotReady as error:
        typer.echo(f"gitexp: {error.message}", err=True)
        return []


def begin_whole_log(
    opened: OpenLog, goals: Sequence[GoalProgress]
) -> tuple[Iterator[Row | LadderStep], bool]:
    """Print the headline of a log that is not empty; returns its rows, and whether it is owed.

    Where so many experiments have to be judged first that it would take seconds, the rows come
    first, and the headline after them.
    """
    from gitexp.cli.views.headline import announce_headline, print_headline
    from gitexp.lab.log.batches import MANY
    from gitexp.lab.standing.headline import kept_headline

    if one := kept_headline(opened, goals):
        print_headline(one)
        return opened.with_steps(new=0), False
    new = opened.count_new()
    if new >= MANY:
        announce_headline(new)
        return opened.with_steps(new), True
    found = [*opened.with_steps(new)]
    show_headline(opened, [row for row in found if not isinstance(row, LadderStep)], goals)
    return iter(found), False


def show_headline(opened: OpenLog, rows: Sequence[Row], goals: Sequence[GoalProgress]) -> None:
    """Sum up the experiments of a whole log, and keep the headline for the next time."""
    from gitexp.cli.views.headline import print_headline
    from gitexp.lab.standing.headline import headline, keep_headline

    if rows:
        one = headline(opened.project, rows, goals)
        keep_headline(opened, one)
        print_headline(one)


def show_standing(project: Project, rows: Sequence[Row], goals: Sequence[GoalProgress]) -> None:
    """Print where the whole log stands, and how far the goals are."""
    from gitexp.cli.views.goal import goals_reached
    from gitexp.cli.views.standing import marked, switches
    from gitexp.cli.views.standing import standing as print_standing
    from gitexp.lab.code.dead_switches import dead_switches
    from gitexp.lab.standing.standing import standing
    from gitexp.lab.standing.to_retest import to_retest

    print_standing(standing(project, rows))
    marked(to_retest(row.result for row in rows))
    switches(dead_switches(project, rows))
    goals_reached(goals)
