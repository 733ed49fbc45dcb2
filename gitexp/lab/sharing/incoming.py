"""Merge a remote's notes with this clone's: a union of lines, and verdicts computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.log.batches import keep_judged
from gitexp.lab.log.verdict_notes import judge_noted, verdict_notes
from gitexp.rules.documents.tombstones import encoded
from gitexp.rules.verdict.view import split_view
from gitexp.store.all_notes import NotesSnapshot, read_all, read_texts, write_all
from gitexp.store.merge import Merged, exclusively, merge, move
from gitexp.store.note_history import drop_past
from gitexp.store.note_subjects import RECOMPUTED
from gitexp.store.refs import BULK, KEPT, LOGS, RUNS, VERDICTS
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import move_refs

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.store.experiments import Entry


@dataclass(frozen=True, slots=True)
class ChangedVerdict:
    """A verdict that changed because of records that came in: the first lines of its note."""

    commit: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MergedVerdictNotes:
    """The verdict notes of the remote, and the commit `after` with those that hold now.

    `judged` is how many experiments were.
    """

    theirs: NotesSnapshot
    after: str
    changed: tuple[ChangedVerdict, ...]
    judged: int


def merge_results(
    repository: Repository,
    theirs: Mapping[str, str],
    more: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    logs: bool,
    write: bool = True,
) -> dict[str, Merged]:
    """Merge records, bulk and logs with this clone's, all or none.

    `theirs` are commits by notes ref, `more` lines by notes ref and commit.

    Raises:
        StoreBusy: the notes stayed contended or locked; nothing was written.
    """
    refs = [ref for ref in (RUNS, BULK, LOGS) if ref != LOGS or logs or more[ref]]
    others = {
        ref: read_all(repository, theirs[ref]) if ref in theirs else NotesSnapshot() for ref in refs
    }

    def act(lock: int | None) -> dict[str, Merged]:
        found = {
            ref: merge(repository, ref, others[ref], more[ref], count=ref != BULK, lock=lock)
            for ref in refs
        }
        if lock is not None:
            _keep(repository, found[RUNS], lock)
            moves = {ref: (one.ours.commit, one.after) for ref, one in found.items()}
            move(repository, moves, lock)
        return found

    merged = exclusively(repository, act) if write else act(None)
    for ref, one in merged.items():
        if write and one.ours_stale:
            drop_past(repository, ref)
    return merged


def _keep(repository: Repository, runs: Merged, lock: int) -> None:
    """Keep commits with new records alive, whatever becomes of their branch."""
    new = sorted(runs.came.keys() - runs.ours.blobs.keys())
    if here := repository.git.sizes(new):
        lines = [f"update {KEPT}{commit} {commit}" for commit in here]
        move_refs(repository, lines, lock, durable=False)


def merge_verdict_notes(
    repository: Repository, theirs: Mapping[str, str], runs: Merged, *, whole: bool
) -> MergedVerdictNotes:
    """Write the verdict notes that follow from the records that came or, if `whole`, from all.

    A note that cannot be computed here stays as it is: ours if our history contains the remote's,
    else the remote's.

    Raises:
        StoreBusy: the notes stayed contended or locked; nothing was written.
    """
    other = read_all(repository, theirs[VERDICTS]) if VERDICTS in theirs else NotesSnapshot()
    noted = {*runs.ours.blobs, *runs.theirs.blobs, *runs.came}
    results: list[Result] = []

    def act(lock: int) -> MergedVerdictNotes:
        ours = read_all(repository, VERDICTS)
        ahead = not other.commit or (
            bool(ours.commit)
            and repository.git.succeeds("merge-base", "--is-ancestor", other.commit, ours.commit)
        )
        # A history that may show what was redacted here is not continued.
        base, rest = (ours, other) if ahead or runs.theirs_stale else (other, ours)
        changes: dict[str, str | bytes] = {
            c: blob for c, blob in rest.blobs.items() if c not in base.blobs
        }
        doubtful = {c for c, blob in rest.blobs.items() if base.blobs.get(c, blob) != blob}

        new = runs.came.keys() | doubtful

        def wanted(entry: Entry) -> bool:
            return whole or not new.isdisjoint((entry.commit, entry.base))

        if whole or runs.came or doubtful:
            results[:] = judge_noted(repository, sorted(noted | doubtful), wanted)
        due = verdict_notes(repository, results)
        mine = read_texts(repository, ours, due)
        there = read_texts(repository, rest, due) | read_texts(repository, base, due)
        for commit, text in due.items():
            if there.get(commit) != text:
                changes[commit] = encoded(text.splitlines())
        parents = [base.commit] if base.commit else []
        after = write_all(repository, base, changes, parents, RECOMPUTED)
        move(repository, {VERDICTS: (ours.commit, after)}, lock)
        changed = tuple(
            ChangedVerdict(c, before, now)
            for c, text in due.items()
            if c in mine and (before := _first(mine[c])) not in {"", now := _first(text)}
        )
        return MergedVerdictNotes(other, after, changed, len(results))

    merged = exclusively(repository, act)
    keep_judged(repository, results, runs.after)
    if runs.ours_stale:
        drop_past(repository, VERDICTS)
    return merged


def _first(text: str) -> str:
    """The first line of a note's verdict; empty where it has none."""
    return split_view(text)[0].partition("\n")[0]
