"""The engine whose runs are made on other machines: tasks go to a cluster, results come by git.

What a cluster says is only a reason to look at the remote. A run has ended when its record is in
the notes, whoever made it and however it came there.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from gitexp.engine.clusters.cluster import State
from gitexp.engine.engine import Came, Done, Made
from gitexp.engine.job import Job, RunResult
from gitexp.errors import GitexpError, NotReady
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.task import Task
from gitexp.rules.text import counted
from gitexp.store.notes import read_notes
from gitexp.store.refs import LOGS, RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitexp.engine.clusters.cluster import Cluster, Standing
    from gitexp.engine.engine import Order
    from gitexp.lab.meeting import Meeting
    from gitexp.lab.session import Session
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.ended import Ended
    from gitexp.rules.documents.record import Record

_FIRST, _LONGEST = 0.5, 10.0  # seconds between looks at the remote while nothing comes
_STEP = 0.25  # seconds between questions to the cluster
_PATIENCE = 30.0  # seconds that tasks which end with this command get to send what they have
_TRIES = 5  # of a task that ended for a reason of the cluster's
_ONCE = (Purpose.RUN, Purpose.NEUTRAL)  # what is not made again where it is on record
_TAIL = 12  # lines of a log that an error shows


@dataclass(slots=True)
class _Flight:
    """A task under way; `name` is the cluster's, "" before it has one."""

    order: Order
    task: Task
    job: Job
    name: str = ""
    tries: int = 1
    running: bool = False
    waits: str | None = None  # why it has not begun, in the cluster's words
    gone: Standing | None = None  # how it ended, from then on
    cancelled: bool = False
    how: Ended | None = None


@dataclass(slots=True)
class _Look:
    """When to look at the remote next, later and later while nothing comes."""

    pause: float = _FIRST
    at: float = field(default_factory=time.monotonic)

    def again(self, *, came: bool) -> None:
        self.pause = _FIRST if came else min(2 * self.pause, _LONGEST)
        self.at = time.monotonic() + self.pause


