"""Environments of runs, and the other bulk lines of their commits: read once, and kept current."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gitexp.engine.condition import condition_of
from gitexp.rules.documents.conditions import generation_of, newest_generation, of_generation
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import LONGEST_LINE, canonical, read_contents
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record


_NAMED = ("packages", "builds", "modules", "data")  # maps of what a run loaded


class Shared:
    """What experiments that run at once know of environments, as they share a baseline.

    So runs of their baseline that agree get one condition, whichever experiment asked for them.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.number = itertools.count()
        # By commit and condition, with the number in the order in which they became known.
        self.known: dict[str, dict[str, tuple[int, dict[str, Any]]]] = {}
        self.lines: dict[str, set[str]] = {}
        self.generation = 1  # the one that was opened; on record there may be newer ones


class Environments:
    """Bulk lines of the commits that are followed, and the environments among them by condition.

    A condition is described by the environment that says most: a run that failed before it loaded
    anything agrees with every other, and would hide that two of them differ. Called from several
    threads.
    """

    def __init__(self, repository: Repository, shared: Shared | None = None) -> None:
        self._repository = repository
        self._shared = shared or Shared()
        self._followed: dict[str, None] = {}

    def follow(self, commits: Iterable[str]) -> None:
        """Read these commits too when the next is read: one git process reads the notes of all."""
        self._followed |= dict.fromkeys(commits)

    def read(self, *commits: str) -> None:
        """Read the bulk lines of all that is followed and was not read yet."""
        self.follow(commits)
        shared = self._shared
        new = [commit for commit in self._followed if commit not in shared.lines]
        notes = read_notes(self._repository, BULK, new)
        for commit in new:
            text = notes.get(commit, "")
            shared.lines[commit] = set(text.split("\n"))
            for content in read_contents(text, Kind.ENVIRONMENT):
                self._remember(commit, content["condition"], content)

    def read_again(self, commit: str) -> None:
        """Read the bulk lines of a commit that others have added to."""
        with self._shared.lock:
            self._shared.lines.pop(commit, None)
        self.read(commit)

    def known(self) -> dict[str, dict[str, Any]]:
        """Environments by condition, the oldest first."""
        every = [
            one
            for commit in [*self._followed]
            for one in [*self._shared.known.get(commit, {}).items()]
        ]
        found: dict[str, dict[str, Any]] = {}
        for condition, (_, content) in sorted(every, key=lambda one: one[1][0]):
            if _says(content) > _says(found.get(condition)):
                found[condition] = content
        return found

    def of(self, condition: str) -> dict[str, Any]:
        """Environment of a condition, empty if it is unknown."""
        return self.known().get(condition, {})

    def of_good(self, records: Iterable[Record]) -> dict[str, dict[str, Any]]:
        """Environments of the good ones of these runs by condition, as far as they are known."""
        known = self.known()
        used = dict.fromkeys(record.condition for record in records if record.ok)
        return {name: known[name] for name in used if name in known}

    def threads(self, records: Iterable[Record]) -> int | None:
        """Threads of a run as the first of these runs fixed them; None if there was none."""
        first = [self.of(r.condition) for r in sorted(records, key=lambda r: r.start)]
        # Where this baseline has not been run yet, those of the one before it.
        for environment in (*first, *reversed(self.known().values())):
            if type(fixed := environment.get("threads")) is int and fixed > 0:
                return fixed
        return None

    def text(self, commit: str) -> str:
        """The bulk lines of a commit, as last read or written."""
        self.read(commit)
        with self._shared.lock:
            return "\n".join(sorted(self._shared.lines.get(commit, ())))

    def name(self, described: dict[str, Any], commit: str) -> str:
        """Name the condition of a run of `commit`; one that is not known yet is new."""
        with self._shared.lock:
            known = self.known()
            generation = max(newest_generation(known), self.generation)
            alike = {name: one for name, one in known.items() if generation_of(name) == generation}
            name = condition_of(described, alike)
            if name not in alike:
                name = of_generation(name, generation)
            if _says(described) > _says(known.get(name)):
                self._remember(commit, name, described)
            return name

    def _remember(self, commit: str, condition: str, content: dict[str, Any]) -> None:
        """Let an environment describe its condition, unless another one says as much."""
        known = self._shared.known.setdefault(commit, {})
        number, before = known.get(condition, (-1, None))
        if _says(content) > _says(before):
            known[condition] = (next(self._shared.number) if before is None else number, content)

    @property
    def generation(self) -> int:
        """The generation of conditions that was opened; runs belong to it, or to a newer one."""
        return self._shared.generation

    @generation.setter
    def generation(self, number: int) -> None:
        self._shared.generation = number

    def open_generation(self) -> None:
        """Let no run from now on share its condition with one that is on record."""
        with self._shared.lock:
            self.generation = newest_generation(self.known()) + 1

    def new_lines(self, commit: str, bulk: Iterable[Mapping[str, Any]]) -> list[str]:
        """The lines among these that the commit lacks and that may be stored."""
        with self._shared.lock:
            known = self._shared.lines[commit]
            lines = map(canonical, bulk)
            return [line for line in lines if line not in known and len(line) <= LONGEST_LINE]

    def add(self, commit: str, lines: Iterable[str]) -> None:
        """Remember lines that are stored by now."""
        with self._shared.lock:
            self._shared.lines[commit].update(lines)


def _says(environment: Mapping[str, Any] | None) -> int:
    """How much an environment says of what was loaded; less than nothing if there is none."""
    if environment is None:
        return -1
    return sum(len(environment.get(name) or ()) for name in _NAMED)
