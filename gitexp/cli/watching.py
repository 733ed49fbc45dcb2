"""The terminal that watches a long step: one line on standard error, gone when the step ends."""

from __future__ import annotations

import os
import sys
import threading
import time

from gitexp.lab.progress import listen

TYPE_CHECKING = False  # as in typing, which takes 5 ms to load
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.cli.views.progress import ProgressLine

_PATIENCE = 1.0  # seconds without a sign of life
_SILENT = {"--json", "--quiet", "-q"}


class Terminal:
    """Shows a step once the command has taken a second; before, nothing of it is loaded."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        """Wait so many seconds from now on."""
        self._first = time.monotonic() + patience
        self._line: ProgressLine | None = None
        self._told: tuple[str, int, int] | None = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def tell(self, step: str, done: int, total: int) -> None:
        """Write over the line before; early on, later, if the step has not ended by then."""
        with self._lock:
            self._told = step, done, total
            early = self._first - time.monotonic()
            if early <= 0:
                self._show()
            elif self._timer is None:
                self._timer = threading.Timer(early, self._late)
                self._timer.daemon = True
                self._timer.start()

    def end(self) -> None:
        """Take the line away."""
        with self._lock:
            self._told = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._line is not None:
                self._line.clear()

    def _late(self) -> None:
        with self._lock:
            self._show()

    def _show(self) -> None:
        if self._told is None:
            return
        from gitexp.store.transfer import Progress  # a quick command needs neither

        if self._line is None:
            from gitexp.cli.views.progress import ProgressLine

            self._line = ProgressLine()
        self._line.show(Progress(*self._told, ""))


def watch(words: Sequence[str]) -> None:
    """Let the terminal watch a command with these words, if there is one and it may."""
    typed = words[: words.index("--")] if "--" in words else words
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and _SILENT.isdisjoint(typed):
        listen(Terminal())