class Away:
    """Makes runs on a cluster, whose results meet at a remote."""

    def __init__(
        self,
        cluster: Cluster,
        meeting: Meeting,
        watcher: Watcher,
        session_of: Callable[[Order], Session],
        most: int,
    ) -> None:
        self._cluster, self._meeting, self._watcher = cluster, meeting, watcher
        self._session_of, self._most = session_of, most
        self._flights: list[_Flight] = []
        self._ended: list[Done] = []
        self._look = _Look()
        self._tip = ""  # of the records, as last read
        self._trouble = ""  # why the remote or the cluster could not be asked, as it was said
        self._waits = ""  # what runs wait for, likewise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to end: `drive` stops what it no longer waits for."""

    @property
    def free(self) -> int:
        """How many more tasks the cluster takes."""
        return min(self._most, self._cluster.most) - len(self._flights)

    def submit(self, order: Order) -> None:
        """Have a run made; tasks are handed over together, when somebody waits for them."""
        session = self._session_of(order)
        ledger = session.ledger
        wanted = order.conditions if order.purpose in _ONCE else ()
        attempt = ledger.attempt(order.commit, order.seed, wanted, order.purpose)
        if not attempt:
            self._ended.append(Done(order, Made(Came.STORED)))
            return
        beside: set[str] = set()
        if order.commit == ledger.experiment:
            partners = ledger.good(session.bench.base, [order.seed])
            beside = {record.condition for record in partners.values()}
        task = Task(
            self._meeting.url, ledger.project.baseline, order.commit, order.seed, order.metric,
            ledger.settings.digest, ledger.project.folder, attempt, order.threads, order.purpose,
            order.share, ledger.code, order.conditions or (), tuple(sorted(beside)),
            self._meeting.tree,
        )  # fmt: skip
        folder = ledger.repository.local / "runs" / order.commit[:12] / f"{order.seed}-{attempt}"
        job = Job(
            order.commit, order.seed, attempt, order.metric, folder, sample=order.share,
            purpose=order.purpose, threads=order.threads,
        )  # fmt: skip
        self._flights.append(_Flight(order, task, job))

    def poll(self, seconds: float | None) -> Sequence[Done]:
        """Wait until some order ends or so many seconds have passed; returns those that ended."""
        end = None if seconds is None else time.monotonic() + seconds
        self._hand_over()
        while not self._ended and self._flights:
            self._ask()
            if self._ended or (end is not None and time.monotonic() >= end):
                break
            time.sleep(_STEP)
        ended, self._ended = self._ended, []
        return ended

    def cancel(self, order: Order, how: Ended | None = None) -> None:
        """End a run early; `poll` returns it all the same."""
        for flight in self._flights:
            if flight.order == order and not flight.cancelled:
                flight.cancelled, flight.how = True, how
                if flight.name:
                    self._cluster.cancel([flight.name], how)

    def stop_all(self, how: Ended | None) -> None:
        """End what would end with this command, and collect what it has still sent."""
        if not self._flights:
            return
        if self._cluster.lasts:
            self._watcher.said(
                f"{counted(len(self._flights), 'run')} will continue without this command; the same"
                " command collects the results"
            )
            return
        for flight in self._flights:
            self.cancel(flight.order, how)
        end = time.monotonic() + _PATIENCE
        names = [flight.name for flight in self._flights if flight.name]
        while time.monotonic() < end and any(
            one.state is not State.GONE for one in self._cluster.poll(names).values()
        ):
            time.sleep(_STEP)
        self._collect()

    # --- what goes out ----------------------------------------------------------------------------

    def _hand_over(self) -> None:
        """Give the cluster what it does not have yet."""
        for flight in [one for one in self._flights if one.cancelled and not one.name]:
            self._end(flight, Done(flight.order, Made(Came.STOPPED)))
        due = [flight for flight in self._flights if not flight.name]
        if not due:
            return
        try:
            names = self._cluster.submit([flight.task.line() for flight in due])
        except GitexpError as error:
            for flight in due:
                self._end(flight, Done(flight.order, None, error))
            return
        for flight, name in zip(due, names, strict=True):
            flight.name = name
        if self._cluster.lasts:
            shown = ", ".join(dict.fromkeys(name.partition("_")[0] for name in names))
            self._watcher.said(f"{counted(len(due), 'run')} in job {shown}")

    # --- what comes back --------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask the cluster, and look at the remote where something may have come."""
        try:
            standings = self._cluster.poll([one.name for one in self._flights if one.gone is None])
        except NotReady as error:
            self._say_once(error)
            standings = {}
        for flight in self._flights:
            self._hear(flight, standings.get(flight.name))
        self._tell_waits()
        gone = [(flight, flight.gone) for flight in self._flights if flight.gone]
        if not gone and time.monotonic() < self._look.at:
            return
        if not self._collect():
            return  # the remote cannot be reached: whatever has gone may be there
        for flight, standing in gone:
            if flight in self._flights:
                self._lost(flight, standing)

    def _hear(self, flight: _Flight, standing: Standing | None) -> None:
        """Take in what the cluster says of a task, and show a run that has begun."""
        if standing is None:
            return
        flight.waits = standing.said if standing.state is State.WAITING else None
        if standing.state is State.GONE and flight.gone is None:
            flight.gone = standing
        if standing.state is State.RUNNING and not flight.running:
            flight.running = True
            self._watcher.started(flight.order.label, flight.job)

    def _tell_waits(self) -> None:
        """Show why runs have not begun, as soon as that changes."""
        reasons = Counter(one.waits for one in self._flights if one.waits is not None)
        said = say_waits(reasons) if reasons else ""
        if said != self._waits:
            self._waits = said
            self._watcher.waits(said)

    def _collect(self) -> bool:
        """Fold in what has come, and end the orders with a record; whether the remote answered."""
        try:
            came = self._meeting.fold()
        except GitexpError as error:
            self._say_once(error)
            self._look.again(came=False)
            return False
        self._trouble = ""
        self._look.again(came=came)
        repository = self._meeting.repository
        tip = repository.git.resolve(RUNS) or ""
        if tip == self._tip:
            return True
        self._tip = tip
        commits = list(dict.fromkeys(flight.order.commit for flight in self._flights))
        notes = read_notes(repository, RUNS, commits)
        for flight in [*self._flights]:
            record = next(flight.task.answers(notes.get(flight.order.commit, "")), None)
            if record is not None:
                self._came(flight, record)
        return True

    def _came(self, flight: _Flight, record: Record) -> None:
        """An order has its record, whoever made it."""
        session = self._session_of(flight.order)
        session.ledger.reread_bulk(record.commit)
        session.learn_condition(record.commit, record.condition)
        session.ledger.stored += 1
        result = RunResult(record, (), {}, "" if record.ok else self._last_lines(record))
        made = Made(Came.RAN, flight.job, result)
        self._watcher.finished(flight.order.label, flight.job, record)
        self._flights.remove(flight)
        self._ended.append(Done(flight.order, made))

    def _last_lines(self, record: Record) -> str:
        """The end of a failed run's output, as its log came with it."""
        text = read_notes(self._meeting.repository, LOGS, [record.commit]).get(record.commit, "")
        for log in read_contents(text, Kind.LOG):
            if (log["seed"], log["attempt"]) == (record.seed, record.attempt):
                said = f"{log['stdout']}\n{log['stderr']}".strip()
                return "\n".join(said.splitlines()[-_TAIL:])
        return ""

    def _lost(self, flight: _Flight, standing: Standing) -> None:
        """A task has gone and left no record: it is handed over again, or fails its session."""
        order = flight.order
        if flight.cancelled:
            self._end(flight, Done(order, Made(Came.STOPPED)))
            return
        said = f"{order.label}, seed {order.seed}: no record came: {standing.said}"
        if standing.again and flight.tries < _TRIES:
            flight.tries += 1
            flight.name, flight.gone = "", None
            self._watcher.said(f"{said}; submitted again")
            self._hand_over()
            return
        hint = "fix that, then repeat the command: it continues where it stopped"
        if standing.hint:
            hint = f"{standing.hint}\nthen repeat the command: it continues where it stopped"
        self._end(flight, Done(order, None, NotReady(said, hint)))

    def _end(self, flight: _Flight, done: Done) -> None:
        if flight.running:
            self._watcher.finished(flight.order.label, flight.job, None)
        self._flights.remove(flight)
        self._ended.append(done)

    def _say_once(self, error: GitexpError) -> None:
        if error.message != self._trouble:
            self._trouble = error.message
            self._watcher.said(f"{error.message}\nwaiting for it")


def say_waits(reasons: Mapping[str, int]) -> str:
    """Say how many runs wait for the cluster, and for what; `reasons` count runs."""
    said = f"{counted(sum(reasons.values()), 'run')} waiting for the cluster"
    known = {why: count for why, count in reasons.items() if why}
    if len(reasons) == 1:
        return ": ".join([said, *known])
    parts = [f"{why} ({count})" for why, count in known.items()]
    return f"{said}: {', '.join(parts)}"
