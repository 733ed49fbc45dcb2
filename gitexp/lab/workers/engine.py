"""The engine whose runs are made on other machines: tasks go to a cluster, results come by git.

What a cluster says is only a reason to look at the remote. A run has ended when its record is in
the notes, whoever made it and however it came there.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from gitexp.engine.clusters.cluster import State
from gitexp.engine.engine import Came, Done, Made
from gitexp.engine.job import Job, RunResult
from gitexp.errors import GitexpError, NotReady
from gitexp.lab.workers.hosts import AskedHosts
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
    from gitexp.lab.measuring.session import Session
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.workers.meeting import Meeting
    from gitexp.rules.documents.ended import Ended
    from gitexp.rules.documents.record import Record

_FIRST, _LONGEST = 0.5, 10.0  # seconds between looks at the remote while nothing comes
_REST = 4  # times as long as a look took, before the next one
_STEP = 0.25  # seconds between questions to the cluster
_PATIENCE = 30.0  # seconds that tasks which end with this command get to send what they have
_TRIES = 5  # of a task that ended for a reason of the cluster's
_ONCE = (Purpose.RUN, Purpose.NEUTRAL)  # what is not made again where it is on record
_TAIL = 12  # lines of a log that an error shows
# Seconds of work that a worker gets at once, and the most runs: starting one takes about a second,
# and what it has not begun is for others only once it has ended.
_BATCH, _MOST_AT_ONCE = 60.0, 100
_ROUNDING = 1e-9


@dataclass(slots=True)
class _Flight:
    """A task under way; `name` is that of its worker, "" before it has one.

    `shared`: its worker got others, too.
    """

    order: Order
    task: Task
    job: Job
    name: str = ""
    shared: bool = False
    tries: int = 1
    running: bool = False
    waits: str | None = None  # why it has not begun, in the cluster's words
    gone: Standing | None = None  # how it ended, from then on
    cancelled: bool = False


@dataclass(slots=True)
class _Look:
    """When to look at the remote next, later and later while nothing comes.

    What a look costs is not to be most of what this machine does.
    """

    pause: float = _FIRST
    at: float = field(default_factory=time.monotonic)

    def again(self, *, came: bool, took: float) -> None:
        self.pause = _FIRST if came else min(2 * self.pause, _LONGEST)
        self.at = time.monotonic() + max(self.pause, _REST * took)


class RemoteEngine:
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
        self._workers: dict[str, None] = {}  # names of those that have not gone
        self._seconds: dict[str, float] = {}  # that a run took, by commit
        self._ended: list[Done] = []
        self._look = _Look()
        self._hosts = AskedHosts(cluster, meeting.tree, watcher.said)
        self._tip = ""  # of the records, as last read
        self._trouble = ""  # why the remote or the cluster could not be asked, as it was said
        self._waits = ""  # what runs wait for, likewise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to end: `drive` stops what it no longer waits for."""

    @property
    def free(self) -> int:
        """How many more tasks the cluster takes; those without a worker wait here."""
        each = max(map(self._fitting, self._seconds), default=1)
        return self._places * each - len(self._flights)

    @property
    def _places(self) -> int:
        return min(self._most, self._cluster.most)

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
        try:
            self._hosts.demand_fit(session, order, sorted(beside))
        except GitexpError as error:
            self._ended.append(Done(order, None, error))
            return
        task = Task(
            self._meeting.url, ledger.project.baseline, order.commit, order.seed, order.metric,
            ledger.settings.digest, ledger.project.folder, attempt, order.threads, order.purpose,
            order.share, ledger.code, order.conditions or (), tuple(sorted(beside)),
            self._meeting.tree, ledger.generation,
        )  # fmt: skip
        folder = ledger.repository.local / "runs" / order.commit[:12] / f"{order.seed}-{attempt}"
        job = Job(
            order.commit, order.seed, attempt, order.metric, folder, sample=order.share,
            purpose=order.purpose, threads=order.threads,
        )  # fmt: skip
        if made := [one.duration for one in ledger.records(order.commit) if one.ok]:
            self._seconds.setdefault(order.commit, max(made))
        self._flights.append(_Flight(order, task, job))

    def poll(self, seconds: float | None) -> Sequence[Done]:
        """Wait until some order ends or so many seconds have passed; returns those that ended."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self._ended and self._flights:
            self._hand_over()
            self._ask()
            if self._ended or (end is not None and time.monotonic() >= end):
                break
            time.sleep(_STEP)
        ended, self._ended = self._ended, []
        return ended

    def cancel(self, order: Order, how: Ended | None = None) -> None:
        """End a run early; `poll` returns it all the same."""
        for flight in [*self._flights]:
            if flight.order == order and not flight.cancelled:
                flight.cancelled = True
                others = (one for one in self._flights if one.name == flight.name)
                if flight.name and all(one.cancelled for one in others):
                    self._cluster.cancel([flight.name], how)
                elif flight.name:
                    # What its worker has besides it is wanted; whatever it still sends is kept.
                    self._end(flight, Done(order, Made(Came.STOPPED)))

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
        end, left = time.monotonic() + _PATIENCE, {*self._workers}
        with contextlib.suppress(NotReady):  # it cannot be asked any more
            while left and time.monotonic() < end:
                standings = self._cluster.poll(left)
                left -= {name for name, one in standings.items() if one.state is State.GONE}
                time.sleep(_STEP if left else 0)
        self._collect()

    # --- what goes out ----------------------------------------------------------------------------

    def _hand_over(self) -> None:
        """Give the cluster what it does not have yet, as far as it has places."""
        for flight in [one for one in self._flights if one.cancelled and not one.name]:
            self._end(flight, Done(flight.order, Made(Came.STOPPED)))
        due = [flight for flight in self._flights if not flight.name]
        busy = {flight.name for flight in self._flights if flight.name and not flight.gone}
        if not due or len(busy) >= self._places:
            return
        batches = self._share(due, self._places - len(busy))
        lines = [tuple(flight.task.line() for flight in batch) for batch in batches]
        given = [flight for batch in batches for flight in batch]
        try:
            names = self._cluster.submit(lines)
        except GitexpError as error:
            for flight in given:
                self._end(flight, Done(flight.order, None, error))
            return
        for batch in batches:
            for flight in batch:
                flight.name, flight.shared = names[flight.task.line()], len(batch) > 1
        self._workers |= dict.fromkeys(names.values())
        if self._cluster.lasts:
            shown = ", ".join(dict.fromkeys(name.partition("_")[0] for name in names.values()))
            self._watcher.said(f"{counted(len(given), 'run')} in job {shown}")

    def _fitting(self, commit: str) -> int:
        """How many runs of a commit a worker gets at once."""
        seconds = self._seconds.get(commit, math.inf) if self._cluster.shares else math.inf
        return max(1, min(_MOST_AT_ONCE, int(_BATCH / max(seconds, 1e-3))))

    def _share(self, due: Sequence[_Flight], places: int) -> list[list[_Flight]]:
        """Share runs out among workers, several short ones to each; what is too much waits.

        Nobody knows how long the first run of a commit takes. It goes alone, and so does what was
        lost once, so that it takes nothing with it.
        """
        most = math.ceil(len(self._flights) / self._places)
        found: list[list[_Flight]] = []
        taken = 1.0  # part of the last worker
        for flight in due:
            fitting = 1 if flight.tries > 1 else self._fitting(flight.order.commit)
            part = 1 / min(most, fitting)
            if taken + part < 1 + _ROUNDING:
                found[-1].append(flight)
                taken += part
            elif len(found) < places:
                found.append([flight])
                taken = part
            else:
                break
        return found

    # --- what comes back --------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask the cluster, and look at the remote where something may have come."""
        try:
            standings = self._cluster.poll([*self._workers])
        except NotReady as error:
            self._say_once(error)
            standings = {}
        for name, standing in standings.items():
            self._hear([one for one in self._flights if one.name == name], standing)
            if standing.state is State.GONE:
                del self._workers[name]
        self._tell_waits()
        busy = {flight.name for flight in self._flights if flight.running and not flight.gone}
        for flight in self._flights:
            self._session_of(flight.order).bench.at_once = len(busy)
        gone = [flight for flight in self._flights if flight.gone]
        if not gone and time.monotonic() < self._look.at:
            return
        if not self._collect():
            return  # the remote cannot be reached: whatever has gone may be there
        self._lose([flight for flight in gone if flight in self._flights])

    def _hear(self, flights: Sequence[_Flight], standing: Standing) -> None:
        """Take in what the cluster says of a worker, and show the run that it probably makes."""
        for flight in flights:
            flight.waits = standing.said if standing.state is State.WAITING else None
            if standing.state is State.GONE and flight.gone is None:
                flight.gone = standing
        if standing.state is State.RUNNING and flights and not flights[0].running:
            flights[0].running = True
            self._watcher.started(flights[0].order.label, flights[0].job)

    def _tell_waits(self) -> None:
        """Show why runs have not begun, as soon as that changes."""
        reasons = Counter(one.waits for one in self._flights if one.waits is not None)
        said = say_waits(reasons) if reasons else ""
        if said != self._waits:
            self._waits = said
            self._watcher.waits(said)

    def _collect(self) -> bool:
        """Fold in what has come, and end the orders with a record; whether the remote answered."""
        began = time.monotonic()
        try:
            came = self._meeting.fold()
        except GitexpError as error:
            self._say_once(error)
            self._look.again(came=False, took=0)
            return False
        self._trouble = ""
        self._look.again(came=came, took=time.monotonic() - began)
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
        if record.ok and record.sample == flight.order.share == 1:
            known = self._seconds.get(record.commit, 0.0)
            self._seconds[record.commit] = max(known, record.duration)
        result = RunResult(record, (), {}, "" if record.ok else self._last_lines(record))
        made = Made(Came.RAN, flight.job, result)
        self._watcher.finished(flight.order.label, flight.job, record)
        if not record.ok and flight.gone is not None and flight.gone.hint:
            # The training was killed, and its worker was left to tell.
            first = flight.gone.said.partition("\n")[0]
            self._watcher.said(f"{first}\n-> {flight.gone.hint}")
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

    def _lose(self, flights: Sequence[_Flight]) -> None:
        """Hand over again what left no record although its worker has gone, or fail its session."""
        told: set[str] = set()
        for flight in flights:
            standing, order = flight.gone, flight.order
            assert standing is not None  # noqa: S101 - its worker has gone
            if flight.cancelled:
                self._end(flight, Done(order, Made(Came.STOPPED)))
                continue
            others = sum(one.name == flight.name for one in flights) - 1
            more = f" and {counted(others, 'more run')}" if others else ""
            said = f"{order.label}, seed {order.seed}{more}: no result came: {standing.said}"
            again = standing.again or (standing.too_long and flight.shared)
            if not again or flight.tries >= _TRIES:
                hint = f"{standing.hint}\n" if standing.hint else "fix that, "
                hint += "then repeat the command: it continues where it stopped"
                self._end(flight, Done(order, None, NotReady(said, hint)))
                continue
            if flight.name not in told:
                told.add(flight.name)
                first, *rest = said.splitlines()
                hints = [f"-> {standing.hint}"] if standing.hint else []
                self._watcher.said("\n".join([f"{first}; submitted again", *rest, *hints]))
            flight.tries += 1
        for flight in flights:
            flight.name, flight.gone = "", None

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
