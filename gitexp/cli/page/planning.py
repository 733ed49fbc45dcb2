"""What was predicted and what came of it, where the baseline loses, what to try, what not to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.figures.markup import Markup, joined, tag
from gitexp.cli.figures.measured import in_brief, measured, most_common
from gitexp.cli.figures.predictions import predictions as drawn
from gitexp.cli.page.section import Section, anchor, figure, listed, shortened, table
from gitexp.rules.plan.calibration import in_words
from gitexp.rules.text import counted, duration
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.workflows.full_report import FullReport

_MOST = 20  # gaps, ideas or keys that are listed
_LONGEST = 200  # characters of a hypothesis in a table


def predictions(report: FullReport) -> Section | None:
    """Predicted gains beside measured ones; None where nothing was predicted."""
    found = report.report
    rows = [one for row in found.experiments if (one := measured(row)) is not None]
    rows = [one for one in most_common(rows, found.standing.metric) if one.predicted is not None]
    said = in_words(found.calibration) if found.calibration else []
    if not rows and not said:
        return None
    parts: list[Markup] = [listed(said)] if said else []
    if rows:
        caption = "Vertical: measured, with its interval; on the dashed line, it is as predicted."
        parts.insert(0, figure(drawn(rows), drawn(rows, width=360, height=300), caption))
    return Section("predictions", "Predicted and measured", joined(parts))


def gaps(report: FullReport) -> Section:
    """Where the baseline loses most, or why that is not known."""
    found = report.gaps
    heading = "Where it loses"
    if found is None:
        return Section("gaps", heading, tag("p", f"Not known: {report.no_gaps}.", class_="soft"))
    score = figures.within(found.score, found.within)
    said = f"{found.metric} {score} over {counted(found.runs, 'run')}"
    if found.examples is not None:
        said += f"; {counted(found.examples, 'example')}"
    if found.train is not None:
        said += f"; {figures.number(found.train)} on the training data"
    if found.sd is not None:
        said += f"; standard deviation between runs {figures.rough(found.sd)}"
    parts = [tag("p", f"{said}.")]
    if found.detectable is not None:
        least = figures.rough(found.detectable)
        parts.append(tag("p", f"An experiment detects gains of {least} or more, 4 times in 5."))
    rows = []
    for gap in found.gaps[:_MOST]:
        low, high = gap.interval
        ceiling = figures.number(gap.ceiling)
        if low != high:
            ceiling = figures.interval(gap.ceiling, low, high)
        rows.append((gap.said, f"{ceiling} {gap.unit or ''}".strip()))
    if rows:
        parts.append(table(
            "What closing a gap completely would bring at most: a limit, not a forecast.",
            ("gap", "ceiling"), rows,
        ))  # fmt: skip
    else:
        none = "No gap stands out: the errors look random."
        if found.examples is None:
            none = "The baseline's runs saved no predictions, so it is not known where it errs."
        parts.append(tag("p", none))
    return Section("gaps", heading, joined(parts))


def planned(report: FullReport) -> Section | None:
    """The planned experiments, best first; None where there are none."""
    ideas = report.ideas
    if not ideas.order:
        return None
    by_name = {row.result.name: row for row in report.report.experiments}
    rows = []
    for idea in ideas.order[:_MOST]:
        row = by_name.get(idea.name)
        registration = row.result.registration if row else None
        name: str = tag("code", in_brief(registration.change) if registration else idea.change)
        if row is not None and row.commit in report.details:
            name = tag("a", name, href=f"#{anchor(row.commit)}")
        said = shortened(idea.hypothesis, _LONGEST)
        rows.append((
            joined((name, tag("small", f"exp/{idea.name}"))), said,
            idea.bet.replace(" x ", " × "), duration(idea.seconds),
        ))  # fmt: skip
    left = f" The first {_MOST} of {len(ideas.order)}." if len(ideas.order) > _MOST else ""
    caption = f"Best first: chance times gain for each hour of runs.{left}"
    content = table(caption, ("change", "hypothesis", "chance × gain", "takes"), rows, narrow=[1])
    return Section("planned", "Planned next", content)


def dead_ends(report: FullReport) -> Section | None:
    """What was ruled out, by key; None where nothing was."""
    if not report.dead_ends:
        return None
    parts = [listed(report.dead_ends[:_MOST])]
    if more := len(report.dead_ends) - _MOST:
        parts += [tag("p", f"and {counted(more, 'key')} more")] if more > 0 else []
    return Section("dead-ends", "Dead ends", joined(parts))
