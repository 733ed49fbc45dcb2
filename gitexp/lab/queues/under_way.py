"""What runs in this clone, and how far it is."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from gitexp.lab.measuring.claims import claims, is_held
from gitexp.lab.projects.project import Project
from gitexp.rules.plan.state import State

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.lab.queues.queue_progress import QueueProgress


class UnderWayJson(TypedDict):
    """What runs: `runs` have ended well, and a verdict is due at `due`; null if not known.

    The `name` of the baseline is null.
    """

    name: str | None
    runs: int
    due: int | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An experiment that runs, or the baseline, whose name is "".

    `runs` have ended well, and a verdict is due at `due` (0: not known), in about `seconds`.
    """

    name: str
    change: str
    runs: int
    due: int = 0
    seconds: float | None = None

    def as_json(self) -> UnderWayJson:
        """Return it as `gitexp status --json` prints it."""
        return {
            "name": self.name or None,
            "runs": self.runs,
            "due": self.due or None,
            "seconds_left": self.seconds,
        }


def under_way(
    project: Project, rows: Sequence[Row], baseline: int, queues: Sequence[QueueProgress]
) -> list[UnderWay]:
    """Find what runs; `rows` are the whole log, and the `baseline` has so many runs."""
    running = [row for row in rows if row.state is State.RUNNING]
    paths = claims(project.repository)
    held = {
        commit: sum(map(is_held, paths.get(commit, ())))
        for commit in (project.tip, *(row.commit for row in running))
    }
    told = {
        one.name: one.seconds_left
        for queue in queues
        for one in queue.experiments
        if one.seconds_left is not None
    }
    found = [_experiment(row, max(1, held[row.commit]), told) for row in running]
    if held[project.tip]:
        found.append(UnderWay("", "", baseline))
    return found


def _experiment(row: Row, at_once: int, told: dict[str, float]) -> UnderWay:
    result, registration = row.result, row.result.registration
    taken, judgement = result.summary.seconds, result.judgement
    if registration is None:
        return UnderWay(result.name, "", len(taken))
    due = (judgement.due if judgement else None) or registration.repeats[0]
    seconds = told.get(result.name)
    if seconds is None and taken:
        seconds = statistics.median(taken) * max(0, due - len(taken)) / at_once
    return UnderWay(result.name, registration.change.brief, min(len(taken), due), due, seconds)
