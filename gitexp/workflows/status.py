"""Where you stand: the baseline, your experiment, what is open, and the one next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from gitexp.errors import GitexpError, NotReady
from gitexp.lab.amendments import protocols_of
from gitexp.lab.ancestors import same_runs
from gitexp.lab.baseline_branch import baseline_key
from gitexp.lab.code_trust import untrusted_code
from gitexp.lab.design import records_like_tip
from gitexp.lab.gate import check
from gitexp.lab.goals import progress
from gitexp.lab.last_started import last_started
from gitexp.lab.log import Row, log
from gitexp.lab.missing_results import sync_command
from gitexp.lab.project import open_project
from gitexp.lab.queue import QueueStage
from gitexp.lab.queue_progress import queue_progress
from gitexp.lab.results import place_of_next
from gitexp.lab.state import State
from gitexp.lab.trust import is_trusted, settings_approved
from gitexp.rules.plan.run_scores import half_width, scores
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.unsynced import unsynced

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from gitexp.lab.goals import GoalJson, GoalProgress
    from gitexp.lab.log_json import ExperimentJson
    from gitexp.lab.project import Project
    from gitexp.lab.queue_progress import QueueProgress, QueueProgressJson

_ELSEWHERE = "or see it at work in a folder of its own: gitexp demo\nall commands: gitexp help"


class TakenJson(TypedDict):
    """How many of the planned experiments of a campaign were run."""

    number: int
    taken: int
    planned: int


class StatusJson(TypedDict):
    """Where you stand.

    `current` is the experiment that is checked out, else the one started last. `experiments` counts
    them by state, and `open` names those without a verdict; `waiting` are confirmed and not
    accepted, and so are `outdated`, on an older baseline.
    """

    project: str
    baseline: str
    commit: str
    metric: str
    score: float | None
    within: float | None
    runs: int
    current: ExperimentJson | None
    checked_out: bool
    experiments: dict[str, int]
    open: dict[str, list[str]]
    waiting: list[str]
    outdated: list[str]
    campaign: TakenJson
    goals: list[GoalJson]
    queues: list[QueueProgressJson]
    warnings: list[str]
    next: NextStep


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next thing to do: a command, and why."""

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class Status:
    """Where a project stands in this clone.

    `score` is the mean of the metric over `runs` runs of the baseline, `within` its 95 %
    half-width; None if too little was measured. `current` is the experiment that is
    checked out, else the one started last. `by_state` holds the names of experiments, newest first;
    those in `waiting` are confirmed and not accepted, and those in `outdated`, too, but what runs
    on the baseline has changed since. `taken` of `planned` experiments of the
    campaign were run. `queues` are at work without a terminal, or were not long ago. `warnings` say
    what could not be read.
    """

    folder: str
    baseline: str
    commit: str
    metric: str
    score: float | None
    within: float | None
    runs: int
    current: Row | None
    is_checked_out: bool
    by_state: dict[str, list[str]]
    waiting: list[str]
    outdated: list[str]
    campaign: int
    taken: int
    planned: int
    goals: Sequence[GoalProgress]
    queues: Sequence[QueueProgress]
    warnings: Sequence[str]
    next: NextStep

    def as_json(self) -> StatusJson:
        """Return the status as `gitexp status --json` prints it."""
        return {
            "project": self.folder,
            "baseline": self.baseline,
            "commit": self.commit,
            "metric": self.metric,
            "score": self.score,
            "within": self.within,
            "runs": self.runs,
            "current": self.current.as_json() if self.current else None,
            "checked_out": self.is_checked_out,
            "experiments": {state: len(names) for state, names in self.by_state.items()},
            "open": {s: n for s, n in self.by_state.items() if s in _OPEN},
            "waiting": self.waiting,
            "outdated": self.outdated,
            "campaign": {
                "number": self.campaign, "taken": self.taken, "planned": self.planned,
            },
            "goals": [goal.as_json() for goal in self.goals],
            "queues": [one.as_json() for one in self.queues],
            "warnings": list(self.warnings),
            "next": self.next,
        }  # fmt: skip


_OPEN = ("running", "planned", "unsynced", "stale", "refused", "failed")


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


def status_of(project: Project, rows: Sequence[Row], today: dt.date) -> Status:
    """Gather where a project stands, whose whole log is `rows`."""
    by_state: dict[str, list[str]] = {}
    for row in rows:
        by_state.setdefault(row.state, []).append(row.result.name)
    confirmed = [
        row.result
        for row in rows
        if row.state == "done" and row.result.verdict is Verdict.CONFIRMED
    ]
    alike = _alike(project) if confirmed else set()
    waiting = [result.name for result in confirmed if result.base in alike]
    outdated = [result.name for result in confirmed if result.base not in alike]
    current, is_checked_out = _current(project, rows)
    values = scores(records_like_tip(project), project.settings.metric)
    goals, warnings = _goals(project, today)
    queued = queue_progress(project.repository, {row.result.name: row.state for row in rows})
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
    return Status(
        folder=project.folder,
        baseline=project.baseline,
        commit=project.tip,
        metric=project.settings.metric,
        score=sum(values) / len(values) if values else None,
        within=half_width(values, project.settings.widening),
        runs=len(values),
        current=current,
        is_checked_out=is_checked_out,
        by_state=by_state,
        waiting=waiting,
        outdated=outdated,
        campaign=place.campaign,
        taken=place.number - 1,
        planned=project.settings.planned,
        goals=goals,
        queues=queued,
        warnings=warnings,
        next=_next(
            project,
            by_state,
            waiting,
            outdated,
            current,
            is_measured=bool(values),
            unasked=_unasked(project, rows),
            queued=queued,
        ),
    )


