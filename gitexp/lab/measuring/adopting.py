"""A baseline takes over the records of earlier commits that run the same."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gitexp.lab.projects.ancestors import same_runs
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents, sha256
from gitexp.rules.documents.record import parse_records
from gitexp.store.note_writing import append_lines
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, RUNS

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger


def adopt(ledger: Ledger, commit: str, seeds: Collection[int]) -> bool:
    """Take over records of ancestors that run the same, because only inert files differ.

    Returns whether there may be new ones; nobody looks if all these seeds have a good record.
    """
    if ledger.beside or len(ledger.good(commit, seeds)) == len(seeds):
        return False
    ancestors = same_runs(ledger.project, ledger.settings, commit)
    if not ancestors:
        return False
    folder = ledger.project.folder
    known = {record.line() for record in ledger.records(commit)}
    misled: set[str] = set()  # environments of runs that loaded a file said to be inert
    for ref in (BULK, RUNS):
        notes = read_notes(ledger.repository, ref, ancestors)
        for text in notes.values() if ref == BULK else ():
            environments = read_contents(text, Kind.ENVIRONMENT)
            misled |= {sha256(content) for content in environments if content.get("inert")}
        lines = [line for text in notes.values() for line in text.split("\n")]
        # A file that is inert here may change what another project runs.
        lines = [
            line
            for line in dict.fromkeys(lines)
            if line not in known
            and all(
                r.project == folder and r.environment not in misled and not r.pair
                for r in parse_records(line, None)
            )
        ]
        if lines:
            append_lines(ledger.repository, ref, {commit: lines})
    ledger.read(commit)
    return True
