"""GOALS.toml: what the project wants to reach, and by when."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import tomli

from gitexp.errors import NotReady, UsageError
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.verdict.criterion import Criterion, Scale

FILE = "GOALS.toml"
_HEAD = "# What to reach. `gitexp goal` writes this file, `gitexp log` shows the progress.\n"


@dataclass(frozen=True, slots=True)
class Goal:
    """A value that the baseline's metric must reach, by a day if one is given."""

    criterion: Criterion
    by: dt.date | None = None

    def __str__(self) -> str:
        return f"{self.criterion}" + (f" by {self.by.isoformat()}" if self.by else "")


def parse_goal(text: str) -> Goal:
    """Read `accuracy >= 0.97 by 2027-01-31`.

    Raises:
        UsageError: anything else.
    """
    found = re.fullmatch(r"(.*?)(?:\s+by\s+(\S+))?", text.strip(), re.DOTALL)
    wanted, day = (found[1], found[2]) if found else (text, None)
    try:
        by = dt.date.fromisoformat(day) if day else None
    except ValueError:
        raise UsageError(f"{day!r} is not a day", "write it as 2027-01-31") from None
    try:
        criterion = Criterion.parse(wanted)
    except UsageError:
        criterion = None
    if criterion is None or criterion.scale is not Scale.CONSTANT:
        raise UsageError(
            f"{text!r} is not a goal: that is a metric, >= or <=, and a number",
            'write it as "accuracy >= 0.97 by 2027-01-31"',
        )
    return Goal(criterion, by)


def parse_goals(content: bytes) -> list[Goal]:
    """Read GOALS.toml.

    Raises:
        NotReady: it is not TOML, or has an entry that is not a goal.
    """
    try:
        texts = tomli.loads(content.decode("utf-8-sig")).get("goals", [])
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise NotReady(f"{FILE}: goals is not a list of strings", f"correct {FILE}")
        return [parse_goal(text) for text in texts]
    except (ValueError, RecursionError) as error:
        raise NotReady(f"{FILE} does not parse: {error}", f"correct {FILE}") from None
    except UsageError as error:
        raise NotReady(f"{FILE}: {error.message}", error.hint) from None


def set_goal(content: bytes, goal: Goal) -> bytes:
    """Write the goals with a new one, which replaces an older one on the same metric."""
    goals = parse_goals(content) if content else []
    kept = [one for one in goals if one.criterion.metric != goal.criterion.metric]
    lines = "".join(f"    {spell(str(one))},\n" for one in [*kept, goal])
    return f"{_HEAD}goals = [\n{lines}]\n".encode()


def changed_goals(before: Sequence[Goal], after: Sequence[Goal]) -> tuple[str, ...]:
    """Goals that were replaced or removed, each as `BEFORE -> AFTER`, and not new ones."""
    now = {goal.criterion.metric: str(goal) for goal in after}
    return tuple(
        f"{goal} -> {now.get(goal.criterion.metric, '(none)')}"
        for goal in before
        if now.get(goal.criterion.metric) != str(goal)
    )
