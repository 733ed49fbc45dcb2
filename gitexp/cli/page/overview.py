"""Where the project stands: a few figures, the metric's climb, and what the campaign allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitexp.cli.figures.climb import climb, goals_on
from gitexp.cli.figures.markup import Markup, joined, tag
from gitexp.cli.figures.measured import measured, most_common
from gitexp.cli.page.section import Section, figure, listed, marked
from gitexp.rules.text import duration
from gitexp.rules.verdict import figures
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.workflows.full_report import FullReport
    from gitexp.workflows.report import Report

_HOUR = 3600.0  # seconds
MOST_MARKS = 1_000  # experiments in the picture of the climb


def overview(report: FullReport, goals: Sequence[str], campaign: Sequence[str]) -> Section:
    """The first section."""
    found = report.report
    facts = tag(
        "dl",
        *(
            tag("div", tag("dt", name), tag("dd", value, tag("small", more) if more else Markup()))
            for name, value, more in _facts(found)
        ),
        class_="facts",
    )
    parts = [facts, _climb(found), listed([*goals, *campaign])]
    return Section("standing", "Where it stands", joined(parts))


def _facts(report: Report) -> Iterator[tuple[str, str, str]]:
    """What the headline says: a name, a figure, and what else there is to it."""
    one = report.headline
    if one.now is not None:
        begin = one.beginning if one.beginning != one.now else None
        more = f"{figures.within(begin.mean, begin.within)} at the beginning" if begin else ""
        yield f"{one.metric} now", figures.within(one.now.mean, one.now.within), more
    for goal in one.goals:
        by = f"by {goal.goal.by}" if goal.goal.by else ""
        yield "Goal", goal.goal.criterion.target, "reached" if goal.met else by
    accepted = sum(row.state == "accepted" for row in report.experiments)
    yield "Confirmed", str(one.confirmed), f"{accepted} accepted"
    misled = f"a single run would have kept {one.misled}" if one.misled else ""
    yield "Ruled out", str(one.ruled_out), misled
    rest = ((one.exploratory, "exploratory"), (one.open, "open"), (one.withdrawn, "withdrawn"))
    others = ", ".join(f"{number} {what}" for number, what in rest if number or what == "open")
    yield "Inconclusive", str(one.inconclusive), others
    places = f"of {report.standing.planned:,} in campaign {one.campaign}"
    yield "Places left", f"{one.places_left:,}", places
    saved = f"{duration(_HOUR * one.hours_saved)} saved by early stops" if one.hours_saved else ""
    yield "Runs took", duration(_HOUR * one.hours), saved


def _climb(report: Report) -> Markup:
    rows = [one for row in report.experiments if (one := measured(row)) is not None]
    metric = report.standing.metric
    mine = [one for one in rows if one.criterion.metric == metric]
    mine = mine or most_common(rows, metric)
    goals = goals_on(mine[0].criterion.metric, report.goals) if mine else []
    shown = [one for n, one in enumerate(mine) if one.accepted or n < MOST_MARKS]
    wide = climb(shown, goals)
    narrow = climb(shown, goals, width=360, height=240)
    if wide is None:
        return Markup()
    left_out = f" The newest {MOST_MARKS:,} of them are drawn." if len(mine) > len(shown) else ""
    there = {one.verdict for one in shown}
    legend = joined((marked(verdict) for verdict in Verdict if verdict in there), " ")
    said = (
        f"Mean {mine[0].criterion.metric} of each experiment over time; the line is the baseline,"
        f" with a step for each accepted experiment.{left_out}"
    )
    return figure(wide, narrow, said, legend)
