"""What happens during runs: for programs one JSON object a line, for logs a line a minute."""

from __future__ import annotations

import math
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitexp.rules.text import json_line
from gitexp.rules.verdict import effects

if TYPE_CHECKING:
    from gitexp.engine.job import Job
    from gitexp.lab.measuring.watcher import LookProgress
    from gitexp.rules.documents.record import Record

_MINUTE = 60.0  # seconds between two lines on progress, where nobody watches


class Events:
    """Prints an event as it happens; standard output is kept for the one result.

    Of runs that begin and end well, and of progress, only what is due is printed.
    """

    def __init__(self, *, yes: bool, pace: Pace) -> None:
        self._yes, self._pace = yes, pace

    def agrees(self, question: str) -> bool:
        """Return what --yes says: there is nobody to ask."""
        _print("asked", text=question, answer=self._yes)
        return self._yes

    def said(self, text: str) -> None:
        """Print news."""
        _print("said", text=text)

    def started(self, label: str, job: Job) -> None:
        """Print the start of a run."""
        if self._pace.is_due():
            _print("started", **_of(label, job))

    def finished(self, label: str, job: Job, record: Record | None) -> None:
        """Print the end of a run; `failure` is null for a good one."""
        if record is None:
            _print("stopped", **_of(label, job))
            return
        if record.ok and not self._pace.is_due():
            return
        _print(
            "finished",
            **_of(label, job),
            metrics={k: v for k, v in record.metrics.items() if math.isfinite(v)},
            seconds=record.duration,
            failure=record.failure or None,
        )

    def stands(self, standing: LookProgress) -> None:
        """Print how far an experiment is; its effect so far is not a verdict."""
        if not self._pace.is_due():
            return
        effect = standing.effect
        _print(
            "progress",
            name=standing.name,
            pairs=standing.pairs,
            next_look=standing.look,
            most=standing.most,
            runs_left=standing.runs,
            seconds_left=standing.seconds,
            effect_so_far=None if effect is None else effects.displayed(standing.criterion, effect),
        )

    def ended(self, name: str, done: int, of: int) -> None:
        """Print that an experiment needs no more runs."""
        if self._pace.is_due():
            _print("over", name=name, done=done, of=of)

    def waits(self, text: str) -> None:
        """Print what runs on other machines wait for."""
        if text and self._pace.is_due():
            _print("waiting", text=text)


def _of(label: str, job: Job) -> dict[str, Any]:
    return {
        "of": label,
        "commit": job.commit,
        "seed": job.seed,
        "attempt": job.attempt,
        "purpose": job.purpose or "run",
    }


def _print(event: str, **fields: object) -> None:
    # One write a line: several threads print.
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    said = {"event": event, "time": moment, "uptime": round(time.monotonic(), 3), **fields}
    sys.stderr.write(json_line(said) + "\n")
    sys.stderr.flush()


class Pace:
    """Says when the next line on progress is due, to whichever thread asks first."""

    def __init__(self, seconds: float = _MINUTE) -> None:
        """Begin to wait now: what takes less tells nothing."""
        self._seconds, self._lock = seconds, threading.Lock()
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Whether to print a line now; asking counts as printing it."""
        with self._lock:
            now = time.monotonic()
            if now - self._last < self._seconds:
                return False
            self._last = now
            return True
