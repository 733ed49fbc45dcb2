"""The terminal that watches a long step: one line on standard error, gone when the step ends."""

from __future__ import annotations

import os
import sys
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

    def tell(self, step: str, done: int, total: int) -> None:
        """Write over the line before."""
        if self._line is None:
            if time.monotonic() < self._first:
                return
            from gitexp.cli.views.progress import ProgressLine  # a quick command needs none

            self._line = ProgressLine()
        from gitexp.store.transfer import Progress  # as above

        self._line.show(Progress(step, done, total, ""))

    def end(self) -> None:
        """Take the line away."""
        if self._line is not None:
            self._line.clear()


def watch(words: Sequence[str]) -> None:
    """Let the terminal watch a command with these words, if there is one and it may."""
    typed = words[: words.index("--")] if "--" in words else words
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and _SILENT.isdisjoint(typed):
        listen(Terminal())
