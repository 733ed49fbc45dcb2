"""What a command tells whoever watches its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from gitexp.engine.job import Job
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.criterion import Criterion


class LookProgress(NamedTuple):
    """How far an experiment is on its way to a verdict.

    It has `pairs` of the `look` at which it is judged next, and of at most `most`; `runs` are
    missing, which take about `seconds` (None: unknown). `effect` is the mean difference so far, as
    the criterion counts it, larger is better; it is not a verdict.
    """

    name: str
    criterion: Criterion
    pairs: int
    look: int
    most: int
    runs: int
    seconds: float | None
    effect: float | None


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

    def stands(self, standing: LookProgress) -> None:
        """Show how far an experiment is."""

    def ended(self, name: str, done: int, of: int) -> None:
        """Show that one of several experiments needs no more runs, and how many of them do not."""

    def waits(self, text: str) -> None:
        """Show what runs on other machines wait for; "" once none waits."""


class Prefixed:
    """Names the experiment in its own news, where several experiments are watched at once."""

    def __init__(self, watcher: Watcher, name: str) -> None:
        self._watcher, self._name = watcher, name
        self.agrees = watcher.agrees
        self.started, self.finished = watcher.started, watcher.finished
        self.stands, self.ended, self.waits = watcher.stands, watcher.ended, watcher.waits

    def said(self, text: str) -> None:
        """Show one line of news."""
        named = text.startswith((self._name, "baseline "))
        self._watcher.said(text if named else f"{self._name}: {text}")
