"""Repairs what a crash left behind, before anything is read."""

from __future__ import annotations

import time
from contextlib import suppress

from gitexp.errors import GitexpError
from gitexp.store.aside import files_aside
from gitexp.store.damaged_refs import broken_refs, restore_ref
from gitexp.store.hooks import follow_move
from gitexp.store.note_writing import store_waiting
from gitexp.store.refs import ARCHIVE, FETCHED, HEADS, OUTGOING, REHEARSAL
from gitexp.store.repository import Repository
from gitexp.store.work_tree import finish_advance
from gitexp.store.writers_lock import packing_locks, was_interrupted, writing

_OLD = 2.0  # seconds; git holds the lock on a ref for milliseconds


def mend_refs(repository: Repository) -> None:
    """Repair what a crash or a kill left behind.

    Damaged refs are restored, the locks of a git that died with its command are removed, files
    follow their branch and hooks a clone that was moved, and what waits to be stored is stored.
    What cannot be stored now keeps waiting: commands that write say so.

    Raises:
        NotReady: nothing says where a damaged ref pointed.
    """
    if broken := broken_refs(repository):
        with writing(repository):
            for ref in broken:
                restore_ref(repository, ref)
    with suppress(GitexpError, OSError):
        if files_aside(repository) or was_interrupted(repository):
            with writing(repository, wait=False) as lock:
                if lock is not None:
                    store_waiting(repository, [], lock, attempts=1)
    with suppress(GitexpError, OSError):
        follow_move(repository)
    finish_advance(repository)


def free_locks(repository: Repository, began: object) -> None:
    """Remove lock files that a killed sync left on refs, which git itself never does.

    Only those made since that sync began are removed. If a git outlived the sync, it has released
    its locks before they are old enough.
    """
    since = began if isinstance(began, float) else 0.0
    folders = [
        repository.common / path
        for path in (FETCHED, REHEARSAL, OUTGOING, HEADS, ARCHIVE, "refs/notes/")
    ]
    locks = [*packing_locks(repository), repository.common / "shallow.lock"]
    for path in [*locks, *(path for folder in folders for path in folder.rglob("*.lock"))]:
        seen = time.monotonic()
        try:
            while (made := path.stat().st_mtime) >= since - 1:
                # Where the clock was set back, a lock has a time to come.
                if max(time.time() - made, time.monotonic() - seen) > _OLD:
                    path.unlink()
                time.sleep(_OLD / 10)
        except FileNotFoundError:
            continue
