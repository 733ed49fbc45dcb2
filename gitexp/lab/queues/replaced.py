"""A queue whose own program was replaced goes on as the new one.

A night is long enough for somebody to upgrade gitexp. The old program would load modules of the new
one as it needs them, and both its runs and its records would come from a mixture.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import gitexp
from gitexp.errors import NotReady

if TYPE_CHECKING:
    from gitexp.lab.queues.queue import Queue

_PATIENCE = 120.0  # seconds in which an upgrade is over, or has failed
_NAP = 1.0  # seconds between two tries to start the new program


class Replaced(NotReady):
    """The program of a queue has been replaced, or removed."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(
            f"gitexp was replaced while queue {queue.id} ran; it goes on as what is installed now",
            "gitexp run --resume",
        )
        self._words = command_of(queue)

    def go_on(self) -> NoReturn:
        """Become the new program, in this process and with its locks.

        Raises:
            NotReady: no new one can be started.
        """
        until = time.monotonic() + _PATIENCE
        while not _starts(self._words[:4]):
            if time.monotonic() > until:
                raise NotReady(
                    f"gitexp was replaced, and what is at {Path(gitexp.__file__).parent} now does"
                    " not start",
                    "install it again, then: gitexp run --resume",
                )
            time.sleep(_NAP)
        os.execv(self._words[0], self._words)  # noqa: S606 - our own command


class Wishes:
    """What a queue is asked while it runs: whom to stop, or to make way for a new program."""

    def __init__(self, queue: Queue) -> None:
        self._queue, self._program = queue, _program()

    def __call__(self) -> frozenset[str]:
        """Names of the experiments to stop.

        Raises:
            Replaced: another program has taken the place of this one.
        """
        if _program() != self._program:
            raise Replaced(self._queue)
        return self._queue.asked_to_stop


def command_of(queue: Queue) -> list[str]:
    """What carries out a queue, in a process of its own."""
    # Without -P, a module in the project could pass for one of ours.
    return [sys.executable, "-P", "-m", "gitexp", "run", "--queued", queue.id]


def _program() -> tuple[int, int] | None:
    """Identify the installed program: whoever installs another writes new files."""
    try:
        found = Path(gitexp.__file__).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _starts(words: Sequence[str]) -> bool:
    with suppress(OSError):
        done = subprocess.run(
            [*words, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return done.returncode == 0
    return False
