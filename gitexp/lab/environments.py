"""Environments of runs, and the other bulk lines of their commits: read once, and kept current."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

from gitexp.engine.condition import condition_of
from gitexp.rules.documents.generation import generation_of, newest_generation, of_generation
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import LONGEST_LINE, canonical, read_contents
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.store.repository import Repository


class Environments:
    """Bulk lines by commit, and the environments among them by condition, oldest first.

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
        self._again = 0  # generations that were opened beyond those on record

    def read(self, commits: Iterable[str]) -> None:
        """Read the bulk lines of commits that were not read yet, in one git process."""
        new = [commit for commit in dict.fromkeys(commits) if commit not in self._lines]
        notes = read_notes(self._repository, BULK, new)
        for commit in new:
            text = notes.get(commit, "")
            self._lines[commit] = set(text.split("\n"))
            known = self._known.setdefault(commit, {})
            for content in read_contents(text, Kind.ENVIRONMENT):
                known.setdefault(content["condition"], (next(self._number), content))

    def of(self, commits: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Environments of runs of these commits, by condition."""
        known = [one for commit in commits for one in [*self._known.get(commit, {}).items()]]
        found: dict[str, dict[str, Any]] = {}
        for condition, (_, content) in sorted(known, key=lambda one: one[1][0]):
            found.setdefault(condition, content)
        return found

    def text(self, commit: str) -> str:
        """The bulk lines of a commit, as last read or written."""
        with self._lock:
            return "\n".join(sorted(self._lines.get(commit, ())))

    def name(self, described: dict[str, Any], commit: str, among: Sequence[str]) -> str:
        """Name the condition of a run of `commit`; one that these commits do not know is new."""
        with self._lock:
            known = self.of(among)
            generation = newest_generation(known) + self._again
            alike = {name: one for name, one in known.items() if generation_of(name) == generation}
            name = condition_of(described, alike)
            if name not in alike:
                name = of_generation(name, generation)
                self._again = 0
            if name not in known:
                self._known.setdefault(commit, {})[name] = (next(self._number), described)
            return name

    def open_generation(self) -> None:
        """Let no run from now on share its condition with one that is on record."""
        self._again = 1

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
