"""What the whole project writes down beside its experiments: settled claims and goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.errors import UsageError
from gitexp.rules import goal as goals_rule
from gitexp.rules import settled as settled_rule
from gitexp.rules.formats import parse_key, spell, spell_key
from gitexp.rules.formats.toml import parse_value
from gitexp.rules.goal import Goal, parse_goal, parse_goals, set_goal
from gitexp.rules.settled import Known, add_known
from gitexp.workflows.design import records_like_tip, scores
from gitexp.workflows.land import commit_on_baseline

if TYPE_CHECKING:
    import datetime as dt

    from gitexp.workflows.project import Project


def learn(project: Project, claim: str, key: str, source: str, value: str | None) -> Known:
    """Commit a settled claim on the baseline branch.

    Raises:
        UsageError: the key is none, or claim or source is empty.
    """
    if not claim.strip() or not source.strip():
        raise UsageError("a claim needs its words and its source", "--source says who settled it")
    try:
        names = spell_key(parse_key(key))
    except ValueError:
        raise UsageError(f"{key!r} is not a key", "write it as in optimizer.name") from None
    spelled = None if value is None else spell(parse_value(value))
    known = Known(" ".join(claim.split()), names, " ".join(source.split()), spelled)
    before = _read(project, settled_rule.FILE)
    settled_rule.parse_known(before or b"")
    commit_on_baseline(
        project, settled_rule.FILE, before, add_known(before or b"", known),
        f"Known: {known.claim}\n",
    )  # fmt: skip
    return known


@dataclass(frozen=True, slots=True)
class Progress:
    """A goal beside the mean of the baseline's runs; None where there are none on its metric."""

    goal: Goal
    now: float | None
    runs: int
    days_left: int | None

    @property
    def met(self) -> bool:
        """Whether the baseline's mean has reached it."""
        return self.now is not None and self.goal.criterion.difference(0, self.now) >= 0

    def as_json(self) -> dict[str, Any]:
        """Return the progress as `gitexp goal --json` prints it."""
        return {
            "goal": str(self.goal), "metric": self.goal.criterion.metric,
            "constant": self.goal.criterion.amount, "by": self.goal.by and str(self.goal.by),
            "now": self.now, "runs": self.runs, "met": self.met, "days_left": self.days_left,
        }  # fmt: skip


def aim(project: Project, text: str) -> None:
    """Commit a goal on the baseline branch; an older one on the same metric stays in its history.

    Raises:
        UsageError: the text names no number to reach, or the goal is set already.
    """
    goal = parse_goal(text)
    before = _read(project, goals_rule.FILE)
    after = set_goal(before or b"", goal)
    if after == before:
        raise UsageError(f"the goal is {goal} already", "gitexp goal shows the progress")
    commit_on_baseline(project, goals_rule.FILE, before, after, f"Goal: {goal}\n")


def progress(project: Project, today: dt.date) -> list[Progress]:
    """Hold the goals against the baseline's runs.

    Raises:
        NotReady: GOALS.toml cannot be read.
    """
    content = _read(project, goals_rule.FILE)
    goals = parse_goals(content) if content else []
    if not goals:
        return []
    records = records_like_tip(project)
    found = []
    for goal in goals:
        values = scores(records, goal.criterion.metric)
        mean = sum(values) / len(values) if values else None
        left = (goal.by - today).days if goal.by else None
        found.append(Progress(goal, mean, len(values), left))
    return found


def _read(project: Project, name: str) -> bytes | None:
    return project.repository.git.objects([f"{project.tip}:{project.path(name)}"])[0]
