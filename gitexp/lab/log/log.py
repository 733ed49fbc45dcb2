"""The experiment log: every experiment with its state and its verdict."""

from __future__ import annotations

import heapq
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.lab.log.acceptance import read_acceptances
from gitexp.lab.log.batches import count_new, read_some
from gitexp.lab.log.ladder import LadderStep, read_steps
from gitexp.lab.log.results import own_heads
from gitexp.lab.log.summary_cache import opened_cache
from gitexp.lab.measuring.claims import claims, is_held
from gitexp.lab.projects.amendments import UNAMENDED
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.summary import Stage
from gitexp.rules.plan.state import State
from gitexp.rules.text import json_line
from gitexp.rules.verdict.code_below import first_altered
from gitexp.store.experiments import timestamp
from gitexp.store.unsynced import unsynced

if TYPE_CHECKING:
    from gitexp.lab.log.log_json import ExperimentJson
    from gitexp.lab.log.result import Result
    from gitexp.store.cache import Cache
    from gitexp.store.heads import Head


@dataclass(frozen=True, slots=True)
class Row:
    """One experiment with its state."""

    result: Result
    state: State

    @property
    def commit(self) -> str:
        """Commit that the row is about."""
        return self.result.commit

    @property
    def time(self) -> str:
        """When it was registered, ISO 8601."""
        return self.result.entry.time

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was archived without a verdict."""
        decided = self.result.verdict is not None or self.result.explored
        return self.state is State.ARCHIVED and not decided

    def json_text(self) -> str:
        """Return the row as `gitexp log --json` prints it."""
        name = self.result.name
        branch = None if self.result.archived else f"exp/{name}"
        head = json_line({"name": name, "branch": branch, "state": self.state})
        return f"{head[:-1]}, {self.result.shown[1:]}"

    def as_json(self) -> ExperimentJson:
        """Return the same, parsed."""
        fields: ExperimentJson = json.loads(self.json_text())
        return fields


@dataclass(frozen=True, slots=True)
class Selection:
    """Which experiments of the log are wanted; by default, all.

    `names` are shell patterns (`brave-*`), `since` is in seconds since 1970, `author` is part of a
    name, `most` a number of experiments; the `condition` must hold, too.
    """

    names: tuple[str, ...] = ()
    since: float = -math.inf
    author: str = ""
    is_open: bool = False
    most: int | None = None
    condition: Callable[[Row], bool] | None = None

    def is_all_of(self, count: int) -> bool:
        """Whether a log of `count` experiments may be all of it."""
        return replace(self, most=None) == Selection() and (self.most is None or count < self.most)

    def wants(self, head: Head) -> bool:
        """Whether an experiment may be wanted, judging by its name."""
        return not self.names or any(fnmatchcase(head.name, name) for name in self.names)

    def holds(self, row: Row) -> bool:
        """Whether an experiment is wanted, judging by its author and state."""
        if self.author and self.author.casefold() not in row.result.entry.author.casefold():
            return False
        if self.is_open and not row.state.is_open:
            return False
        return self.condition is None or self.condition(row)

    @property
    def is_of_some(self) -> bool:
        """Whether rows must be looked at to tell which are wanted, beyond their time and number."""
        return bool(self.names or self.author or self.is_open or self.condition)


def parse_since(project: Project, since: str) -> float:
    """Read a point in time as git does, in seconds since 1970: a date, or "2 weeks ago".

    Raises:
        UsageError: git cannot read it.
    """
    before = time.time()  # git reads a date that it does not understand as the present moment
    told = project.repository.git.text("rev-parse", f"--since={since}")
    second = float(told.removeprefix("--max-age="))
    if second >= math.floor(before) and "now" not in since:
        raise UsageError(
            f"git cannot read {since!r} as a point in the past",
            "give a date, or how long ago: --since 2026-01-31, --since '2 weeks ago'",
        )
    return second


class OpenLog:
    """Experiments of a project as they are listed; each is read when it is asked for."""

    def __init__(self, project: Project, cache: Cache, selection: Selection) -> None:
        """List those that may be wanted."""
        self.project, self.cache, self._selection = project, cache, selection
        most = None if selection.is_of_some else selection.most
        heads = own_heads(project, cache, since=selection.since, most=most)
        self.heads = [head for head in heads if selection.wants(head)]

    def count_new(self) -> int:
        """How many of many have to be judged; of few, none are counted."""
        return count_new(self.project.repository, self.cache, self.heads)

    def rows(self, new: int | None = None) -> Iterator[Row]:
        """Read the experiments, newest first; `new` of them have to be judged, if it is known."""
        states, selection = States(self.project), self._selection
        found = read_some(self.project.repository, self.cache, self.heads, new)
        rows: Iterator[Row] = (Row(result, states.of(result)) for result in found)
        return islice((row for row in rows if selection.holds(row)), selection.most)

    def with_steps(self, new: int | None = None) -> Iterator[Row | LadderStep]:
        """Read them and, between them, what else the baseline branch changed, newest first.

        If only some names, authors, states or conditions are wanted, there are no steps.
        """
        bases = {head.base for head in self.heads if head.base}
        steps: list[LadderStep] = []
        if bases - {self.project.tip} and not self._selection.is_of_some:
            since = self._selection.since
            steps = [
                step for step in read_steps(self.project, bases)
                if (step.untested or step.amendment != UNAMENDED) and timestamp(step.time) >= since
            ]  # fmt: skip
        stepped = {step.commit for step in steps}

        def place(row: Row | LadderStep) -> tuple[float, int]:
            # Within one second, a step comes after what it was built on and before what is on it.
            rank = (2 * (row.result.base in stepped)) if isinstance(row, Row) else 1
            return timestamp(row.time), rank

        both: Iterator[Row | LadderStep] = heapq.merge(
            self.rows(new), steps, key=place, reverse=True
        )
        return islice(both, self._selection.most)


@contextmanager
def open_log(project: Project, selection: Selection | None = None) -> Iterator[OpenLog]:
    """List the experiments of a project that are wanted, to be read before the block ends."""
    with opened_cache(project.repository) as cache:
        yield OpenLog(project, cache, selection or Selection())


def stream(project: Project, selection: Selection | None = None) -> Iterator[Row]:
    """Read the log, newest first; each row is read when it is asked for."""
    with open_log(project, selection) as opened:
        yield from opened.rows()


def log(project: Project) -> list[Row]:
    """Read the whole log, newest first."""
    return list(stream(project))


def row_of(rows: Iterable[Row], ref: str, commit: str) -> Row:
    """Find an experiment in its project's log.

    If a commit has several branches, the log lists it under the one that its message names.

    Raises:
        UsageError: it is not there.
    """
    row = next((row for row in rows if row.commit == commit), None)
    if row is None:
        raise UsageError(
            f"there is no experiment {ref.rpartition('/')[2]}", "see which there are: gitexp log"
        )
    return row


def read_log(project: Project) -> list[Row | LadderStep]:
    """Read the whole log with the steps of the baseline branch, newest first."""
    with open_log(project) as opened:
        return [*opened.with_steps()]


class States:
    """Finds states; what they depend on is looked up when the first experiment needs it."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _accepted(self) -> set[str]:
        return {one.experiment for one in read_acceptances(self._project)[0]}

    @cached_property
    def _claims(self) -> dict[str, list[Path]]:
        return claims(self._project.repository)

    @cached_property
    def _alike(self) -> set[str]:
        project = self._project
        return {project.tip, *same_runs(project, project.settings, project.tip)}

    @cached_property
    def _unsynced(self) -> dict[str, str]:
        return unsynced(self._project.repository)

    def of(self, result: Result) -> State:
        """State of an experiment."""
        if result.commit in self._accepted:
            return State.ACCEPTED
        if result.archived:
            return State.ARCHIVED
        if result.stage is Stage.DECIDED:
            return State.DONE
        if any(map(is_held, self._claims.get(result.commit, ()))):
            return State.RUNNING
        if result.stage is not Stage.UNDECIDED:
            return State.DONE if result.stage is Stage.EXPLORED else State.FAILED
        if result.commit in self._unsynced:
            return State.UNSYNCED
        if _is_refused(result):
            return State.REFUSED
        # Where a shallow clone ends, the baseline is unknown.
        is_current = result.base in {"", self._project.tip} or result.base in self._alike
        return State.PLANNED if is_current else State.STALE


def _is_refused(result: Result) -> bool:
    """Whether its code is on record to change what it should not, and nothing else has run."""
    if not result.code or any(record.ok for record in result.records):
        return False
    return first_altered(result.checks) is not None
