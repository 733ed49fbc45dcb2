"""Set a goal of the project, in GOALS.toml on the baseline branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.lab.projects.baseline_files import commit_on_baseline, read_on_baseline
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.design import records_like_tip
from gitexp.rules.documents.goal import FILE, parse_goal, set_goal
from gitexp.rules.finding import Finding
from gitexp.rules.plan.design import against_direction, not_reported

if TYPE_CHECKING:
    import datetime as dt


def aim(project: Project, text: str, today: dt.date) -> list[Finding]:
    """Commit a goal on the baseline branch; an older one on the same metric stays in its history.

    Returns advice on it.

    Raises:
        UsageError: the text names no number to reach, a day in the past, or the wrong direction;
            or the goal is already set.
    """
    goal = parse_goal(text)
    if wrong := against_direction(goal.criterion, project.settings):
        raise UsageError(wrong.message, "reverse it, or correct `direction` in the settings")
    if goal.by is not None and goal.by < today:
        raise UsageError(f"{goal.by} is in the past", "name a later day, or none")
    before = read_on_baseline(project, FILE)
    after = set_goal(before or b"", goal)
    if after == before:
        raise UsageError(f"the goal is already {goal}", "gitexp goal shows the progress")
    commit_on_baseline(project, FILE, before, after, f"Goal: {goal}\n")
    advice = not_reported(goal.criterion.metric, project.settings, records_like_tip(project))
    return [advice] if advice else []
