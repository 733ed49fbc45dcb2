"""Lock files on refs that a killed sync left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitexp.store.refs import ARCHIVE, FETCHED, HEADS, OUTGOING, REHEARSAL
from gitexp.store.writers_lock import packing_locks

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


_OLD = 2.0  # seconds; git holds the lock on a ref for milliseconds


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
        try:
            while (made := path.stat().st_mtime) >= since - 1:
                if time.time() - made > _OLD:
                    path.unlink()
                time.sleep(_OLD / 10)
        except FileNotFoundError:
            continue
