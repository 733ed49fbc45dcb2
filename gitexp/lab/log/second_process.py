"""Part of a long computation, made in a second process where there is a second core.

Such a process is forked, so it knows all that this one does, and starts within milliseconds. It is
only help: one that fails or is killed makes nothing, and whoever waits for it computes the rest
itself and meets the same error.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Generic, NoReturn, TypeVar, cast

from gitexp.lab.progress import silence

_ROOM = 1 << 20  # bytes of answers that a process may be ahead
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_Answer = TypeVar("_Answer")  # of what marshal writes: texts, numbers, tuples, lists


def has_second_core() -> bool:
    """Whether a second process would have a core of its own, and may be forked."""
    # A fork has no threads but the one that asked for it, and so might wait for a lock forever.
    # Elsewhere than on Linux, libraries of the system do not bear a fork.
    return (
        hasattr(os, "sched_getaffinity")
        and len(os.sched_getaffinity(0)) > 1
        and threading.active_count() == 1
    )


class Beside(Generic[_Answer]):
    """A process that computes answers one after the other, as far ahead as there is room."""

    def __init__(self, compute: Callable[[], Iterable[_Answer]]) -> None:
        """Start it; `compute` may use no connection, and no process, that is open here."""
        reader, writer = os.pipe()
        with suppress(OSError):  # the system may allow less
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _ROOM)
        self._process = 0
        with suppress(OSError):  # too many processes, or too little memory
            self._process = os.fork()
            if self._process == 0:
                _work(writer, compute)
        os.close(writer)
        self._answers = os.fdopen(reader, "rb")

    def answer(self) -> _Answer | None:
        """The next answer; None if the process has failed, then and from then on."""
        try:
            # What this program wrote a moment ago, and nobody else could have.
            return cast("_Answer", marshal.load(self._answers))  # noqa: S302
        except (EOFError, ValueError, TypeError):
            return None

    def close(self) -> None:
        """End the process, whatever it does."""
        self._answers.close()
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0


def _work(writer: int, compute: Callable[[], Iterable[Any]]) -> NoReturn:
    """Compute all answers, and end at once: what is to be closed or flushed is the parent's."""
    try:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        silence()
        with os.fdopen(writer, "wb") as answers:
            for answer in compute():
                marshal.dump(answer, answers)
                answers.flush()
    finally:
        os._exit(0)
