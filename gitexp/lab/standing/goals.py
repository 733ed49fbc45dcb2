"""How far the project is from its goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from gitexp.errors import NotReady
from gitexp.lab.projects.baseline_files import read_on_baseline
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.design import records_like_tip
from gitexp.rules.documents.goal import FILE, Goal, parse_goals
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.plan.run_scores import Score, mean_score

if TYPE_CHECKING:
    import datetime as dt


class GoalJson(TypedDict):
    """A goal and how far it is; `before` is the goal that it replaced, on the day `since`."""

    goal: str
    metric: str
    constant: float
    by: str | None
    now: float | None
    within: float | None
    runs: int
    met: bool
    days_left: int | None
    before: str | None
    since: str | None


@dataclass(frozen=True, slots=True)
class GoalProgress:
    """A goal and what the baseline scores; None if no run has measured its metric.

    `before` is the goal that this one replaced, and `since` the day of that (ISO 8601); both are
    empty for a first goal.
    """

    goal: Goal
    now: Score | None
    days_left: int | None
    before: str = ""
    since: str = ""

    @property
    def met(self) -> bool:
        """Whether the baseline's mean has reached it."""
        return self.now is not None and self.goal.criterion.difference(0, self.now.mean) >= 0

    @property
    def sure(self) -> bool:
        """Whether the goal is outside the 95 % interval of the mean."""
        if self.now is None or self.now.within is None:
            return False
        return abs(self.now.mean - self.goal.criterion.amount) > self.now.within

    def as_json(self) -> GoalJson:
        """Return the progress as `gitexp goal --json` prints it."""
        now = self.now
        return {
            "goal": str(self.goal), "metric": self.goal.criterion.metric,
            "constant": self.goal.criterion.amount,
            "by": str(self.goal.by) if self.goal.by else None,
            "now": now.mean if now else None, "within": now.within if now else None,
            "runs": now.runs if now else 0, "met": self.met,
            "days_left": self.days_left,
            "before": self.before or None, "since": self.since or None,
        }  # fmt: skip


def progress(project: Project, today: dt.date) -> list[GoalProgress]:
    """Compare the goals with the baseline's runs.

    Raises:
        NotReady: GOALS.toml cannot be read.
    """
    content = read_on_baseline(project, FILE)
    goals = parse_goals(content) if content else []
    if not goals:
        return []
    records, past = records_like_tip(project), _replaced(project, goals)
    found = []
    for goal in goals:
        now = mean_score(records, goal.criterion.metric, project.settings.widening)
        left = (goal.by - today).days if goal.by else None
        before = next(
            (one for one in past if one[1].criterion.metric == goal.criterion.metric), None
        )
        since, older = (before[0], str(before[1])) if before else ("", "")
        found.append(GoalProgress(goal, now, left, older, since))
    return found


def _replaced(project: Project, goals: Sequence[Goal]) -> list[tuple[str, Goal]]:
    """Goals that were replaced, with the day, latest first."""
    git, path = project.repository.git, project.path(FILE)
    # A path after -- is relative to where git runs, which may be the project's folder.
    top = project.repository.top
    there = () if top is None else ("-C", str(top))
    out = git.text(*there, "log", "--format=%H %cs", "--no-show-signature", project.tip, "--", path)
    commits = [line.split(" ") for line in out.splitlines()]
    contents = git.objects([f"{commit}:{path}" for commit, _ in commits], largest=LARGEST)
    found, now = [], {*map(str, goals)}
    # Each day one content gave way to the next; nothing was there before the first.
    for (_, day), content in zip(commits, contents[1:], strict=False):
        try:
            older = parse_goals(content or b"")
        except NotReady:
            continue
        found += [(day, goal) for goal in older if str(goal) not in now]
        now |= {*map(str, older)}
    return found
