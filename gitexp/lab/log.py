"""The experiment log: every experiment with its state and verdict, as git has them."""

from __future__ import annotations

import heapq
import json
import math
import time
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from gitexp.errors import UsageError
from gitexp.lab.ancestors import same_runs
from gitexp.lab.kept import opened_cache
from gitexp.lab.ladder import read_steps
from gitexp.lab.results import own_heads, read_some
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.summary import Stage
from gitexp.rules.text import json_line
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.experiments import second
from gitexp.store.git_output import decode
from gitexp.store.local import locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gitexp.lab.ladder import Step
    from gitexp.lab.project import Project
    from gitexp.lab.result import Result
    from gitexp.store.cache import Cache
    from gitexp.store.heads import Head
    from gitexp.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Row:
    """One experiment with its state.

    That is planned, running, done, failed, stale (never run, and what runs on the baseline branch
    has moved since), accepted or archived.
    """

    result: Result
    state: str

    @property
    def commit(self) -> str:
        """Commit that the row is about."""
        return self.result.commit

    @property
    def time(self) -> str:
        """When it was registered, ISO 8601."""
        return self.result.entry.time

    @property
    def is_open(self) -> bool:
        """Whether it was never run, or run and never decided."""
        return self.state in {"planned", "stale", "running", "failed"}

    def json_text(self) -> str:
        """Return the row as `gitexp log --json` prints it."""
        name = self.result.name
        branch = None if self.result.archived else f"exp/{name}"
        head = json_line({"name": name, "branch": branch, "state": self.state})
        return f"{head[:-1]}, {self.result.shown[1:]}"

    def as_json(self) -> dict[str, Any]:
        """Return the same, parsed."""
        fields: dict[str, Any] = json.loads(self.json_text())
        return fields


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the log that is asked for; what is left as it is leaves nothing out.

    `names` are patterns as of a shell (`brave-*`), `since` seconds since 1970, `author` a part of a
    name, `most` a number of experiments.
    """

    names: tuple[str, ...] = ()
    since: float = -math.inf
    author: str = ""
    is_open: bool = False
    most: int | None = None

    def is_all_of(self, count: int) -> bool:
        """Whether nothing was left out where so many were found."""
        return replace(self, most=None) == Part() and (self.most is None or count < self.most)

    def wants(self, head: Head) -> bool:
        """Whether an experiment is part of it by its name."""
        return not self.names or any(fnmatchcase(head.name, name) for name in self.names)

    def holds(self, row: Row) -> bool:
        """Whether it is part of it by its author and state."""
        if self.author and self.author.casefold() not in row.result.entry.author.casefold():
            return False
        return not self.is_open or row.is_open


def second_of(project: Project, since: str) -> float:
    """Read a point in time as git does, in seconds since 1970: a date, or "2 weeks ago".

    Raises:
        UsageError: git cannot read it, which it takes for now.
    """
    before = time.time()
    told = project.repository.git.text("rev-parse", f"--since={since}")
    second = float(told.removeprefix("--max-age="))
    if second >= math.floor(before) and "now" not in since:
        raise UsageError(
            f"{since!r} is no point in the past that git can read",
            "a date, or how long ago: --since 2026-01-31, --since '2 weeks ago'",
        )
    return second


def stream(project: Project, part: Part | None = None) -> Iterator[Row]:
    """Read the log, newest first, the last rows when they are asked for."""
    with opened_cache(project.repository) as cache:
        yield from _rows(project, cache, _heads(project, cache, part or Part()), part or Part())


def log(project: Project) -> list[Row]:
    """Read the whole log, newest first."""
    return list(stream(project))


def read_log(project: Project, part: Part | None = None) -> Iterator[Row | Step]:
    """Read experiments and, between them, the untested steps of the baseline branch, newest first.

    Where only some names, authors or states are asked for, there are no steps.
    """
    part = part or Part()
    with opened_cache(project.repository) as cache:
        heads = _heads(project, cache, part)
        rows = _rows(project, cache, heads, part)
        bases = {head.parent for head in heads if head.parent}
        steps: list[Step] = []
        if bases - {project.tip} and not (part.names or part.author or part.is_open):
            steps = [step for step in read_steps(project, bases) if not step.accepted]
            steps = [step for step in steps if second(step.time) >= part.since]
        stepped = {step.commit for step in steps}

        def place(row: Row | Step) -> tuple[float, int]:
            # Of one second: what stands on a step, the step, what may have been before it.
            rank = (2 * (row.result.parent in stepped)) if isinstance(row, Row) else 1
            return second(row.time), rank

        both: Iterator[Row | Step] = heapq.merge(rows, steps, key=place, reverse=True)
        yield from islice(both, part.most)


def _heads(project: Project, cache: Cache, part: Part) -> list[Head]:
    most = None if part.names or part.author or part.is_open else part.most
    heads = own_heads(project, cache, since=part.since, most=most)
    return [head for head in heads if part.wants(head)]


def _rows(project: Project, cache: Cache, heads: Sequence[Head], part: Part) -> Iterator[Row]:
    look = _Look(project)
    found = read_some(project.repository, cache, heads)
    rows: Iterator[Row] = (Row(result, look.state(result)) for result in found)
    return islice((row for row in rows if part.holds(row)), part.most)


class _Look:
    """What states depend on beside records, looked up where a row needs it."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _accepted(self) -> set[str]:
        return read_accepted(self._project)

    @cached_property
    def _claims(self) -> dict[str, list[Path]]:
        return claims(self._project.repository)

    @cached_property
    def _alike(self) -> set[str]:
        project = self._project
        return {project.tip, *same_runs(project, project.settings, project.tip)}

    def state(self, result: Result) -> str:
        """State of an experiment."""
        if result.commit in self._accepted:
            return "accepted"
        if result.archived:
            return "archived"
        if result.stage is Stage.DECIDED:
            return "done"
        if any(map(is_held, self._claims.get(result.commit, ()))):
            return "running"
        if result.stage is not Stage.UNDECIDED:
            return "done" if result.stage is Stage.EXPLORED else "failed"
        # Where a shallow clone ends, nobody knows what it stands on.
        is_current = result.parent in {"", self._project.tip} or result.parent in self._alike
        return "planned" if is_current else "stale"


def read_accepted(project: Project) -> set[str]:
    """Commits of experiments that the baseline branch has taken in, merged or squashed."""
    out = project.repository.git.run(
        "log", "--first-parent", "-E", "--grep=^Accepted: [0-9a-f]{40}", "-z", "--no-notes",
        "--no-show-signature", "--no-color", "--format=%B", project.tip,
    ).stdout  # fmt: skip
    return {
        split_message(message)[1].get("Accepted", "") for message in decode(out).split("\0")
    } - {""}


def is_confirmed(result: Result) -> bool:
    """Whether an experiment's hypothesis held."""
    return result.judgement is not None and result.judgement.verdict is Verdict.CONFIRMED


def claims(repository: Repository) -> dict[str, list[Path]]:
    """Files by which runs of a commit are claimed, or were once."""
    found: dict[str, list[Path]] = {}
    for path in (repository.local / "claims").glob("*.lock"):
        found.setdefault(path.name.partition("-")[0], []).append(path)
    return found


def is_held(claim: Path) -> bool:
    """Whether some gitexp of this clone is running it right now."""
    with locked(claim, wait=False) as lock:
        return lock is None
