"""Run experiments without a terminal: start a queue, resume it, wait for it, stop it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitexp.engine.devices.giver import Giver
from gitexp.errors import NotReady, UsageError
from gitexp.lab.measuring.claims import claims, is_held
from gitexp.lab.measuring.driving import demand_devices
from gitexp.lab.projects.experiment import find_experiment, find_measured, meant_by
from gitexp.lab.projects.experiment_name import find_by_name, short_name
from gitexp.lab.projects.project import Project
from gitexp.lab.queues.queue import Queue, QueueStage, queues, queues_folder
from gitexp.lab.queues.queue_progress import is_over_in
from gitexp.lab.queues.replaced import command_of
from gitexp.rules.documents.purpose import RunKind
from gitexp.rules.plan.screening import demand_screening
from gitexp.store.local import locked
from gitexp.store.note_writing import store_aside
from gitexp.store.repository import Repository
from gitexp.workflows.baseline import demand_measurable
from gitexp.workflows.run import demand_runnable
from gitexp.workflows.run_on import cluster_of
from gitexp.workflows.smoke import demand_smokable

if TYPE_CHECKING:
    from gitexp.lab.measuring.driving import AskedRuns
    from gitexp.lab.workers.remote_cluster import RemoteCluster
    from gitexp.rules.documents.where import Where

_NAP = 0.2  # seconds between looks at a queue
_PATIENCE = 15.0  # seconds for a queue to stop what it runs: a run may write a checkpoint


@dataclass(frozen=True, slots=True)
class Resumed:
    """Queues that were started again, and those that may still run on another machine."""

    started: tuple[Queue, ...]
    elsewhere: tuple[Queue, ...]


@dataclass(frozen=True, slots=True)
class AskedToStop:
    """Experiments that a queue was asked to stop; `at_work` if it has not done so yet.

    `others` are experiments that it still has to run, and `stage` is how far it is.
    """

    queue: Queue
    names: tuple[str, ...]
    at_work: bool
    others: tuple[str, ...]
    stage: QueueStage


def detach(project: Project, asked: AskedRuns, where: Where, *, yes: bool) -> Queue:
    """Begin a queue that makes runs when this command has ended.

    `yes` agrees to every question, as nobody can be asked later.

    Raises:
        UsageError, Refused, NotReady: `run` would not run all of them, or one is in a queue.
    """
    repository, (runs, share) = project.repository, asked.screening or (0, 1.0)
    if asked.screening is not None:
        demand_screening(runs, share)
    accepted = _accepted(project, asked, cluster_of(project, where))
    store_aside(repository)
    folder = queues_folder(repository)
    with locked(folder / "start.lock"):
        taken = [int(one.name) for one in folder.glob("*/") if one.name.isdecimal()]
        queue = Queue(
            folder / str(max(taken, default=0) + 1), tuple(accepted), asked.jobs, asked.gpus,
            project.prefix, asked.several, datetime.now(UTC).isoformat(timespec="seconds"),
            yes=yes, runs=runs, share=share, on=where.on, remote=where.remote,
            address=where.address, kind=asked.kind,
        ).here()  # fmt: skip
        _demand_free(repository, queue)
        queue.write()
        return _launch(repository, queue)


def _accepted(project: Project, asked: AskedRuns, on: RemoteCluster | None) -> list[str]:
    """Make the checks that these runs begin with; returns the names of a queue for them."""
    if asked.kind is RunKind.EXPERIMENTS:
        return demand_runnable(project, asked.names, asked.jobs, asked.gpus, on)
    settings = project.settings
    if asked.kind is RunKind.SMOKE:
        report = demand_smokable(project, next(iter(asked.names), None), on).report
        settings, accepted = report.settings, report.name
    else:
        demand_measurable(project, on)
        accepted = project.baseline
    if on is None:
        giver = Giver(asked.gpus)
        giver.most(settings)
        demand_devices(giver, [settings], asked.jobs)
    return [accepted]


def resume(project: Project) -> Resumed:
    """Start every queue of this clone again whose process has ended before its work was done."""
    repository = project.repository
    started, elsewhere = [], []
    with locked(queues_folder(repository) / "start.lock"):
        for queue in queues(repository):
            stage = queue.stage()
            if stage is QueueStage.ELSEWHERE:
                elsewhere.append(queue)
            elif stage is QueueStage.INTERRUPTED and queue.left:
                started.append(_launch(repository, queue))
    return Resumed(tuple(started), tuple(elsewhere))


def find_queue(project: Project, number: str) -> Queue:
    """The queue that this process is to carry out.

    Raises:
        UsageError: there is none.
    """
    found = next((one for one in queues(project.repository) if one.id == number), None)
    if found is None:
        raise UsageError(f"there is no queue {number}", "see which there are: gitexp status")
    return found


def wait(project: Project, names: Sequence[str], said: Callable[[str], object]) -> Queue:
    """Wait for the end of the newest queue that has these experiments, an open one first.

    Raises:
        UsageError: there is none.
        NotReady: its process has ended before its work was done.
    """
    wanted = {short_name(name) for name in names}
    found = [
        one
        for one in queues(project.repository)
        if wanted <= {*one.names} and (one.left or one.result)
    ]
    if not found:
        for name in sorted(wanted):
            if find_by_name(project.repository, name) is None:
                hint = meant_by(project.repository, name)
                raise UsageError(f"there is no experiment {name}", hint)
        about = f" with {' and '.join(sorted(wanted))}" if wanted else ""
        raise UsageError(f"there is no queue{about}", "start one: gitexp run NAME --detach")
    queue = max(found, key=lambda one: (one.stage() is not QueueStage.ENDED, int(one.id)))
    if queue.stage() is QueueStage.RUNS:
        said(f"waiting for queue {queue.id} (Ctrl-C ends the waiting, not the queue)")
    told = False
    while (stage := queue.stage()) is not QueueStage.ENDED:
        if stage is QueueStage.INTERRUPTED:
            raise NotReady(f"queue {queue.id} {why_interrupted(queue)}", "gitexp run --resume")
        if stage is QueueStage.ELSEWHERE and not told:
            told = True
            said(f"queue {queue.id} was started on another machine; waiting for its end there")
        time.sleep(_NAP)
    return queue


def why_interrupted(queue: Queue) -> str:
    """Say what became of a queue whose process has ended before its work was done."""
    if not queue.folder.is_dir():
        return "was deleted"
    if queue.boot != queue.here().boot:
        return "ended when the machine restarted"
    return f"was killed or could not continue (see {queue.events})"


def stop(project: Project, names: Sequence[str]) -> list[AskedToStop]:
    """Stop experiments that run or wait in queues, without names all; waits for a moment.

    The baseline's runs have the name of its branch. A run in progress counts as aborted; what had
    not begun leaves no trace.

    Raises:
        UsageError: one neither runs nor waits in a queue; nothing was stopped.
    """
    repository = project.repository
    opened = [one for one in queues(repository) if one.stage() is not QueueStage.ENDED and one.left]
    if names:
        wanted = {short_name(name) for name in names}
        for name in sorted(wanted - {name for queue in opened for name in queue.left}):
            _refuse_stop(project, name)
    else:
        wanted = {name for queue in opened for name in _not_over(queue)}
        if not wanted:
            raise UsageError("no queue is running", "see where you stand: gitexp status")
    asked = []
    for queue in opened:
        if mine := tuple(name for name in queue.left if name in wanted):
            queue.stop(mine)
            asked.append((queue, mine))
    until = time.monotonic() + _PATIENCE
    return [
        _asked_to_stop(queue, mine, at_work=not _has_stopped(project, queue, mine, until))
        for queue, mine in asked
    ]


def _not_over(queue: Queue) -> tuple[str, ...]:
    """What a queue may still run; of one that was interrupted all of it, so that none is left."""
    if queue.stage() is QueueStage.INTERRUPTED:
        return queue.left
    return tuple(name for name in queue.left if not is_over_in(queue, name)) or queue.left


def _asked_to_stop(queue: Queue, names: tuple[str, ...], *, at_work: bool) -> AskedToStop:
    stage = queue.stage()
    others = () if stage is QueueStage.ENDED else queue.left
    waiting = tuple(name for name in others if not is_over_in(queue, name))
    return AskedToStop(queue, names, at_work, waiting, stage)


def _refuse_stop(project: Project, name: str) -> None:
    found = find_measured(project, name)
    if any(map(is_held, claims(project.repository).get(found.commit, ()))):
        raise UsageError(
            f"{found.label} is running in a terminal, not in a queue",
            "press Ctrl-C in that terminal",
        )
    raise UsageError(f"{found.label} is not running or waiting in a queue", "gitexp status")


def _has_stopped(project: Project, queue: Queue, names: Sequence[str], until: float) -> bool:
    """Wait until a queue has stopped experiments; False if it takes longer, or cannot be seen."""
    while (stage := queue.stage()) in {QueueStage.RUNS, QueueStage.ELSEWHERE}:
        told = {event.get("text") for event in queue.said() if event.get("event") == "said"}
        over = queue.left and told.issuperset(f"{queue.label(name)}: stopped" for name in names)
        if over and not _are_run(project, queue, names):
            return True
        if stage is QueueStage.ELSEWHERE or time.monotonic() > until:
            return False
        time.sleep(_NAP)
    return True


def _are_run(project: Project, queue: Queue, names: Sequence[str]) -> bool:
    held = claims(project.repository)
    if queue.measures_baseline:
        commits = [project.tip]
    else:
        commits = [find_experiment(project.repository, name)[1] for name in names]
    return any(is_held(claim) for commit in commits for claim in held.get(commit, ()))


def _demand_free(repository: Repository, new: Queue) -> None:
    """Refuse what is in a queue: which of the two would `stop` mean?

    Raises:
        UsageError: something is.
    """
    for queue in queues(repository):
        if queue.measures_baseline != new.measures_baseline:
            continue
        if new.measures_baseline and queue.prefix != new.prefix:
            continue
        for name in new.names:
            if name in queue.left and (stage := queue.stage()) is not QueueStage.ENDED:
                hint = f"see its progress: gitexp status\nor take it out: gitexp stop {name}"
                if stage is QueueStage.INTERRUPTED:
                    hint = f"resume it: gitexp run --resume\nor take it out: gitexp stop {name}"
                raise UsageError(
                    f"{queue.label(name)} is already in queue {queue.id} ({stage}); nothing was"
                    " queued",
                    hint,
                )


def _launch(repository: Repository, queue: Queue) -> Queue:
    """Start the process of a queue, which outlives this one and holds the queue's lock.

    The caller keeps out whoever else may want to start it.

    Raises:
        NotReady: Python cannot be started.
    """
    top = repository.top or repository.common
    folder = top / queue.prefix
    with locked(queue.lock) as lock:
        assert lock is not None  # noqa: S101 - for the type checker: we have waited for it
        with queue.events.open("ab") as events:
            try:
                process = subprocess.Popen(
                    command_of(queue),
                    cwd=folder if folder.is_dir() else top, stdin=subprocess.DEVNULL,
                    stdout=events, stderr=events, start_new_session=True, pass_fds=[lock],
                )  # fmt: skip
            except OSError as error:
                raise NotReady(f"{sys.executable} cannot be started: {error.strerror}") from None
        process.returncode = 0  # it is nobody's child once we have ended
        started = queue.here(process.pid)
        started.write()
        return started
