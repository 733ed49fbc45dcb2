"""How far queues are: what runs, what waits, what has ended, and when the rest will."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypedDict

from gitexp.lab.queues.queue import Queue, QueueStage, queues
from gitexp.rules.documents.purpose import RunKind
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row

_SHOWN = 86400.0  # seconds for which the last queue that has ended is shown
_NOT_OVER = ("planned", "unsynced", "stale", "running")
_FAILED, _WAITING = "failed", "waiting"


class QueueProgressJson(TypedDict):
    """A queue, and how far each of its experiments is. A baseline has the name of its branch."""

    queue: str
    kind: RunKind
    stage: QueueStage
    process: int
    start: str
    seconds_left_at_least: float | None
    experiments: list[QueuedExperiment]


@dataclass(frozen=True, slots=True)
class QueuedExperiment:
    """An experiment in a queue; what is not known is null."""

    name: str
    state: str
    runs_to_next_look: int | None = None
    seconds_left: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether it runs or waits."""
        return self.state in {"running", _WAITING}


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """A queue, where each of its experiments is, and the `seconds` that all will take at least.

    None if that is not known.
    """

    queue: Queue
    stage: QueueStage
    experiments: tuple[QueuedExperiment, ...]
    seconds: float | None = None

    def as_json(self) -> QueueProgressJson:
        """Return it as `gitexp status --json` prints it."""
        return {
            "queue": self.queue.id,
            "kind": self.queue.kind,
            "stage": self.stage,
            "process": self.queue.pid,
            "start": self.queue.start,
            "seconds_left_at_least": self.seconds,
            "experiments": [*self.experiments],
        }


def queue_progress(repository: Repository, rows: Sequence[Row]) -> list[QueueProgress]:
    """Find out how far the open queues are, and the last one if it has ended not long ago.

    `rows` are the whole log.
    """
    found = [(queue, queue.stage()) for queue in queues(repository)]
    opened = [one for one in found if one[1] is not QueueStage.ENDED and one[0].left]
    if found and not opened and found[-1][1] is QueueStage.ENDED and _is_recent(found[-1][0]):
        opened = [found[-1]]
    by_name = {row.result.name: row for row in rows} if opened else {}
    states = {name: row.state for name, row in by_name.items()}
    progress = []
    for queue, stage in opened:
        experiments = queued_experiments(queue, stage, states)
        seconds = None
        if stage is QueueStage.RUNS:
            waiting = [by_name[o.name] for o in experiments if o.state == _WAITING]
            seconds = _seconds_left(queue, experiments, waiting)
        progress.append(QueueProgress(queue, stage, experiments, seconds))
    return progress


def _seconds_left(
    queue: Queue, experiments: Sequence[QueuedExperiment], waiting: Sequence[Row]
) -> float | None:
    """What a queue takes at least: what has begun, and what waits up to its first look."""
    known = [one.seconds_left for one in experiments if one.seconds_left is not None]
    ended = (event for event in queue.said() if event.get("event") == "finished")
    took = [
        seconds
        for event in ended
        if isinstance(seconds := event.get("seconds"), int | float)
        and 0 <= seconds < math.inf
        and not event.get("failure")
    ]
    if waiting and took and not queue.on:
        at_once = queue.jobs or os.cpu_count() or 1
        runs = sum(queue.runs or _runs_to_look(row) for row in waiting)
        known.append(runs * statistics.fmean(took) / at_once)
    return sum(known) if known else None


def _runs_to_look(row: Row) -> int:
    registration, judgement = row.result.registration, row.result.judgement
    if registration is None:
        return 0
    due = (judgement.due if judgement else None) or registration.repeats[0]
    return max(0, due - len(row.result.summary.seconds))


def queued_experiments(
    queue: Queue, stage: QueueStage, states: Mapping[str, str]
) -> tuple[QueuedExperiment, ...]:
    """Find out where each experiment of a queue is; `states` are those of the log, by name."""
    events = queue.said()
    stopped, last, failed = queue.asked_to_stop, _last_progress(events), _failed(events)
    over = _over(events)
    goes_on = stage in {QueueStage.RUNS, QueueStage.ELSEWHERE}
    found = []
    for name in queue.names:
        state, told = states.get(name, "unknown"), last.get(name, {})
        if name in stopped and (queue.kind is not RunKind.EXPERIMENTS or state in _NOT_OVER):
            found.append(QueuedExperiment(name, "stopped"))
        elif queue.runs and name in over:
            found.append(QueuedExperiment(name, _FAILED if name in failed else "screened"))
        elif queue.kind is not RunKind.EXPERIMENTS:
            found.append(QueuedExperiment(name, _alone(queue, stage)))
        elif state not in _NOT_OVER and not (goes_on and state == _FAILED and name not in failed):
            found.append(QueuedExperiment(name, state))
        elif stage in {QueueStage.ENDED, QueueStage.INTERRUPTED}:
            end = "screened" if queue.runs and stage is QueueStage.ENDED else "not decided"
            found.append(QueuedExperiment(name, end))
        elif not told and state != "running":
            found.append(QueuedExperiment(name, _WAITING))
        else:
            seconds = _left(told, queue.is_of_this_boot)
            runs = told.get("runs_left")
            found.append(
                QueuedExperiment(name, "running", runs if type(runs) is int else None, seconds)
            )
    return tuple(found)


def is_over_in(queue: Queue, name: str) -> bool:
    """Whether a queue that still runs has nothing left to run for one of its experiments."""
    return name in _over(queue.said())


def _alone(queue: Queue, stage: QueueStage) -> str:
    """How far runs without a verdict are: a baseline's, or one on a sample of the data."""
    if stage is QueueStage.INTERRUPTED:
        return "not finished"
    if stage is not QueueStage.ENDED:
        return "running"
    return "failed" if queue.result.get("exit") else "measured"


def _last_progress(events: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    told = (event for event in events if event.get("event") == "progress")
    return {name: event for event in told if isinstance(name := event.get("name"), str)}


def _failed(events: Sequence[dict[str, Any]]) -> set[str]:
    """Experiments of which a run failed in this queue: what failed before it is tried again."""
    ended = (event for event in events if event.get("event") == "finished" and event.get("failure"))
    labels = (of for event in ended if isinstance(of := event.get("of"), str))
    return {of.partition(" ")[0].removeprefix("exp/") for of in labels}


def _over(events: Sequence[dict[str, Any]]) -> set[str]:
    """Experiments that need no more runs."""
    told = (event for event in events if event.get("event") == "over")
    return {name for event in told if isinstance(name := event.get("name"), str)}


def _left(event: dict[str, Any], is_of_this_boot: bool) -> float | None:
    """Seconds that an experiment still needs, by what was said of it last, and when.

    Since this machine was started, its uptime tells more than a clock that somebody may have set.
    """
    seconds, said, uptime = (event.get(name) for name in ("seconds_left", "time", "uptime"))
    if not isinstance(seconds, int | float) or not isinstance(said, str):
        return None
    if is_of_this_boot and isinstance(uptime, int | float):
        return max(0.0, seconds - max(0.0, time.monotonic() - uptime))
    try:
        passed = time.time() - datetime.fromisoformat(said).timestamp()
    except ValueError:
        return None
    return max(0.0, seconds - max(0.0, passed))


def _is_recent(queue: Queue) -> bool:
    try:
        began = datetime.fromisoformat(queue.start).astimezone(UTC).timestamp()
        return time.time() - max(began, queue.events.stat().st_mtime) < _SHOWN
    except (OSError, ValueError):
        return False
