"""A task under way on a cluster, and what has come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitexp.engine.engine import Came, Made
from gitexp.engine.job import Job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitexp.engine.clusters.cluster import Standing
    from gitexp.engine.engine import Order
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.task import Task


@dataclass(slots=True)
class Flight:
    """A task with the order that it was made of: one run, or the two of a pair.

    `name` is that of its worker, "" before it has one; `shared`: that worker got others, too.
    `came` is what has come of its runs so far.
    """

    order: Order
    task: Task
    runs: Path  # below which a run that is made here has its folder
    name: str = ""
    shared: bool = False
    tries: int = 1
    running: bool = False
    waits: str | None = None  # why it has not begun, in the cluster's words
    gone: Standing | None = None  # how it ended, from then on
    cancelled: bool = False
    came: list[Made] = field(default_factory=list)

    @property
    def commits(self) -> Sequence[str]:
        """The commits that it runs."""
        return [part.commit for part in self.task.parts]

    @property
    def label(self) -> str:
        """What a person calls the run that comes next."""
        then = self.order.then if self.came else None
        return (then or self.order).label

    @property
    def job(self) -> Job:
        """The run that comes next, as it is shown."""
        part = self.task.parts[len(self.came)]
        return Job(
            part.commit, part.seed, part.attempt, part.metric,
            self.runs / part.commit[:12] / f"{part.seed}-{part.attempt}",
            sample=part.share, purpose=part.purpose, threads=part.threads, pair=part.pair,
        )  # fmt: skip

    @property
    def is_over(self) -> bool:
        """Whether its runs are on record; what would follow a failed one is not made."""
        last = self.came[-1].result if self.came else None
        whole = len(self.came) == len(self.task.parts)
        return whole or (last is not None and not last.record.ok)

    @property
    def made(self) -> Made:
        """What has come of its order."""
        if not self.came:
            return Made(Came.STOPPED)
        first, *rest = self.came
        return first._replace(then=rest[0]) if rest else first

    def next_record(self, notes: Mapping[str, str]) -> Record | None:
        """The record of the run that comes next, in the notes by commit, whoever made it."""
        if self.is_over:
            return None
        part = self.task.parts[len(self.came)]
        return next(part.answers(notes.get(part.commit, "")), None)
