"""Refs of gitexp whose objects git has lost, and what is left to restore them from.

A bad disk, or a gc in an unlucky moment, leaves a ref that names a commit, a tree or a note that is
gone, and every git command that comes across it fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from gitexp.store.all_notes import NotesSnapshot, read_all, write_all
from gitexp.store.damaged_refs import known_values
from gitexp.store.fetch import REFETCH
from gitexp.store.kept_pack import free_kept
from gitexp.store.note_subjects import RESTORED
from gitexp.store.objects import NotesTree
from gitexp.store.refs import ARCHIVE, FETCHED, HEADS, KEPT, NOTES
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import move_refs, writing

_FURTHEST = 1000  # earlier states of a ref that are searched


def lost_refs(repository: Repository) -> dict[str, str]:
    """Find refs whose commit or one of whose trees is missing, with what they name.

    Two git processes for all refs, and two for each notes ref.
    """
    refs = repository.branches([HEADS, ARCHIVE, KEPT, FETCHED, *NOTES])
    trees = _there(repository, (f"{commit}^{{tree}}" for commit in refs.values()))
    return {
        ref: commit
        for ref, commit in refs.items()
        if f"{commit}^{{tree}}" not in trees or (ref in NOTES and not _is_whole(repository, commit))
    }


def lost_notes(repository: Repository, ref: str) -> list[str]:
    """Commits whose note under a ref is missing, though the ref and its trees are there."""
    blobs = read_all(repository, ref).blobs
    there = _there(repository, blobs.values())
    return [commit for commit, blob in blobs.items() if blob not in there]


def _there(repository: Repository, names: Iterable[str]) -> set[str]:
    return {*repository.git.sizes([*dict.fromkeys(names)])}


def _is_whole(repository: Repository, commit: str) -> bool:
    return repository.git.succeeds("ls-tree", "-r", "-t", commit)


def restore_lost(repository: Repository, ref: str) -> str:
    """Point a ref to the newest state that is left of it; returns it, "" if the ref is deleted.

    That is in its reflog, or what a remote had when it was last fetched.
    """
    with writing(repository) as lock:
        lost = lost_refs(repository).get(ref)
        if lost is None:
            return repository.git.resolve(ref) or ""  # somebody else has restored it
        (repository.local / REFETCH).touch()
        kind = "notes/" if ref in NOTES else "heads/"
        name = ref.removeprefix("refs/").removeprefix(kind).removeprefix("exp/")
        others = [f"{FETCHED}*/{kind}{name}", f"refs/remotes/*/exp/{name}"]
        values = [] if ref.startswith((KEPT, FETCHED)) else known_values(repository, ref)
        values += repository.branches(others).values() if values else []
        for value in islice(dict.fromkeys(values), _FURTHEST):
            if value.strip("0") and _is_whole(repository, value):
                move_refs(repository, [f"update {ref} {value}"], lock, reason="gitexp: restore")
                return value
        move_refs(repository, [f"delete {ref}"], lock)
        return ""


def restore_notes(repository: Repository, ref: str) -> None:
    """Let each note that is missing be as it last was, as far as git still has that."""
    with writing(repository) as lock:
        now = read_all(repository, ref)
        lost = lost_notes(repository, ref)
        if not lost:
            return
        (repository.local / REFETCH).touch()
        changes = {commit: _last_blob(repository, now, commit) or b"" for commit in lost}
        after = write_all(repository, now, changes, [now.commit], RESTORED)
        move_refs(
            repository, [f"update {ref} {after} {now.commit}"], lock, reason="gitexp: restore"
        )
        free_kept(repository)


def _last_blob(repository: Repository, now: NotesSnapshot, noted: str) -> str:
    """Find the newest text of a note that is still there."""
    history = repository.git.text("rev-list", f"-{_FURTHEST}", now.commit, allow=(128,))
    with repository.git.readers.take() as reader:
        for commit in history.split():
            for blob in NotesTree(reader, commit, len(noted)).blobs(noted):
                if reader.read(blob) is not None:
                    return blob
    return ""