def _unasked(project: Project, rows: Sequence[Row]) -> str:
    """A remote that may have results that this clone has not, "" if there is none."""
    missing = [row.commit for row in rows if row.state is State.UNSYNCED]
    remotes = unsynced(project.repository) if missing else {}
    return next((remotes[commit] for commit in missing if commit in remotes), "")


def _alike(project: Project) -> set[str]:
    """Commits of the baseline branch that run the same as its tip."""
    return {project.tip, *same_runs(project, project.settings, project.tip)}


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


def _next(
    project: Project, by_state: dict[str, list[str]], waiting: list[str], outdated: list[str],
    current: Row | None, *, is_measured: bool, unasked: str,
    queued: Sequence[QueueProgress],
) -> NextStep:  # fmt: skip
    """Choose the one command that goes on from here; `unasked` is a remote to ask for results."""
    if not project.repository.setting(baseline_key(project.prefix)):
        return NextStep("gitexp init", "this clone has no hooks yet, and has approved no settings")
    if not is_trusted(project):
        what = "protected files" if settings_approved(project) else "the settings"
        return NextStep("gitexp trust", f"{what} changed, and you have not approved them")
    about = None if current is None else _about(project, current, outdated, unasked)
    if step := _about_queues(queued) or about:
        return step
    planned = by_state.get("planned", [])
    if unasked:
        return _about_unsynced(unasked)
    if waiting:
        return NextStep(f"gitexp accept {waiting[0]}", "it is confirmed")
    if len(planned) > 1:
        return NextStep(
            "gitexp next", f"{len(planned)} experiments are planned; see which to run first"
        )
    if planned:
        return _about_planned(project, planned[0])
    if running := by_state.get("running"):
        return NextStep(f"gitexp show {running[0]}", "it is running")
    if outdated:
        return NextStep(f"gitexp retest {outdated[0]}", _OUTDATED)
    if refused := by_state.get("refused"):
        return _about_refused(project, refused[0])
    if stale := by_state.get("stale"):
        return _about_stale(stale)
    if by_state.get("accepted") and not is_measured:
        return NextStep("gitexp run --baseline", "the new baseline is not measured yet")
    return NextStep(
        'gitexp start --set KEY=VALUE "HYPOTHESIS because REASON"', "nothing is planned"
    )


_OUTDATED = "it is confirmed, but what runs on the baseline has changed since"


def _about_queues(queued: Sequence[QueueProgress]) -> NextStep | None:
    stages = {one.stage for one in queued}
    if QueueStage.INTERRUPTED in stages:
        return NextStep("gitexp run --resume", "a queue was interrupted")
    if QueueStage.RUNS in stages:
        return NextStep("gitexp run --wait", "a queue is running")
    return None


def _about_planned(project: Project, name: str) -> NextStep:
    try:
        report = check(project.repository, name)
    except GitexpError:
        report = None
    if report is not None and report.ok:
        if untrusted_code(report):
            return NextStep(f"gitexp trust {name}", "its code was not made in this clone; read it")
        return NextStep(f"gitexp run {name}", "it is planned")
    return NextStep(f"gitexp check {name}", "it is planned, and a rule refuses to run it")


def _about_stale(names: Sequence[str]) -> NextStep:
    if len(names) > 1:
        return NextStep(
            "gitexp retest --planned", f"{len(names)} were planned on an older baseline"
        )
    return NextStep(f"gitexp retest {names[0]}", "it was planned on an older baseline")


def _about_refused(project: Project, name: str) -> NextStep:
    if project.repository.head_branch() == f"exp/{name}":
        return NextStep("gitexp start --again", "after an edit: its code is not neutral")
    return NextStep(
        f"git switch exp/{name}",
        "its code is not neutral: edit it there, then: gitexp start --again",
    )


def _about_unsynced(remote: str) -> NextStep:
    return NextStep(sync_command(remote), "it may have results that are not here")


def _about(
    project: Project, current: Row, outdated: Sequence[str], unasked: str
) -> NextStep | None:
    """What to do about the experiment that you are at, None if there is nothing left to do."""
    name = current.result.name
    if current.state == "planned":
        return _about_planned(project, name)
    if current.state == "unsynced":
        return _about_unsynced(unasked)
    if current.state == "failed":
        return NextStep(f"gitexp show {name}", "a run failed; see why, then run it again")
    if current.state == "refused":
        return _about_refused(project, name)
    if current.state == "stale":
        return _about_stale([name])
    if name in outdated:
        return NextStep(f"gitexp retest {name}", _OUTDATED)
    if current.state == "done" and current.result.verdict is Verdict.CONFIRMED:
        return NextStep(f"gitexp accept {name}", "it is confirmed")
    return None
