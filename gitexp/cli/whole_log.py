"""What a whole log says above its rows and below them; part of one says neither."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import typer

from gitexp.errors import NotReady
from gitexp.lab.log.ladder import LadderStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.log.log import Row
    from gitexp.lab.projects.project import Project
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


def below_headline(
    project: Project,
    rows: Iterator[Row | LadderStep],
    goals: Sequence[GoalProgress],
) -> Iterator[Row | LadderStep]:
    """Print the headline of a log that is not empty; returns the rows to print below it."""
    from gitexp.cli.views.headline import print_headline
    from gitexp.lab.standing.headline import headline, keep_headline, kept_headline

    one = kept_headline(project, goals)
    if one is None:
        found = []
        for row in rows:
            if not isinstance(row, LadderStep):
                row.result.entry  # noqa: B018 - read while the cache is open
            found.append(row)
        experiments = [row for row in found if not isinstance(row, LadderStep)]
        if not experiments:
            return iter(found)
        one = headline(project, experiments, goals)
        keep_headline(project, one)
        rows = iter(found)
    print_headline(one)
    return rows


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
