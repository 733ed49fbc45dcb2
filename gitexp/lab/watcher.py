"""What a command tells whoever watches its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gitexp.engine.job import Job
    from gitexp.rules.documents.record import Record


class Watcher(Protocol):
    """What a view shows while runs go on; called from several threads."""

    def said(self, text: str) -> None:
        """Show one line of news."""

    def agrees(self, question: str) -> bool:
        """Ask whether to do something expensive; False if there is nobody to ask."""

    def started(self, label: str, job: Job) -> None:
        """Show that a run has started; its folder fills with output."""

    def finished(self, label: str, job: Job, record: Record | None) -> None:
        """Show the end of a run; None if it was interrupted."""


class Prefixed:
    """Names the experiment in its own news, where several experiments are watched at once."""

    def __init__(self, watcher: Watcher, name: str) -> None:
        self._watcher, self._name = watcher, name
        self.agrees = watcher.agrees
        self.started, self.finished = watcher.started, watcher.finished

    def said(self, text: str) -> None:
        """Show one line of news."""
        named = text.startswith((self._name, "baseline "))
        self._watcher.said(text if named else f"{self._name}: {text}")
