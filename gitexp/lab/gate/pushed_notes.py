"""What a push does to notes: adds no more than lines of gitexp's shape, and removes no results."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from gitexp.rules.documents.check import parse_checks
from gitexp.rules.documents.lines import parse_line
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, list_commits
from gitexp.store.all_notes import read_all
from gitexp.store.git_output import decode
from gitexp.store.refs import BULK, LOGS, RUNS
from gitexp.store.repository import Repository
from gitexp.store.sifting import LARGEST_NOTE, MOST_LINES

_NAMED = 3  # commits in a message


def check_pushed_notes(repository: Repository, ref: str, before: str, after: str) -> list[Finding]:
    """Check the notes in which two commits of a notes ref differ; `before` may be empty.

    What was there before is not held against who pushes now.
    """
    known = read_all(repository, before).blobs if before else {}
    new = read_all(repository, after)
    changed = {c: blob for c, blob in new.blobs.items() if known.get(c) != blob}
    sizes = repository.git.sizes(list(changed.values()))
    # Verdicts are text, and the bulk of a baseline that has run often may be large.
    largest = sys.maxsize if ref in {BULK, LOGS} else LARGEST_NOTE
    large = {c for c, blob in changed.items() if sizes.get(blob, 0) > largest}
    foreign: dict[str, int] = {}
    if ref in {RUNS, BULK, LOGS}:
        with repository.git.readers.take() as reader:
            for commit in changed.keys() - large:
                blobs = [b for b in (changed[commit], known.get(commit, "")) if b]
                notes = [note or b"" for note in reader.read_notes(blobs, sys.maxsize)]
                missing = sizes.get(changed[commit], 0) - len(notes[0])
                lines = {*notes[0].split(b"\n")}.difference(*(n.split(b"\n") for n in notes[1:]))
                if len(lines) > MOST_LINES:
                    large.add(commit)
                elif count := _foreign(map(decode, lines)) + (missing > 1):
                    foreign[commit] = count
    return [*_about_large(ref, large), *_about_foreign(ref, foreign)]


def _foreign(lines: Iterable[str]) -> int:
    return sum(parse_line(line) is None for line in lines if line.strip())


def _about_large(ref: str, commits: set[str]) -> list[Finding]:
    if not commits:
        return []
    said = (
        f"{ref} would get notes of more than {LARGEST_NOTE:,} bytes or {MOST_LINES:,} lines"
        f" ({list_commits(commits, _NAMED)})"
    )
    return [Finding("N2", said, _hint(ref, commits))]


def _about_foreign(ref: str, commits: dict[str, int]) -> list[Finding]:
    if not commits:
        return []
    said = (
        f"{ref} would get {counted(sum(commits.values()), 'line')} that gitexp did not write, in"
        f" {counted(len(commits), 'note')} ({list_commits(commits, _NAMED)})"
    )
    return [Finding("N2", said, _hint(ref, commits))]


def _hint(ref: str, commits: Iterable[str]) -> str:
    return f"take them out: git notes --ref={ref} edit {min(commits)[:12]}\nthen push again"


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
