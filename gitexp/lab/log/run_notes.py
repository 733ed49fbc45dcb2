"""The notes that hold records, each read and parsed once for all experiments that share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.rules.documents.example_spread import ExampleSpread
    from gitexp.rules.documents.purpose import Purpose
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.rivals import Held
    from gitexp.store.repository import Repository

# Several functions below import what judges: a hook on an experiment that has not run yet does
# without it.


class RunNotes:
    """Notes with records, by commit; each is read when it is first asked for."""

    def __init__(self, repository: Repository, texts: Mapping[str, str]) -> None:
        """Begin with texts that were already read; empty means that a commit has no note."""
        self._repository, self._texts = repository, dict(texts)
        self._every: dict[str, tuple[Record, ...]] = {}
        self._parsed: dict[tuple[str, str], tuple[Record, ...]] = {}
        self._held: dict[tuple[str, str, str, bool, bool, int], Held] = {}

    def text(self, commit: str) -> str:
        """Text of a commit's note, empty if there is none."""
        if commit not in self._texts:
            self._texts[commit] = read_notes(self._repository, RUNS, [commit]).get(commit, "")
        return self._texts[commit]

    def read_ahead(self, commits: Iterable[str]) -> None:
        """Read the notes of some commits at once, before each is asked for."""
        missing = [commit for commit in dict.fromkeys(commits) if commit not in self._texts]
        self._texts |= dict.fromkeys(missing, "") | read_notes(self._repository, RUNS, missing)

    def records(self, commit: str, pair: str = "") -> tuple[Record, ...]:
        """Records in a commit's note, whoever made them; of a baseline, those for one `pair`."""
        if not self.text(commit):
            return ()
        if (commit, pair) not in self._parsed:
            from gitexp.rules.documents.purpose import Purpose

            self._parsed[commit, pair] = self.made_for(commit, Purpose.RUN, pair)
        return self._parsed[commit, pair]

    def made_for(self, commit: str, purpose: Purpose, pair: str = "") -> tuple[Record, ...]:
        """Records in a commit's note of runs for some purpose; a note is parsed once for all."""
        if not (text := self.text(commit)):
            return ()
        if commit not in self._every:
            from gitexp.rules.documents.record import parse_records

            self._every[commit] = tuple(parse_records(text, None))
        return tuple(r for r in self._every[commit] if r.purpose is purpose and r.pair == pair)

    def held(
        self, commit: str, metric: str, pair: str, records: Sequence[Record], *,
        any_condition: bool, exact: bool = False,
    ) -> Held:  # fmt: skip
        """Those of some records of a commit that count under rules 2."""
        from gitexp.lab.log.held_records import held_records

        # The history of one baseline's note is read once for all experiments on it.
        key = commit, metric, pair, any_condition, exact, len(records)
        if key not in self._held:
            self._held[key] = held_records(
                self._repository, commit, records, metric, self.text(commit),
                any_condition=any_condition, pair=pair, exact=exact,
            )  # fmt: skip
        return self._held[key]

    def held_spreads(self, commit: str, spreads: Sequence[ExampleSpread]) -> list[ExampleSpread]:
        """Those of an experiment's example spreads that count under rules 2."""
        from gitexp.lab.log.held_records import held_spreads

        return held_spreads(self._repository, commit, spreads)
