"""The notes that hold records, each read and parsed once for all experiments that share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.rules.documents.purpose import Purpose
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.rivals import Held

# Several functions below import what judges: a hook on an experiment that has not run yet does
# without it.


class _Note:
    def __init__(self, text: str) -> None:
        self.text = text
        self.held: dict[tuple[str | None, str, str, bool, bool, int], Held] = {}
        self._made: dict[tuple[Purpose, str], tuple[Record, ...]] = {}

    @cached_property
    def _every(self) -> list[Record]:
        from gitexp.rules.documents.record import parse_records

        return parse_records(self.text, None)

    def made_for(self, purpose: Purpose, pair: str) -> tuple[Record, ...]:
        if (key := (purpose, pair)) not in self._made:
            found = (r for r in self._every if r.purpose is purpose and r.pair == pair)
            self._made[key] = tuple(found)
        return self._made[key]


class RunNotes:
    """Notes with records, by commit; each is read when it is first asked for."""

    def __init__(self, repository: Repository, texts: Mapping[str, str]) -> None:
        """Begin with texts that were already read; empty means that a commit has no note."""
        self.repository = repository
        self._notes: dict[str, _Note] = {}
        self.take({"": "", **texts})

    def take(self, texts: Mapping[str, str]) -> None:
        """Take over notes as they were just read."""
        self._notes |= {commit: _Note(text) for commit, text in texts.items()}

    def __contains__(self, commit: str) -> bool:
        return commit in self._notes

    def _note(self, commit: str) -> _Note:
        self.read_ahead([commit])
        return self._notes[commit]

    def text(self, commit: str) -> str:
        """Text of a commit's note, empty if there is none."""
        return self._note(commit).text

    def read_ahead(self, commits: Iterable[str]) -> None:
        """Read the notes of some commits at once, before each is asked for."""
        if missing := [commit for commit in dict.fromkeys(commits) if commit not in self._notes]:
            self.take(dict.fromkeys(missing, "") | read_notes(self.repository, RUNS, missing))

    def records(self, commit: str, pair: str = "") -> tuple[Record, ...]:
        """Records in a commit's note, whoever made them; of a baseline, those for one `pair`."""
        if not self.text(commit):
            return ()
        from gitexp.rules.documents.purpose import Purpose

        return self.made_for(commit, Purpose.RUN, pair)

    def made_for(self, commit: str, purpose: Purpose, pair: str = "") -> tuple[Record, ...]:
        """Records in a commit's note of runs for some purpose."""
        note = self._note(commit)
        return note.made_for(purpose, pair) if note.text else ()

    def held(self, commit: str) -> dict[tuple[str | None, str, str, bool, bool, int], Held]:
        """What was found to count of a commit's note, for all experiments that share it."""
        return self._note(commit).held
