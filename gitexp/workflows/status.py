"""Where you stand: the baseline, what runs and is planned, what waits for you, the next step."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from gitexp.errors import NotReady
from gitexp.lab.log.log import Row, log
from gitexp.lab.log.results import place_of_next
from gitexp.lab.projects.amendments import protocols_of
from gitexp.lab.projects.last_started import last_started, started_with_others
from gitexp.lab.projects.project import Project, open_project
from gitexp.lab.queues.queue_progress import QueueProgress, queue_progress
from gitexp.lab.queues.under_way import UnderWay, under_way
from gitexp.lab.registering.design import records_like_tip
from gitexp.lab.standing.goals import GoalProgress, progress
from gitexp.lab.standing.next_step import NextStep, next_step
from gitexp.lab.standing.to_do import Wait, WaitKind, waits
from gitexp.rules.plan.evidence import EvidenceCount, count_evidence
from gitexp.rules.plan.run_scores import Score, mean_score
from gitexp.rules.plan.state import State
from gitexp.store.experiments import timestamp

if TYPE_CHECKING:
    import datetime as dt

    from gitexp.rules.plan.ranking import WeighedIdea

_ELSEWHERE = "or see it at work in a folder of its own: gitexp demo\nall commands: gitexp help"


@dataclass(frozen=True, slots=True)
class Taken:
    """How many of the `planned` experiments of a campaign were run."""

    number: int
    taken: int
    planned: int


class StatusJson(TypedDict):
    """Where you stand.

    `current` is the experiment that is checked out, else the one started last. `experiments` counts
    them by state, and `open` names those without a verdict; `waiting` are confirmed and not
    accepted, and so are `outdated`, on an older baseline. `withdrawn` counts those archived without
    a verdict. `planned` comes best first, `verdicts`
    are those that came last, and `waits` is what you have to decide or to do, most urgent first.
    """

    project: str
    baseline: str
    commit: str
    metric: str
    score: float | None
    within: float | None
    runs: int
    current: Row | None
    checked_out: bool
    experiments: dict[str, int]
    open: dict[str, list[str]]
    running: Sequence[UnderWay]
    planned: Sequence[WeighedIdea]
    verdicts: Sequence[Row]
    waiting: list[str]
    outdated: list[str]
    withdrawn: int
    waits: Sequence[Wait]
    campaign: Taken
    evidence: tuple[EvidenceCount, ...]
    goals: Sequence[GoalProgress]
    queues: Sequence[QueueProgress]
    warnings: Sequence[str]
    next: NextStep


@dataclass(frozen=True, slots=True)
class Status:
    """Where a project stands in this clone.

    `score` is the baseline's, None if it was not measured. `current` is the experiment that is
    checked out, else the one started last. `by_state` holds the names of experiments, newest first.
    `planned` comes best first, and `decided` are the experiments whose verdicts came last.
    `withdrawn` were archived without a verdict. `evidence` counts the verdicts by what hypotheses
    rested on. `queues` are at work without a terminal, or were not long ago. `warnings` say what
    could not be read.
    """

    folder: str
    baseline: str
    commit: str
    metric: str
    score: Score | None
    current: Row | None
    is_checked_out: bool
    by_state: dict[str, list[str]]
    running: Sequence[UnderWay]
    planned: Sequence[WeighedIdea]
    decided: Sequence[Row]
    waits: Sequence[Wait]
    withdrawn: int
    campaign: Taken
    evidence: tuple[EvidenceCount, ...]
    goals: Sequence[GoalProgress]
    queues: Sequence[QueueProgress]
    warnings: Sequence[str]
    next: NextStep

    def waiting(self, kind: WaitKind) -> list[str]:
        """The experiments that wait for one thing."""
        return [name for wait in self.waits if wait.kind is kind for name in wait.names]

    def as_json(self) -> StatusJson:
        """Return the status as `gitexp status --json` prints it."""
        score = self.score
        return {
            "project": self.folder,
            "baseline": self.baseline,
            "commit": self.commit,
            "metric": self.metric,
            "score": score.mean if score else None,
            "within": score.within if score else None,
            "runs": score.runs if score else 0,
            "current": self.current,
            "checked_out": self.is_checked_out,
            "experiments": {state: len(names) for state, names in self.by_state.items()},
            "open": {s: n for s, n in self.by_state.items() if s in _OPEN},
            "running": self.running,
            "planned": self.planned,
            "verdicts": self.decided,
            "waiting": self.waiting(WaitKind.CONFIRMED),
            "outdated": self.waiting(WaitKind.OUTDATED),
            "withdrawn": self.withdrawn,
            "waits": self.waits,
            "campaign": self.campaign,
            "evidence": self.evidence,
            "goals": self.goals,
            "queues": self.queues,
            "warnings": self.warnings,
            "next": self.next,
        }


_OPEN = ("running", "planned", "unsynced", "stale", "refused", "failed")
_LAST = 5  # experiments with a verdict


def status(directory: Path, today: dt.date) -> Status:
    """Gather where the project of a directory stands.

    Raises:
        NotReady: as `open_here` does.
    """
    project = open_here(directory)
    return status_of(project, log(project), today)


def open_here(directory: Path) -> Project:
    """Find the project of a directory.

    Raises:
        NotReady: there is no repository, no commit, or no settings; the hint says how to begin.
    """
    try:
        return open_project(directory)
    except NotReady as error:
        raise NotReady(error.message, f"{error.hint}\n{_ELSEWHERE}") from None


def status_of(
    project: Project,
    rows: Sequence[Row],
    today: dt.date,
    planned: Sequence[WeighedIdea] | None = None,
) -> Status:
    """Gather where a project stands, whose whole log is `rows`; `planned` if it was ranked."""
    by_state: dict[str, list[str]] = {}
    for row in rows:
        by_state.setdefault(row.state, []).append(row.result.name)
    if planned is None:
        planned = _ranked(project, rows) if State.PLANNED in by_state else ()
    current, is_checked_out = _current(project, rows)
    several = not is_checked_out and started_with_others(project.repository, project.prefix)
    at_hand = None if several else current
    settings = project.settings
    score = mean_score(records_like_tip(project), settings.metric, settings.widening)
    goals, warnings = _goals(project, today)
    queues = queue_progress(project.repository, rows)
    # Reading registrations costs more than everything else here, and only evidence takes a place.
    results = [row.result for row in rows]
    protocols = protocols_of(project, {result.base for result in results if result.base})
    now = protocols[project.tip]
    seen = (
        result
        for result in results
        if result.ran or result.summary.screened or protocols.get(result.base, now) != now
    )
    place = place_of_next(project, seen, project.settings.metric)
    waiting = waits(project, rows, current, queues)
    return Status(
        folder=project.folder,
        baseline=project.baseline,
        commit=project.tip,
        metric=project.settings.metric,
        score=score,
        current=current,
        is_checked_out=is_checked_out,
        by_state=by_state,
        running=under_way(project, rows, score.runs if score else 0, queues),
        planned=planned,
        decided=last_decided(rows, _LAST),
        waits=waiting,
        withdrawn=sum(row.is_withdrawn for row in rows),
        campaign=Taken(place.campaign, place.number - 1, project.settings.planned),
        evidence=count_evidence(
            (result.evidence, result.confirmed) for result in results if result.verdict is not None
        ),
        goals=goals,
        queues=queues,
        warnings=warnings,
        next=next_step(
            project, rows, at_hand, waiting, queues,
            best=planned[0].name if planned else "", is_measured=score is not None,
        ),
    )  # fmt: skip


def last_decided(rows: Iterable[Row], most: int) -> list[Row]:
    """The experiments whose verdicts came last, the newest first."""

    def when(row: Row) -> tuple[float, str]:
        # Without a run of its own: what a run of the baseline showed decided it.
        finished = row.result.finished
        return (timestamp(row.time) if finished is None else finished), row.result.name

    return heapq.nlargest(most, (row for row in rows if row.result.verdict is not None), key=when)


def _ranked(project: Project, rows: Sequence[Row]) -> Sequence[WeighedIdea]:
    # Where nothing is planned there is nothing to rank.
    from gitexp.workflows.next import next_ideas

    return next_ideas(project, rows=rows).order


def _current(project: Project, rows: Sequence[Row]) -> tuple[Row | None, bool]:
    """The experiment that is checked out, else the one started last; and which of both it is."""
    branch = project.repository.head_branch() or ""
    name = branch.removeprefix("exp/") if branch.startswith("exp/") else None
    if name is None and (last := last_started(project.repository, project.prefix)):
        name = last[0].rpartition("/")[2]
        return next((row for row in rows if row.result.name == name), None), False
    return next((row for row in rows if row.result.name == name), None), name is not None


def _goals(project: Project, today: dt.date) -> tuple[Sequence[GoalProgress], Sequence[str]]:
    try:
        return progress(project, today), ()
    except NotReady as error:
        return (), (error.message,)
