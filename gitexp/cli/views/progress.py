"""One line on a terminal that says how far a command is, and disappears when it ends."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import typer

from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.store.transfer import Progress

_REFRESH = 0.1  # seconds


class ProgressLine:
    """Messages on standard error: lines that stay, and one that is written over."""

    def __init__(self) -> None:
        self._shown = False
        self._next = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        typer.echo(visible(text), err=True)

    def show(self, progress: Progress) -> None:
        """Write over the line before, at most ten times a second."""
        now = time.monotonic()
        if now < self._next and progress.done != progress.total:
            return
        self._next = now + _REFRESH
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r{progress_text(progress)[:width]}\x1b[K")
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        self._shown = False


def progress_text(progress: Progress) -> str:
    """Say how far a command is."""
    if progress.total is None:
        text = f"  {progress.step}: {progress.done:,}"
    elif not progress.total:
        text = f"  {progress.step} ..."
    else:
        share = 100 * progress.done // progress.total
        text = f"  {progress.step}: {share} % ({progress.done:,} of {progress.total:,})"
    return visible(f"{text}, {progress.amount}" if progress.amount else text)
