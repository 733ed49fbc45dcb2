"""Merge the notes of two sides, line by line.

`git notes merge` takes over what the other side deleted and knows nothing of tombstones, so gitexp
merges notes itself and writes them in one pack (docs/decisions/0012-sharing.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gitexp.rules.documents.tombstones import encoded, merge_lines
from gitexp.store.all_notes import NoteContent, NotesSnapshot, read_all, read_texts, write_all
from gitexp.store.git import ZERO
from gitexp.store.kept_pack import free_kept
from gitexp.store.note_subjects import MERGED, RECEIVED
from gitexp.store.note_writing import store_aside
from gitexp.store.repository import Repository
from gitexp.store.sifting import LARGEST_NOTE, MOST_LINES
from gitexp.store.writers_lock import move_refs, persist, writing

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Merged:
    """What comes of merging another side's notes with ours, in the commit `after`.

    `came` and `went` are the lines that we lacked and that they lacked, by the commit that they are
    about: all lines if the merge counted, else only those of notes that both sides have.
    `ours_stale` and `theirs_stale` are the lines of a side that still have what was redacted.
    `left_out` are the bytes of their notes that were not merged, because a note was too large and
    gitexp did not write them.
    """

    ours: NotesSnapshot
    theirs: NotesSnapshot
    after: str
    came: Mapping[str, set[str]]
    went: Mapping[str, set[str]]
    ours_stale: Mapping[str, set[str]] = field(default_factory=dict)
    theirs_stale: Mapping[str, set[str]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


def merge(
    repository: Repository,
    ref: str,
    theirs: NotesSnapshot,
    more: Mapping[str, Sequence[str]],
    *,
    lock: int | None,
    count: bool = False,
) -> Merged:
    """Merge another side's notes, and `more` lines, with ours; no ref moves.

    A side that still has what was redacted does not become a parent, so that its history is not
    passed on. Without a lock, nothing is written.
    """
    ours = read_all(repository, ref)
    if ours.commit == theirs.commit and not more:
        return Merged(ours, theirs, ours.commit, {}, {})
    differing = {c for c, blob in ours.blobs.items() if theirs.blobs.get(c) != blob} | more.keys()
    differing |= theirs.blobs.keys() - ours.blobs.keys()
    # Notes that only one side has are taken as they are; there may be gigabytes of bulk.
    both = ours.blobs.keys() & theirs.blobs.keys()
    large = _large_notes(repository, differing, ours, theirs)
    read = sorted(c for c in differing if count or c in both or c in more or c in large)
    mine, others = read_texts(repository, ours, read), read_texts(repository, theirs, read)
    left_out = _left_out(others, large)
    base, other = (ours, theirs) if len(ours.blobs) >= len(theirs.blobs) else (theirs, ours)
    changes: dict[str, NoteContent] = {
        c: other.blobs[c] for c in differing - {*read} if c not in base.blobs
    }
    came: dict[str, set[str]] = {}
    went: dict[str, set[str]] = {}
    stale: tuple[dict[str, set[str]], dict[str, set[str]]] = {}, {}
    for commit in read:
        texts = mine.get(commit, ""), others.get(commit, "")
        lines = merge_lines(*texts, *more.get(commit, ()))
        had = [_lines(text) for text in texts]
        for found, has in zip(stale, had, strict=True):
            found[commit] = has - {*lines}
        came[commit] = {*lines} - had[0]
        went[commit] = {*lines} - had[1] - {*more.get(commit, ())}
        due: NoteContent = encoded(lines)
        whole = [
            side
            for side, has in zip((ours, theirs), had, strict=True)
            if has == {*lines} and commit not in large
        ]
        if len(whole) == 1:
            due = whole[0].blobs[commit]  # the same bytes, whatever the order of its lines
        if due != base.blobs.get(commit):
            changes[commit] = due
    ours_stale, theirs_stale = map(_filled, stale)
    sides = (ours, ours_stale), (theirs, theirs_stale)
    clean = [side.commit for side, found in sides if side.commit and not found]
    parents = _heads(repository, clean)
    after = ""
    if lock is not None:
        subject = MERGED if len(parents) > 1 else RECEIVED
        after = write_all(repository, base, changes, parents, subject)
    new = _filled(came), _filled(went)
    return Merged(ours, theirs, after, *new, ours_stale, theirs_stale, left_out)


def _large_notes(
    repository: Repository, commits: Iterable[str], *sides: NotesSnapshot
) -> dict[str, int]:
    """Commits with a note on some side that is not read as it is, and its size on the last."""
    blobs = {c: [side.blobs[c] for side in sides if c in side.blobs] for c in commits}
    sizes = repository.git.sizes([blob for found in blobs.values() for blob in found])
    large = [c for c, found in blobs.items() if any(sizes.get(b, 0) > LARGEST_NOTE for b in found)]
    return {c: sizes.get(sides[-1].blobs.get(c, ""), 0) for c in large}


def _left_out(texts: dict[str, str], large: Mapping[str, int]) -> dict[str, int]:
    """Empty the notes of others that have too many lines; returns the bytes that are not merged."""
    left = {}
    for commit, text in texts.items():
        if text.count("\n") > MOST_LINES:
            texts[commit] = ""
            left[commit] = len(text)
        elif (missing := large.get(commit, 0) - len(encoded([text]))) > 0:
            left[commit] = missing
    return left


def _lines(text: str) -> set[str]:
    return {line for line in text.split("\n") if line.strip()}


def _filled(lines: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {commit: found for commit, found in lines.items() if found}


def _heads(repository: Repository, commits: Sequence[str]) -> list[str]:
    """Return those of (at most two) commits that are not ancestors of the other."""
    if len(commits) < 2:
        return [*commits]
    one, two = commits
    if repository.git.succeeds("merge-base", "--is-ancestor", one, two):
        return [two]
    if repository.git.succeeds("merge-base", "--is-ancestor", two, one):
        return [one]
    return [one, two]


def move(
    repository: Repository,
    moves: Mapping[str, tuple[str, str]],
    lock: int,
    *,
    durable: bool = True,
) -> None:
    """Move refs from old commits to new ones ("" for none), all or none of them.

    Raises:
        GitFailed: one of them is no longer where it was, or is locked.
    """
    lines = [
        f"update {ref} {new} {old or ZERO}" if new else f"delete {ref} {old}"
        for ref, (old, new) in moves.items()
        if new != old
    ]
    if lines:
        move_refs(repository, lines, lock, durable=durable)


def exclusively(repository: Repository, act: Callable[[int], _T]) -> _T:
    """Do something under the writers' lock, and again if a program without our lock interfered.

    Raises:
        StoreBusy: the notes stayed contended or locked; nothing was written.
        NotReady: the lock cannot be taken.
    """
    store_aside(repository)  # what waits there may have to be merged, or redacted
    with writing(repository) as lock:
        try:
            return persist(lambda: act(lock))
        finally:
            free_kept(repository)
