"""Makes one run on this machine: claimed, on record before it starts, and stored when it ends."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from gitexp.engine.engine import Came, Made
from gitexp.engine.host import boot_id, clone_id, host_id, scheduler
from gitexp.engine.job import Conduct, Interrupted, Job
from gitexp.lab.measuring.claims import claim_of
from gitexp.lab.measuring.running import free_folder, run_watched
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.start import Start
from gitexp.store.local import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.engine.devices.giver import Giver
    from gitexp.engine.devices.grant import Granted
    from gitexp.engine.engine import Order, Slot
    from gitexp.engine.watchdog import Watchdog
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.rules.documents.settings import Settings

_ONCE = (Purpose.RUN, Purpose.NEUTRAL)  # what is not made again where it is on record
_NAP = 0.2  # seconds between looks at a run that is made for another pair


class RunMaker:
    """Makes the runs of one command, which share a `batch`; called from several threads.

    Whoever stops them for another command gives them its batch. If there is a `turn`, one command
    at a time runs, and the next run is prepared meanwhile.
    """

    def __init__(self, watchdog: Watchdog, watcher: Watcher, giver: Giver) -> None:
        self.batch = os.urandom(6).hex()
        self.turn: threading.Lock | None = None
        self._watchdog, self._watcher = watchdog, watcher
        self.giver = giver
        self._lock = threading.Lock()
        self._warned: set[str] = set()  # what was said of odd runs, and the commits that had some
        self._named: set[float | None] = set()  # shares of accelerators that were looked at

    def make(
        self,
        order: Order,
        ledger: Ledger,
        slot: Slot,
        expected: str,
        named: Callable[[str], Callable[[str], None]],
        given: Granted | None = None,
    ) -> Made:
        """Make a run unless another gitexp of this clone does, or has done so by now.

        `expected` is the condition that it will probably have, and `named` gives, by commit, who is
        told the real one. What it is `given` it uses, instead of taking accelerators itself.

        Raises:
            NotReady: the checkout could not be prepared, or there are too few accelerators here.
            StoreBusy: the run could not be stored; it is kept aside.
        """
        with locked(claim_of(ledger.repository, order.commit, order.seed), wait=False) as claim:
            if claim is None:
                return Made(Came.BUSY)
            if slot.is_set():
                return Made(Came.STOPPED)
            if ledger.came_meanwhile(order.commit, order.seed, order.purpose, order.share):
                return Made(Came.STORED)
            # What is repeated is on record.
            wanted = order.conditions if order.purpose in _ONCE else ()
            attempt = ledger.attempt(order.commit, order.seed, wanted, order.purpose)
            if not attempt:
                return Made(Came.STORED)
            self._name_devices(ledger.settings)
            granted = given or self.giver.take(ledger.settings)
            if granted is None:
                return Made(Came.NO_DEVICE, why=self.giver.about(ledger.settings))
            runs = ledger.repository.local / "runs" / order.commit[:12]
            small = order.purpose is Purpose.SAMPLE
            name = f"sample-{order.share:g}" if small else str(order.seed)
            folder, attempt = free_folder(runs, name, attempt)
            job = Job(
                order.commit, order.seed, attempt, order.metric, folder, order.explore,
                sample=order.share, purpose=order.purpose, threads=order.threads, granted=granted,
                pair=order.pair,
            )  # fmt: skip
            with granted:
                hold = (claim, *granted.descriptors)
                tell = named(order.commit)
                made = self._run(order.label, job, ledger, slot, hold, expected, tell)
                if order.then is None or made.result is None or not made.result.record.ok:
                    return made
                while True:
                    second = self.make(order.then, ledger, slot, expected, named, granted)
                    if second.came is not Came.BUSY or slot.wait(_NAP):
                        return made._replace(then=second)

    def _run(
        self,
        label: str,
        job: Job,
        ledger: Ledger,
        slot: Slot,
        hold: Sequence[int],
        expected: str,
        named: Callable[[str], None],
    ) -> Made:
        """Run a job, and store its start and its end."""
        started: list[Start] = []

        def begin(time: str) -> None:
            started.append(self._start(job, ledger, time, expected))
            ledger.begin(started[0])
            if self.turn is not None:
                slot.give_back()

        def condition(described: dict[str, Any]) -> str:
            if job.purpose is Purpose.SAMPLE:
                return ""  # it would be taken for one that full runs may share
            name = ledger.environments.name(described, job.commit)
            named(name)
            return name

        try:
            result = run_watched(
                ledger.repository, ledger.project.prefix, ledger.settings, label, job,
                self._watcher,
                Conduct(self._watchdog, slot, condition, begin, hold, self.turn or nullcontext()),
            )  # fmt: skip
        except Interrupted as stopped:
            # Who stops a run that had not begun has seen nothing.
            ended = slot.how if stopped.seconds else Ended.FREED
            if started and ended is not None:
                end = started[0].ended_early(ended, stopped.seconds)
                ledger.end(end._replace(batch=self.batch))
            return Made(Came.STOPPED)
        if result.record.ok and not (ledger.settings.gpus or ledger.settings.pairing):
            slot.give_back()  # a device stays taken until the end
        if job.purpose is Purpose.SAMPLE:
            result = result._replace(record=result.record._replace(environment=""), bulk=())
        ledger.store(job.commit, result)
        if result.warning and self._is_first(job.commit, result.warning):
            self._watcher.said(f"{label}, seed {job.seed}: {result.warning}")
        return Made(Came.RAN, job, result)

    def _start(self, job: Job, ledger: Ledger, time: str, expected: str) -> Start:
        """The line that says that a job begins."""
        return Start(
            job.commit, job.seed, job.attempt, time,
            host=host_id(), boot=boot_id(), clone=clone_id(ledger.repository), batch=self.batch,
            condition=expected, scheduler=scheduler(), project=ledger.project.folder,
            purpose=job.purpose, explore=job.explore, pair=job.pair,
        )  # fmt: skip

    def _name_devices(self, settings: Settings) -> None:
        """Say once which accelerators are left out, before the first run has one."""
        with self._lock:
            if settings.gpus is not None and settings.gpus not in self._named:
                self._named.add(settings.gpus)
                if left_out := self.giver.about(settings):
                    self._watcher.said(f"left out: {left_out}")

    def _is_first(self, commit: str, warning: str) -> bool:
        """Whether neither a commit was warned about, nor anything by the same words.

        Runs of a commit share their script, and those of most experiments share it, too.
        """
        with self._lock:
            is_first = self._warned.isdisjoint({commit, warning})
            self._warned |= {commit, warning}
        return is_first
