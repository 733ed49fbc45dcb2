"""Drives what is under way: one loop that keeps an engine's slots busy with what is due.

Every experiment is asked what it needs whenever something is on record; a run that several need is
made once; what has passed a look goes first, then who needs the fewest runs to its next one.
Nothing here decides what counts: the same runs in another order give the same verdicts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING

from gitexp.engine.devices.giver import nap_of
from gitexp.engine.engine import Came, Done, Engine, Order
from gitexp.engine.host import scheduler
from gitexp.errors import GitexpError, Stopped, StoreBusy, Terminated
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.purpose import Purpose
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.measuring.session import Session
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.rules.verdict.due_run import Run

_NAP = 0.2  # seconds between looks at a run that another gitexp makes
_REACTION = 0.5  # seconds between looks at what is to be stopped
Key = tuple[str, str, int]


class Scheduler:
    """Gives orders to an engine until no session needs a run.

    `to_stop` returns the names of sessions that somebody wants to end, and is asked again and
    again; what it raises ends them all, as soon as the runs that are going on have ended.
    """

    def __init__(
        self,
        repository: Repository,
        sessions: Sequence[Session],
        engine: Engine,
        watcher: Watcher,
        to_stop: Callable[[], Container[str]] | None = None,
    ) -> None:
        self._repository, self._sessions = repository, sessions
        self._engine, self._watcher = engine, watcher
        self._to_stop = to_stop
        self._flying: dict[Key, tuple[Order, Session, Run]] = {}
        self._busy: dict[Key, float] = {}  # when to ask again for what another gitexp runs
        self._waited: set[Key] = set()  # of which that was said
        self._no_device = 0.0  # when to ask again for accelerators
        self._why_no_device = ""  # as it was said
        self._failed: dict[tuple[Key, str], GitexpError] = {}  # by run and metric
        self._unread: set[Key] = set()  # runs that have ended, and whose records were not read yet
        self._last: GitexpError | None = None  # after which nothing is started any more
        self._ended: set[Session] = set()  # of which that was told

    def drive(self) -> None:
        """Bring every session to its end; what one of them cannot do ends that one alone.

        Raises:
            StoreBusy: a run could not be stored; those that were going on have ended.
            GitexpError: `to_stop` raised it.
        """
        for session in self._sessions:
            self._advance(session)
        while True:
            self._obey()
            self._fill()
            self._tell_ended()
            waits = bool(self._busy) or self._lacks_devices()
            if not self._flying and (not waits or self._last):
                if self._last or not self._wake():
                    break
                continue
            ended = self._engine.poll(_NAP if waits else _REACTION if self._to_stop else None)
            settled = [self._settle(done) for done in ended]
            if self._unread and all(map(_went_well, ended)):
                self._fill()  # with what is due anyway, while the new records are read
            self._catch_up(settled)
        self._tell_ended()
        if self._last is not None:
            raise self._last

    def session_of(self, order: Order) -> Session:
        """The session that gave an order."""
        return self._flying[order.run][1]

    def counts_aborts(self) -> bool:
        """Whether runs of an experiment are going on that would count as aborted."""
        return any(
            session.ledger.experiment in {order.commit, order.then and order.then.commit}
            and order.purpose is Purpose.RUN
            and not order.explore
            and session.ledger.settings.rules > 1
            for order, session, _ in self._flying.values()
        )

    # --- what to start --------------------------------------------------------------------------

    def _fill(self) -> None:
        """Start runs as long as a slot is free."""
        while self._last is None and not self._lacks_devices() and self._engine.free > 0:
            chosen = self._choose()
            if chosen is None:
                break
            session, run = chosen
            try:
                order = session.order(run)
            except GitexpError as error:
                session.fail(error)
                continue
            self._busy.pop(order.run, None)
            self._flying[order.run] = order, session, run
            self._engine.submit(order)
        needed = {key for key in self._busy if any(s.needs(key) for s in self._open())}
        self._busy = {key: when for key, when in self._busy.items() if key in needed}

    def _lacks_devices(self) -> bool:
        return time.monotonic() < self._no_device

    def _choose(self) -> tuple[Session, Run] | None:
        """The most urgent run that nobody is making.

        Of what has passed a look, and would be for nothing if the night ended now; then of who has
        the fewest left to its look.
        """
        urgent = sorted(self._open(), key=lambda one: (not one.has_passed_a_look, one.due.left))
        for session in urgent:
            if session.is_outdated():
                self._advance(session)
            run = self._startable(session)
            if run is not None and not session.begun:
                session.begun = True
                self._advance(session)
                run = self._startable(session)
            if run is not None:
                return session, run
        return None

    def _startable(self, session: Session) -> Run | None:
        """The first run that a session needs now and that nobody is making."""
        self._fail_with_others(session)
        now = time.monotonic()
        for run in session.due.now if session.is_open else ():
            key = session.key(run)
            if key in self._flying or key in self._unread:
                continue
            if self._busy.get(key, now) <= now:
                return run
        return None

    def _fail_with_others(self, session: Session) -> None:
        """Fail fast: a run that failed for one session is not repeated for another."""
        keys = ((session.key(run), session.ledger.metric) for run in session.due.now)
        if error := next(filter(None, map(self._failed.get, keys)), None):
            session.fail(error)

    def _open(self) -> list[Session]:
        return [session for session in self._sessions if session.is_open]

    # --- what has ended -------------------------------------------------------------------------

    def _settle(self, done: Done) -> tuple[Session, Run, Done]:
        """Take an order off the list of those that are carried out."""
        key = done.order.run
        _, session, run = self._flying.pop(key)
        if isinstance(done.error, StoreBusy):
            # Kept aside. What is running may end, and is kept aside likewise.
            self._last = done.error
        elif isinstance(done.error, GitexpError):
            self._failed[key, done.order.metric] = done.error
            session.fail(done.error)
        elif done.error is not None:
            raise done.error
        elif done.made is not None and done.made.came is Came.BUSY:
            if key not in self._waited:
                self._waited.add(key)
                label = session.label(run.arm)
                said = "another gitexp is running it; waiting"
                self._watcher.said(f"{label}, seed {run.seed}: {said}")
            self._busy[key] = time.monotonic() + _NAP
        elif done.made is not None and done.made.came is Came.NO_DEVICE:
            self._no_device = time.monotonic() + nap_of(session.ledger.settings)
            if not self._flying and done.made.why != self._why_no_device:
                self._why_no_device = done.made.why
                self._watcher.said(f"no device is free ({done.made.why}); waiting")
        elif done.made is not None and done.made.came is not Came.STOPPED:
            self._unread.add(key)
        return session, run, done

    def _obey(self) -> None:
        """End what somebody asked to stop; its runs in progress count as aborted."""
        try:
            names = self._to_stop() if self._to_stop else ()
        except GitexpError as error:
            self._last, names = self._last or error, ()
        stopped = [session for session in self._open() if session.name in names]
        for session in stopped:
            session.fail(
                Stopped("taken out by gitexp stop or archive", f"go on: {session.command}")
            )
            self._watcher.said(f"{session.title}: stopped")
        if stopped:
            # Where the clone has moved, a record would make a folder where it was.
            self._free(Ended.ABORT if self._repository.common.is_dir() else None)
            self._wake()

    def _catch_up(self, ended: Sequence[tuple[Session, Run, Done]]) -> None:
        """Read what is on record now, and let everybody who is concerned think again."""
        new = [one for one in ended if one[2].made and one[2].made.came in {Came.RAN, Came.STORED}]
        orders = (one for _, _, done in new for one in (done.order, done.order.then) if one)
        commits = list(dict.fromkeys(order.commit for order in orders))
        self._unread.clear()
        if not commits:
            self._free()
            return
        notes = dict.fromkeys(commits, "") | read_notes(self._repository, RUNS, commits)
        concerned = []
        for session in self._sessions:
            mine = {c: notes[c] for c in commits if c in session.commits}
            if mine and not session.over:
                session.ledger.take(mine)
                concerned.append(session)
        for session, run, done in new:
            self._tell(session, run, done)
        for session in concerned:
            if session.error is not None:
                session.fail(session.error)  # by now a seed may have failed once too often
            else:
                self._advance(session)
        self._wake()
        self._free()

    def _tell(self, session: Session, run: Run, done: Done) -> None:
        """Tell a session that its run has ended, and remember one that failed."""
        made = done.made
        error = None if made is None else session.came(run, made)
        if error is None and made is not None and made.then is not None and run.then is not None:
            error = session.came(run.then, made.then)
        if error is not None:
            self._failed[done.order.run, done.order.metric] = error
            session.fail(error)

    def _tell_ended(self) -> None:
        """Tell which sessions ask for nothing more, where there are several."""
        for session in self._sessions if len(self._sessions) > 1 else ():
            if not session.is_open and session not in self._ended:
                self._ended.add(session)
                self._watcher.ended(session.name, len(self._ended), len(self._sessions))

    def _wake(self) -> bool:
        """Ask those that wait for others again; whether one of them goes on."""
        waiting = [session for session in self._open() if not session.due]
        for session in waiting:
            self._advance(session)
        went_on = any(session.due or not session.is_open for session in waiting)
        if went_on:
            self._wake()
        return went_on

    def _advance(self, session: Session) -> None:
        try:
            session.advance()
        except GitexpError as error:
            session.fail(error)

    def _free(self, how: Ended | None = Ended.FREED) -> None:
        """Stop runs that nobody needs any more."""
        for key, (order, _, _) in self._flying.items():
            if not any(session.needs(key) for session in self._sessions):
                self._engine.cancel(order, how)


def _went_well(done: Done) -> bool:
    """Whether nothing has failed: then what was due stays due."""
    made = done.made
    if made is None or made.then is not None:
        return False  # a pair may have to be made once more
    return made.result is None or made.result.record.ok


def how_stopped(error: BaseException) -> Ended | None:
    """How runs end that are stopped by this; None where the next command can tell better."""
    if isinstance(error, Terminated):
        # The user, or the machine on its way down: then it will have been started again.
        return Ended.SCHEDULER if scheduler() else None
    return Ended.ABORT if isinstance(error, KeyboardInterrupt) else Ended.FREED
