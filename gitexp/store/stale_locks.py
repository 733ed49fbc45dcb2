"""Locks on refs that a sync which was killed has left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitexp.store.refs import ARCHIVE, HEADS, OUTGOING, PRIVATE, REHEARSAL
from gitexp.store.writers_lock import packing_locks

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


_OLD = 2.0  # seconds; git holds the lock on a ref for milliseconds


def free_locks(repository: Repository, began: object) -> None:
    """Remove locks on refs that a sync which was killed has left; git itself never does.

    Only those made since it began. What a git that outlived it still holds is gone before they are
    old enough.
    """
    since = began if isinstance(began, float) else 0.0
    folders = [
        repository.common / path
        for path in (PRIVATE, REHEARSAL, OUTGOING, HEADS, ARCHIVE, "refs/notes/")
    ]
    locks = [*packing_locks(repository), repository.common / "shallow.lock"]
    for path in [*locks, *(path for folder in folders for path in folder.rglob("*.lock"))]:
        try:
            while (made := path.stat().st_mtime) >= since - 1:
                if time.time() - made > _OLD:
                    path.unlink()
                time.sleep(_OLD / 10)
        except FileNotFoundError:
            continue
