"""Environments of runs, and the other bulk lines of their commits: read once, and kept current."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

from gitexp.engine.condition import condition_of
from gitexp.rules.documents.conditions import generation_of, newest_generation, of_generation
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import LONGEST_LINE, canonical, read_contents
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.store.repository import Repository


_NAMED = ("packages", "builds", "modules", "data")  # maps of what a run loaded


class Environments:
    """Bulk lines by commit, and the environments among them by condition, oldest first.

    A condition is described by the environment that says most: a run that failed before it loaded
    anything agrees with every other, and would hide that two of them differ.

    Experiments that run at once share them, so that runs of their baseline that agree get one
    condition, whichever experiment asked for them. Called from several threads.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._lock = threading.Lock()
        self._number = itertools.count()
        # By commit and condition, with the number in the order in which they became known.
        self._known: dict[str, dict[str, tuple[int, dict[str, Any]]]] = {}
        self._lines: dict[str, set[str]] = {}
        self.generation = 1  # the one that was opened; on record there may be newer ones

    def read(self, commits: Iterable[str]) -> None:
        """Read the bulk lines of commits that were not read yet, in one git process."""
        new = [commit for commit in dict.fromkeys(commits) if commit not in self._lines]
        notes = read_notes(self._repository, BULK, new)
        for commit in new:
            text = notes.get(commit, "")
            self._lines[commit] = set(text.split("\n"))
            known = self._known.setdefault(commit, {})
            for content in read_contents(text, Kind.ENVIRONMENT):
                self._remember(known, content["condition"], content)

    def read_again(self, commit: str) -> None:
        """Read the bulk lines of a commit that others have added to."""
        with self._lock:
            self._lines.pop(commit, None)
        self.read([commit])

    def of(self, commits: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Environments of runs of these commits, by condition."""
        known = [one for commit in commits for one in [*self._known.get(commit, {}).items()]]
        found: dict[str, dict[str, Any]] = {}
        for condition, (_, content) in sorted(known, key=lambda one: one[1][0]):
            if _says(content) > _says(found.get(condition)):
                found[condition] = content
        return found

    def text(self, commit: str) -> str:
        """The bulk lines of a commit, as last read or written."""
        with self._lock:
            return "\n".join(sorted(self._lines.get(commit, ())))

    def name(self, described: dict[str, Any], commit: str, among: Sequence[str]) -> str:
        """Name the condition of a run of `commit`; one that these commits do not know is new."""
        with self._lock:
            known = self.of(among)
            generation = max(newest_generation(known), self.generation)
            alike = {name: one for name, one in known.items() if generation_of(name) == generation}
            name = condition_of(described, alike)
            if name not in alike:
                name = of_generation(name, generation)
            if _says(described) > _says(known.get(name)):
                self._remember(self._known.setdefault(commit, {}), name, described)
            return name

    def _remember(
        self, known: dict[str, tuple[int, dict[str, Any]]], condition: str, content: dict[str, Any]
    ) -> None:
        """Let an environment describe its condition, unless another one says as much."""
        number, before = known.get(condition, (-1, None))
        if _says(content) > _says(before):
            known[condition] = (next(self._number) if before is None else number, content)

    def open_generation(self, among: Sequence[str]) -> None:
        """Let no run from now on share its condition with one on record of these commits."""
        with self._lock:
            self.generation = newest_generation(self.of(among)) + 1

    def new_lines(self, commit: str, bulk: Iterable[Mapping[str, Any]]) -> list[str]:
        """The lines among these that the commit lacks and that may be stored."""
        with self._lock:
            known = self._lines[commit]
            lines = map(canonical, bulk)
            return [line for line in lines if line not in known and len(line) <= LONGEST_LINE]

    def add(self, commit: str, lines: Iterable[str]) -> None:
        """Remember lines that are stored by now."""
        with self._lock:
            self._lines[commit].update(lines)


def _says(environment: Mapping[str, Any] | None) -> int:
    """How much an environment says of what was loaded; less than nothing if there is none."""
    if environment is None:
        return -1
    return sum(len(environment.get(name) or ()) for name in _NAMED)
