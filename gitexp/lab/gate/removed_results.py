"""Results that a push would remove from notes, though it only adds commits to their ref."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitexp.rules.documents.check import parse_checks
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, list_commits
from gitexp.store.all_notes import read_all
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from gitexp.store.repository import Repository

_NAMED = 3  # commits


def check_removed_results(
    repository: Repository, ref: str, before: str, after: str
) -> list[Finding]:
    """Find what the runs of a note's own commit left in it and a later commit of its ref lacks."""
    known, new = read_all(repository, before).blobs, read_all(repository, after).blobs
    changed = [commit for commit, blob in known.items() if new.get(commit) != blob]
    gone: dict[str, int] = {}
    with repository.git.readers.take() as reader:
        for commit in changed:
            blobs = [blob for blob in (known[commit], new.get(commit)) if blob]
            texts = [decode(note or b"") for note in reader.read_notes(blobs, sys.maxsize)]
            had, *left = (_lines(text, commit) for text in texts)
            if lost := had.difference(*left):
                gone[commit] = len(lost)
    if not gone:
        return []
    said = (
        f"{ref} would lose or change {counted(sum(gone.values()), 'line')} of runs in"
        f" {counted(len(gone), 'note')} ({list_commits(gone, _NAMED)})"
    )
    return [Finding("P3", said, "records are only ever added; a secret goes with: gitexp redact")]


def _lines(text: str, commit: str) -> set[str]:
    """Records, starts and checks of a commit: without one of them, a verdict may be another."""
    lines = {record.line() for record in parse_records(text, None) if record.is_of(commit)}
    lines |= {start.line() for start in parse_starts(text) if start.commit == commit}
    return lines | {check.line() for check in parse_checks(text, commit)}
