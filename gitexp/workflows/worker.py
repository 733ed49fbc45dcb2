"""Make runs that another machine asked for, one after the other, and send them to the remote.

A worker may get several short runs: what it finds out before the first one serves them all, the
next one is prepared while one goes on, and what has ended is stored and sent meanwhile.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.engine.devices.giver import nap_of
from gitexp.engine.engine import Came, Done, Made, Order, Slot
from gitexp.engine.host import is_over_time
from gitexp.engine.host_clone import REMOTE, open_host_clone, update
from gitexp.engine.pool import Pool
from gitexp.errors import GitexpError, StoreBusy
from gitexp.lab.measuring.driving import RunOptions, run_maker
from gitexp.lab.measuring.ledger import scope_of
from gitexp.lab.measuring.scheduler import how_stopped
from gitexp.lab.measuring.unended import end_all_unended
from gitexp.lab.sharing.incoming import merge_results
from gitexp.lab.workers.approved_commits import admit_task, demand_condition
from gitexp.lab.workers.sending import (
    Sender,
    SendingLedger,
    keep_killed,
    on_record,
    send_waiting,
)
from gitexp.rules.documents.ended import Ended
from gitexp.store.note_writing import store_aside
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from gitexp.store.shared_runs import read_runs

if TYPE_CHECKING:
    from gitexp.lab.measuring.run_maker import RunMaker
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.task import Task

_REACTION = 0.5  # seconds between looks at whether it is to stop
_NAP = 1.0  # seconds between looks at a run that another worker of this machine makes


@dataclass(frozen=True, slots=True)
class Worked:
    """What came of a task: the record that the remote has now; `ran` if this worker made it.

    `error` is why it could not be run. A task without a record or an error was stopped.
    """

    task: Task
    ran: bool = False
    record: Record | None = None
    error: GitexpError | None = None


def work(tasks: Sequence[Task], watcher: Watcher, stop: Slot) -> list[Worked]:
    """Make the runs of tasks that are not on record, and send them; `stop` ends that early.

    The tasks have one remote and one baseline branch.

    Raises:
        Refused: the remote refuses a run.
        NotReady: the remote cannot be reached.
        StoreBusy: the disk is full.
    """
    clone = _up_to_date(tasks, watcher.said)
    ledgers = _Ledgers(clone, watcher.said)
    done, due = [], []
    for task in dict.fromkeys(tasks):
        if (known := on_record(clone, task)) is not None:
            done.append(Worked(task, record=known))
            continue
        try:
            due.append((task, ledgers.of(task)))
        except StoreBusy:
            raise
        except GitexpError as error:
            done.append(Worked(task, error=error))
    if due:
        done += _make(clone, due, watcher, stop)
    return done


def _up_to_date(tasks: Sequence[Task], said: Callable[[str], None]) -> Repository:
    """The clone of the tasks' remote on this machine, with all that is on record there.

    What waits here, and how attempts ended that were killed here, is sent before anything runs.
    """
    clone = open_host_clone(tasks[0])
    store_aside(clone)
    end_all_unended(clone)
    theirs = update(clone, tasks)
    folded = read_runs(clone, theirs.runs)
    merged = merge_results(clone, theirs.notes, folded.lines, logs=False)
    keep_killed(clone, merged[RUNS].went)
    send_waiting(clone, REMOTE, said)
    return clone


class _Ledgers:
    """One ledger for all tasks that run the same; what was refused once is refused again."""

    def __init__(self, clone: Repository, said: Callable[[str], None]) -> None:
        self._clone, self._said = clone, said
        self._known: dict[tuple[object, ...], SendingLedger] = {}
        self._refused: dict[tuple[object, ...], GitexpError] = {}
        self._suited: set[tuple[object, ...]] = set()  # what could be paired on this machine

    def of(self, task: Task) -> SendingLedger:
        """The ledger of a task that may run here.

        Raises:
            Refused: the gate refuses the experiment.
            NotReady: the task asks for what was not approved, or could not be paired from here.
        """
        same = (
            task.experiment, frozenset(part.commit for part in task.parts), task.settings,
            task.project, task.code, task.metric, task.tree, task.generation,
        )  # fmt: skip
        suits = (*same, task.conditions, task.beside, task.threads)
        if error := self._refused.get(same) or self._refused.get(suits):
            raise error
        at: tuple[object, ...] = same
        try:
            if same not in self._known:
                self._known[same] = self._open(task)
            at = suits
            if suits not in self._suited:
                demand_condition(task, self._known[same])
                self._suited.add(suits)
        except GitexpError as error:
            self._refused[at] = error
            raise
        ledger = self._known[same]
        ledger.ask(task)
        return ledger

    def _open(self, task: Task) -> SendingLedger:
        admitted = admit_task(self._clone, task)
        project = admitted.project
        scope = replace(
            scope_of(project, project.settings, task.metric), experiment=admitted.experiment,
            beside=admitted.base if admitted.interleaved else "",
        )  # fmt: skip
        ledger = SendingLedger(project, project.settings, scope, self._said, code=task.code)
        commits = [one for one in (admitted.base, admitted.experiment, task.code) if one]
        ledger.read(*commits)
        ledger.environments.read(*commits)
        ledger.environments.generation = task.generation
        return ledger


def _make(
    clone: Repository, due: Sequence[tuple[Task, SendingLedger]], watcher: Watcher, stop: Slot
) -> list[Worked]:
    """Make runs in a thread, as any run is made, so that a signal can stop them well."""
    orders = {_order(task, ledger): (task, ledger) for task, ledger in due}
    waiting = deque(orders)
    worked: list[Worked] = []
    options = RunOptions(watcher)
    with Sender(clone, REMOTE, watcher.said) as sender, run_maker(clone, options) as maker:

        def make(order: Order, slot: Slot) -> Made:
            return _when_possible(*orders[order], maker, slot, watcher.said)

        # Devices and pairs want what is next to leave them alone.
        if not any(ledger.settings.gpus or ledger.settings.pairing for _, ledger in due):
            maker.turn = threading.Lock()
        with Pool(1, make) as pool:
            under_way: list[Order] = []
            try:
                while waiting or under_way:
                    while waiting and pool.free > 0 and not stop.is_set():
                        under_way.append(order := waiting.popleft())
                        pool.submit(order)
                    if stop.is_set():
                        maker.batch = stop.batch or maker.batch
                        worked += [Worked(orders[order][0]) for order in waiting]
                        waiting.clear()
                        for order in reversed(under_way):
                            pool.cancel(order, stop.how)
                    for done in pool.poll(_REACTION) if under_way else ():
                        under_way.remove(done.order)
                        worked.append(_came(clone, orders[done.order][0], done))
                        if waiting or under_way:
                            sender.send()
            except BaseException as error:
                how = how_stopped(error)
                # Of several runs, none need be too long by itself.
                alone = sum(len(task.parts) for task, _ in due) == 1
                if how is Ended.SCHEDULER and alone and is_over_time():
                    how = Ended.TIMEOUT
                pool.stop_all(how)
                raise
    return worked


def _order(task: Task, ledger: SendingLedger) -> Order:
    return Order(
        ledger.project.prefix, task.commit, task.seed, task.commit[:10], task.metric,
        task.threads, task.purpose, task.conditions, share=task.share, pair=task.pair,
        then=None if task.then is None else _order(task.then, ledger),
    )  # fmt: skip


def _came(clone: Repository, task: Task, done: Done) -> Worked:
    """What came of a task whose order has ended.

    Raises:
        StoreBusy: the disk is full.
    """
    if isinstance(done.error, GitexpError) and not isinstance(done.error, StoreBusy):
        return Worked(task, error=done.error)
    if done.error is not None:
        raise done.error
    made = done.made
    last = made and (made.then or made)
    if last is not None and last.result is not None:
        return Worked(task, ran=True, record=last.result.record)
    return Worked(task, record=on_record(clone, task))


def _when_possible(
    task: Task, ledger: SendingLedger, maker: RunMaker, slot: Slot, said: Callable[[str], None]
) -> Made:
    """Make what is not on record once a device is free, or another worker here has made it."""
    why = ""
    while True:
        left = task
        if task.then is not None and (first := on_record(ledger.repository, task.parts[0])):
            if not first.ok:
                return Made(Came.STORED)
            left = task.then
        made = maker.make(_order(left, ledger), ledger, slot, "", lambda _: lambda _: None)
        if made.came is Came.BUSY:
            nap = _NAP
        elif made.came is Came.NO_DEVICE:
            nap = nap_of(ledger.settings)
            if made.why != why:
                why = made.why
                said(f"no device is free ({why}); waiting")
        else:
            return made
        if slot.wait(nap) or on_record(ledger.repository, task) is not None:
            return made
