"""The engine whose runs are made on other machines: tasks go to a cluster, results come by git.

What a cluster says is only a reason to look at the remote. A run has ended when its record is in
the notes, whoever made it and however it came there.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from gitexp.engine.clusters.cluster import Cluster, Standing, State
from gitexp.engine.engine import Came, Done, Made, Order
from gitexp.engine.job import RunResult
from gitexp.errors import GitexpError, NotReady
from gitexp.lab.workers.batches import Durations
from gitexp.lab.workers.flight import Flight
from gitexp.lab.workers.hosts import AskedHosts
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.task import Task
from gitexp.rules.text import counted
from gitexp.store.notes import read_notes
from gitexp.store.refs import LOGS, RUNS

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.lab.measuring.session import Session
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.workers.meeting import Meeting
    from gitexp.rules.documents.ended import Ended
    from gitexp.rules.documents.record import Record

_FIRST, _LONGEST = 0.5, 10.0  # seconds between looks at the remote while nothing comes
_REST = 8  # times as long as a look or a question took, before the next one
_STEP = 0.1  # seconds between questions to the cluster, as far as these take no time
_PATIENCE = 30.0  # seconds that tasks which end with this command get to send what they have
_TRIES = 5  # of a task that ended for a reason of the cluster's
_ONCE = (Purpose.RUN, Purpose.NEUTRAL)  # what is not made again where it is on record
_TAIL = 12  # lines of a log that an error shows


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
        self._flights: list[Flight] = []
        self._workers: dict[str, None] = {}  # names of those that have not gone
        self._durations = Durations()
        self._ended: list[Done] = []
        self._look = _Look()
        self._nap = _STEP  # seconds until the next question to the cluster
        self._hosts = AskedHosts(cluster, meeting.tree, watcher.said)
        self._tip = ""  # of the records, as last read
        self._troubles: dict[object, str] = {}  # why something could not be asked, as it was said
        self._waits = ""  # what runs wait for, likewise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to end: `drive` stops what it no longer waits for."""

    @property
    def free(self) -> int:
        """How many more tasks the cluster takes; those without a worker wait here."""
        each = self._durations.most_fitting if self._cluster.shares else 1
        return self._places * each - len(self._flights)

    @property
    def _places(self) -> int:
        return min(self._most, self._cluster.most)

    def submit(self, order: Order) -> None:
        """Have a run made; tasks are handed over together, when somebody waits for them."""
        try:
            task = self._task(order)
        except GitexpError as error:
            self._ended.append(Done(order, None, error))
            return
        if task is None:
            self._ended.append(Done(order, Made(Came.STORED)))
            return
        ledger = self._session_of(order).ledger
        for commit in {part.commit for part in task.parts}:
            self._durations.learn(commit, ledger.records(commit))
        self._flights.append(Flight(order, task, ledger.repository.local / "runs"))

    def _task(self, order: Order) -> Task | None:
        """Write an order as a task; None if its run has been stored by now.

        Raises:
            NotReady: no machine has the accelerators that its partner ran on.
        """
        session = self._session_of(order)
        ledger = session.ledger
        if not (attempt := self._attempt(ledger, order)):
            return None
        arms = {ledger.experiment: session.bench.base, ledger.beside: ledger.experiment}
        partner = "" if order.then is not None else arms.get(order.commit, "")
        partners = ledger.good(partner, [order.seed]).values() if partner else ()
        beside = sorted({record.condition for record in partners})
        self._hosts.demand_fit(session, order, beside)
        task = Task(
            self._meeting.url, ledger.project.baseline, order.commit, order.seed, order.metric,
            ledger.settings.digest, ledger.project.folder, attempt, order.threads, order.purpose,
            order.share, ledger.code, order.conditions or (), tuple(beside), self._meeting.tree,
            ledger.environments.generation, order.pair,
        )  # fmt: skip
        if order.then is not None and (second := self._attempt(ledger, order.then)):
            return task.followed_by(order.then.commit, second)
        return task

    def _attempt(self, ledger: Ledger, order: Order) -> int:
        """Number of a run's next attempt; 0 if it has been stored by now.

        Pairs of several experiments may have runs of one seed of their baseline under way, which
        its notes tell apart by that number.
        """
        wanted = order.conditions if order.purpose in _ONCE else ()
        attempt = ledger.attempt(order.commit, order.seed, wanted, order.purpose)
        beside = (
            part.attempt
            for flight in self._flights
            for part in flight.task.parts
            if order.pair and (part.commit, part.seed) == (order.commit, order.seed)
        )
        return attempt and max([attempt, *(1 + number for number in beside)])

    def poll(self, seconds: float | None) -> Sequence[Done]:
        """Wait until some order ends or so many seconds have passed; returns those that ended."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self._ended and self._flights:
            self._hand_over()
            self._ask()
            if self._ended or (end is not None and time.monotonic() >= end):
                break
            time.sleep(self._nap)
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
                    self._end(flight)

    def stop_all(self, how: Ended | None) -> None:
        """End what would end with this command, and collect what it has still sent."""
        if not self._flights:
            return
        if self._cluster.lasts:
            self._watcher.said(
                f"{_count(self._flights)} will continue without this command; the same command"
                " collects the results"
            )
            return
        if self._workers:
            self._cluster.cancel([*self._workers], how)
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
            self._end(flight)
        due = [flight for flight in self._flights if not flight.name]
        busy = {flight.name for flight in self._flights if flight.name and not flight.gone}
        if not due or len(busy) >= self._places:
            return
        most = math.ceil(len(self._flights) / self._places) if self._cluster.shares else 1
        batches = self._durations.share_out(due, self._places - len(busy), most)
        lines = [tuple(flight.task.line() for flight in batch) for batch in batches]
        given = [flight for batch in batches for flight in batch]
        try:
            names = self._cluster.submit(lines)
        except GitexpError as error:
            for flight in given:
                self._end(flight, error)
            return
        for batch in batches:
            for flight in batch:
                flight.name, flight.shared = names[flight.task.line()], len(batch) > 1
        self._workers |= dict.fromkeys(names.values())
        if self._cluster.lasts:
            shown = ", ".join(dict.fromkeys(name.partition("_")[0] for name in names.values()))
            self._watcher.said(f"{_count(given)} in job {shown}")

    # --- what comes back --------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask the cluster, and look at the remote where something may have come."""
        began = time.monotonic()
        try:
            standings = self._cluster.poll([*self._workers])
        except NotReady as error:
            self._wait_for(self._cluster, error)
            standings = {}
        self._nap = max(_STEP, _REST * (time.monotonic() - began))
        if standings:
            self._wait_for(self._cluster, None)
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

    def _hear(self, flights: Sequence[Flight], standing: Standing) -> None:
        """Take in what the cluster says of a worker, and show the run that it probably makes."""
        for flight in flights:
            flight.waits = standing.said if standing.state is State.WAITING else None
            if standing.state is State.GONE and flight.gone is None:
                flight.gone = standing
        if standing.state is State.RUNNING and flights and not flights[0].running:
            flights[0].running = True
            self._watcher.started(flights[0].label, flights[0].job)

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
            self._wait_for(self._meeting, error)
            self._look.again(came=False, took=0)
            return False
        self._wait_for(self._meeting, None)
        self._look.again(came=came, took=time.monotonic() - began)
        repository = self._meeting.repository
        tip = repository.git.resolve(RUNS) or ""
        if tip == self._tip:
            return True
        self._tip = tip
        commits = {commit: None for flight in self._flights for commit in flight.commits}
        notes = read_notes(repository, RUNS, [*commits])
        for flight in [*self._flights]:
            while (record := flight.next_record(notes)) is not None:
                self._came(flight, record)
            if flight.is_over:
                self._end(flight)
        return True

    def _came(self, flight: Flight, record: Record) -> None:
        """A run of a flight has its record, whoever made it."""
        session, job = self._session_of(flight.order), flight.job
        session.ledger.environments.read_again(job.commit)
        session.learn_condition(job.commit, record.condition)
        session.ledger.stored += 1
        self._durations.learn(job.commit, [record])
        self._watcher.finished(flight.label, job, record)
        if not record.ok and flight.gone is not None and flight.gone.hint:
            # Its training was killed, and its worker was left to tell.
            first = flight.gone.said.partition("\n")[0]
            self._watcher.said(f"{first}\n-> {flight.gone.hint}")
        result = RunResult(record, (), {}, "" if record.ok else self._last_lines(record))
        flight.came.append(Made(Came.RAN, job, result))
        if flight.running and not flight.is_over:
            self._watcher.started(flight.label, flight.job)

    def _last_lines(self, record: Record) -> str:
        """The end of a failed run's output, as its log came with it."""
        text = read_notes(self._meeting.repository, LOGS, [record.commit]).get(record.commit, "")
        for log in read_contents(text, Kind.LOG):
            if (log["seed"], log["attempt"]) == (record.seed, record.attempt):
                said = f"{log['stdout']}\n{log['stderr']}".strip()
                return "\n".join(said.splitlines()[-_TAIL:])
        return ""

    def _lose(self, flights: Sequence[Flight]) -> None:
        """Hand over again what left no record although its worker has gone, or fail its session."""
        told: set[str] = set()
        for flight in flights:
            standing, order = flight.gone, flight.order
            assert standing is not None  # noqa: S101 - its worker has gone
            which = f"{order.label}, seed {order.seed}"
            if flight.cancelled or flight.came:
                if not flight.cancelled:
                    self._watcher.said(
                        f"{which}: its worker was lost between the two runs of a pair; the second"
                        " one is made by itself, perhaps on another machine"
                    )
                self._end(flight)  # what is left of a pair is due by itself
                continue
            others = sum(one.name == flight.name for one in flights) - 1
            more = f" and {counted(others, 'more run')}" if others else ""
            said = f"{which}{more}: no result came: {standing.said}"
            again = standing.again or (standing.too_long and flight.shared)
            if not again or flight.tries >= _TRIES:
                hint = f"{standing.hint}\n" if standing.hint else "fix that, "
                hint += "then repeat the command: it continues where it stopped"
                self._end(flight, NotReady(said, hint))
                continue
            if flight.name not in told:
                told.add(flight.name)
                first, *rest = said.splitlines()
                hints = [f"-> {standing.hint}"] if standing.hint else []
                self._watcher.said("\n".join([f"{first}; submitted again", *rest, *hints]))
            flight.tries += 1
        for flight in flights:
            flight.name, flight.gone = "", None

    def _end(self, flight: Flight, error: GitexpError | None = None) -> None:
        if flight.running and not flight.is_over:
            self._watcher.finished(flight.label, flight.job, None)
        self._flights.remove(flight)
        self._ended.append(Done(flight.order, None if error else flight.made, error))

    def _wait_for(self, what: object, error: GitexpError | None) -> None:
        """Say why something cannot be asked, once until it answers again."""
        said = "" if error is None else error.message
        if said and said != self._troubles.get(what):
            self._watcher.said(f"{said}\nwaiting for it")
        self._troubles[what] = said


def _count(flights: Sequence[Flight]) -> str:
    return counted(sum(len(flight.task.parts) - len(flight.came) for flight in flights), "run")


def say_waits(reasons: Mapping[str, int]) -> str:
    """Say how many runs wait for the cluster, and for what; `reasons` count runs."""
    said = f"{counted(sum(reasons.values()), 'run')} waiting for the cluster"
    known = {why: count for why, count in reasons.items() if why}
    if len(reasons) == 1:
        return ": ".join([said, *known])
    parts = [f"{why} ({count})" for why, count in known.items()]
    return f"{said}: {', '.join(parts)}"
