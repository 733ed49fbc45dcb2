"""Which notes have lines that gitexp did not write, and how many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gitexp.rules.documents.lines import Census, count_lines
from gitexp.store.git_output import decode
from gitexp.store.notes import list_notes
from gitexp.store.repository import Repository


class CountedNote(NamedTuple):
    """The lines of a commit's note by what they are.

    What is left out of a note that is too large to be read as it is counts as one foreign line.
    """

    commit: str
    census: Census


def count_notes(repository: Repository, ref: str) -> Iterator[CountedNote]:
    """Count the lines of every note under a ref that git has not lost."""
    notes = list_notes(repository, ref)
    sizes = repository.git.sizes(list(notes.values()))
    for (commit, blob), content in zip(
        notes.items(), repository.git.each(notes.values()), strict=True
    ):
        if content is None:
            continue
        census = count_lines(decode(content).split("\n"))
        # The last line end may be missing.
        if sizes.get(blob, 0) - len(content) > 1:
            census.foreign += 1
        yield CountedNote(commit, census)
