"""The baseline as it is: each config value with what is known of it, and how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.figures.markup import Markup, joined, tag
from gitexp.cli.figures.measured import in_brief, measured
from gitexp.cli.page.section import Section, anchor, shortened, table
from gitexp.cli.views.blame import about_value
from gitexp.cli.views.steps import amendment_lines, effect_of
from gitexp.lab.log.ladder import LadderStep
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import spell

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.workflows.full_report import FullReport

_MOST = 500  # values, steps
_LONGEST = 200  # characters of a value, of a hypothesis


def configs(report: FullReport) -> Section | None:
    """Each value of the configs, who set it and what else was tried; None without values."""
    many = len(report.configs) > 1
    rows = []
    for file in report.configs:
        for one in file.values:
            key = spell_key(one.place.key)
            place = f"{file.path}: {key}" if many else key
            date = file.date(one)
            rows.append((
                tag("code", shortened(place, _LONGEST)),
                tag("code", shortened(spell(one.place.value), _LONGEST)),
                about_value(one), date.time[:10] if date else "",
            ))  # fmt: skip
    if not rows:
        return None
    left = f" The first {_MOST} of {len(rows)}." if len(rows) > _MOST else ""
    caption = f"What set each value of {', '.join(file.path for file in report.configs)}.{left}"
    head = ("key", "value", "set by, and what else was tried", "since")
    return Section("config", "Config", table(caption, head, rows[:_MOST], narrow=[3]))


def ladder(report: FullReport) -> Section | None:
    """Accepted experiments and untested steps, newest first; None where there are none."""
    steps = report.report.ladder[::-1]
    if not steps:
        return None
    left = f" The newest {_MOST} of {len(steps)}." if len(steps) > _MOST else ""
    caption = f"Accepted experiments, and what else changed on the baseline, newest first.{left}"
    rows = [_step(report, step) for step in steps[:_MOST]]
    return Section("ladder", "Ladder", table(caption, ("day", "step", "effect"), rows, narrow=[0]))


def _step(report: FullReport, step: Row | LadderStep) -> tuple[str, str, str]:
    if isinstance(step, LadderStep):
        said = amendment_lines(step)
        if step.untested and not step.amendment.protocol:
            said = [f"UNTESTED STEP {step.commit[:8]}: {step.subject}", *said]
        what = shortened("; ".join(said), _LONGEST)
        return step.time[:10], what, effect_of(step, newest=False) if step.untested else ""
    one, registration = measured(step), step.result.registration
    change: Markup = tag(
        "code", in_brief(registration.change) if registration else step.result.name
    )
    if step.commit in report.details:
        change = tag("a", change, href=f"#{anchor(step.commit)}")
    said_of = shortened(hypothesis_of(step.result.entry.message), _LONGEST)
    return step.time[:10], joined((change, tag("small", said_of))), one.said if one else ""
