"""What a worker puts on record: in its own clone, and as refs that are sent to the remote."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from gitexp.errors import GitexpError, Refused
from gitexp.lab.measuring.ledger import Ledger
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.start import Start, parse_starts
from gitexp.store.archive import tidy
from gitexp.store.aside import Intent
from gitexp.store.local import locked
from gitexp.store.note_writing import write
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from gitexp.store.shared_runs import send_runs, waiting_run, waiting_runs

if TYPE_CHECKING:
    from gitexp.rules.documents.task import Task

_PATIENCE = 600.0  # seconds that a remote which cannot be reached is tried again
_SETTING = "gitexp.patience"
# How attempts end whose worker has told nobody.
_KILLED = {Ended.ABORT, Ended.REBOOT, Ended.SCHEDULER}
_FIRST, _LONGEST = 0.5, 60.0  # seconds between tries
# Seconds before the next push while runs go on, or as many times as long as the last one took.
_REST, _TIMES = 2.0, 8


class SendingLedger(Ledger):
    """A ledger whose runs wait in the clone, each as a ref, until they are sent."""

    def __init__(self, *tools: Any, **more: Any) -> None:  # noqa: ANN401 - those of any ledger
        super().__init__(*tools, **more)
        self._asked: dict[Task, None] = {}
        self._starts: dict[tuple[str, int, int], str] = {}  # lines by commit, seed and attempt

    def ask(self, task: Task) -> None:
        """Take a task whose runs will be made."""
        self._asked |= dict.fromkeys(task.parts)

    def attempt(
        self,
        commit: str,
        seed: int,
        conditions: Sequence[str] | None,
        purpose: Purpose = Purpose.RUN,
    ) -> int:
        """Number of the next attempt; whoever asked for it may know of more than is sent."""
        del conditions  # whoever asked has read which records count
        least = [
            task.attempt
            for task in self._asked
            if (task.commit, task.seed, task.purpose) == (commit, seed, purpose)
        ]
        return max([super().attempt(commit, seed, (), purpose), *least])

    def came_meanwhile(self, commit: str, seed: int, purpose: Purpose, share: float) -> bool:
        """Whether another worker of this machine has made by now what is asked for."""
        run = (commit, seed, purpose, share)
        asked = [t for t in self._asked if (t.commit, t.seed, t.purpose, t.share) == run]
        return all(on_record(self.repository, task) is not None for task in asked)

    def begin(self, start: Start) -> None:
        """Put the start of an attempt on record here; it is sent with its end."""
        self._starts[start.commit, start.seed, start.attempt] = start.line()
        super().begin(start)

    def _write(self, record: Record, others: Sequence[Intent]) -> None:
        """Put a run on record here and make it a ref, as soon as the disk has room for both."""
        start = self._starts[record.commit, record.seed, record.attempt]
        lines = [line for one in others for line in one.lines]
        run = waiting_run(record.commit, record.line(), [start, *lines])
        mine = Intent(RUNS, record.commit, (record.line(),))
        write(self.repository, [run, *others, mine], _pauses(self.repository))


def on_record(clone: Repository, task: Task) -> Record | None:
    """The record that answers a task in a condition that it asks for, or that failed.

    Of a pair it is that of the second run, if the first one went well.
    """
    record = None
    for part in task.parts:
        text = read_notes(clone, RUNS, [part.commit]).get(part.commit, "")
        answers = (
            record
            for record in part.answers(text)
            if not part.conditions or not record.ok or record.condition in part.conditions
        )
        record = next(answers, None)
        if record is None or not record.ok:
            break
    return record


def keep_killed(clone: Repository, lacking: Mapping[str, Iterable[str]]) -> None:
    """Keep the ends of killed attempts as refs; `lacking` are lines that the remote lacks."""
    killed = []
    for commit, lines in lacking.items():
        text = "\n".join(lines)
        starts = {(s.seed, s.attempt, s.start): s.line() for s in parse_starts(text)}
        for record in parse_records(text, None):
            start = starts.get((record.seed, record.attempt, record.start))
            if record.ended in _KILLED and start is not None:
                killed.append(waiting_run(commit, record.line(), [start]))
    write(clone, killed)


class Sender:
    """Sends what waits in a clone while further runs go on, and at the end what is left.

    A push costs far more than one more run in it, so they are not made one after the other.
    """

    def __init__(self, clone: Repository, remote: str, said: Callable[[str], None]) -> None:
        self._clone, self._remote, self._said = clone, remote, said
        self._due, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Send what is left, however the runs ended.

        Raises:
            Refused, NotReady: it is still here; the message says where, and how to send it.
        """
        self._over.set()
        self._due.set()
        self._thread.join()
        send_waiting(self._clone, self._remote, self._said)

    def send(self) -> None:
        """Let what waits be sent soon."""
        self._due.set()

    def _work(self) -> None:
        while self._due.wait() and not self._over.is_set():
            self._due.clear()
            began = time.monotonic()
            with contextlib.suppress(GitexpError):  # at the end it is tried again and told
                _send(self._clone, self._remote)
            tidy(self._clone)  # each run adds packs, and every git process opens all of them
            self._over.wait(max(_REST, _TIMES * (time.monotonic() - began)))


def _send(clone: Repository, remote: str) -> None:
    with locked(clone.local / "send.lock"):
        if refs := waiting_runs(clone):
            send_runs(clone, remote, refs)


def send_waiting(clone: Repository, remote: str, said: Callable[[str], None]) -> None:
    """Send what waits in a clone, again and again while the remote cannot be reached.

    Raises:
        Refused, NotReady: it is still here; the message says where, and how to send it.
    """
    told, pauses = False, _pauses(clone)
    while True:
        try:
            _send(clone, remote)
        except Refused:
            raise
        except GitexpError as error:
            pause = next(pauses, None)
            if pause is None or "hook declined" in error.message:
                raise
            if not told:
                told = True
                said(f"{error.message}\nthe run is kept in {clone.common}; trying again")
            time.sleep(pause)
        else:
            return


def _pauses(clone: Repository) -> Iterator[float]:
    """Seconds to wait after each failure but the last, longer and longer."""
    try:
        left = float(clone.setting(_SETTING) or _PATIENCE)
    except ValueError:
        left = _PATIENCE
    pause = _FIRST
    while left > 0:
        yield min(pause, left)
        left -= pause
        pause = min(2 * pause, _LONGEST)
