"""What runs left behind in this clone: their folders with full logs, and their checkouts.

Records stay, whatever is freed here. Nothing that a current run uses is touched.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

from gitexp.engine.cache_folder import abandoned_folders, worker_clones
from gitexp.engine.checkout import checkouts, free_checkout, is_used, last_used
from gitexp.engine.run import busy_lock
from gitexp.engine.within import is_within
from gitexp.errors import GitexpError, NotReady
from gitexp.lab.queues.queue import QueueStage, queues
from gitexp.store.aside import files_aside
from gitexp.store.local import locked, remove_tree, walk
from gitexp.store.repository import Repository
from gitexp.store.shared_runs import waiting_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_SETTLED = 60.0  # seconds; a younger folder may belong to a run that is about to start


class HoldingJson(TypedDict):
    """What a run left behind. `used` says when it was last used."""

    kind: str
    path: str
    bytes: int
    used: str
    state: str


@dataclass(frozen=True, slots=True)
class Holding:
    """A run's folder ("run"), a checkout or a clone that workers share, with `size` in bytes.

    `used` is when it was last used, in seconds since 1970. `state` is "in use", "kept" (too young
    to be freed), "old" (would be freed) or "freed".
    """

    kind: str
    path: Path
    size: int
    used: float
    state: str

    def as_json(self) -> HoldingJson:
        """Return it as `gitexp doctor --gc --json` prints it."""
        return {
            "kind": self.kind,
            "path": str(self.path),
            "bytes": self.size,
            "used": datetime.fromtimestamp(self.used, UTC).isoformat(timespec="seconds"),
            "state": self.state,
        }


def free_room(repository: Repository, older: float, *, dry: bool) -> list[Holding]:
    """List what runs left behind, and free what has not been used for `older` seconds.

    With `dry`, nothing is freed.
    """
    before = time.time() - older
    found = [
        *(_run(path, before, dry=dry) for path in _run_folders(repository)),
        *(_checkout(repository, path, before, dry=dry) for path in checkouts(repository)),
        *(_clone(path, before, dry=dry) for path in _found(worker_clones, repository)),
        *(_abandoned(path, dry=dry) for path in _found(abandoned_folders, repository)),
    ]
    if not dry:
        _sweep(repository, before)
    return found


def _run_folders(repository: Repository) -> Iterator[Path]:
    runs = repository.local / "runs"
    for path in sorted(runs.glob("*/*")):
        # What lies behind a link is not a run's.
        if path.is_dir() and not path.is_symlink() and is_within(path, runs):
            yield path


def _run(path: Path, before: float, *, dry: bool) -> Holding:
    size, used = _measure(path)
    state = "old" if used <= before and time.time() - used > _SETTLED else "kept"
    busy = busy_lock(path)
    if busy.exists() or (state == "old" and not dry):
        with locked(busy, wait=False) as lock:
            if lock is None:
                state = "in use"
            else:
                if state == "old" and not dry:
                    remove_tree(path)
                    state = "old" if path.exists() else "freed"
                busy.unlink(missing_ok=True)
        with suppress(OSError):  # other runs of the commit may be left
            path.parent.rmdir()
    return Holding("run", path, size, used, state)


def _checkout(repository: Repository, path: Path, before: float, *, dry: bool) -> Holding:
    size, used = _measure(path)[0], last_used(repository, path)
    state = "in use" if is_used(repository, path) else "kept" if used > before else "old"
    if state == "old" and not dry:
        state = "freed" if free_checkout(repository, path) else "in use"
    return Holding("checkout", path, size, used, state)


def _found(find: Callable[[Repository], Iterable[Path]], repository: Repository) -> list[Path]:
    """What is to be found in the cache on this machine."""
    try:
        return list(find(repository))
    except NotReady:  # there is no place for checkouts
        return []


def _clone(path: Path, before: float, *, dry: bool) -> Holding:
    """A clone that workers share; one is made again when a worker needs it.

    One with runs that the remote does not have is kept, however old.
    """
    size, used = _measure(path)
    state = "old" if used <= before else "kept"
    lock_file = path.with_suffix(".lock")  # under which a worker looks whether it is there
    with locked(lock_file, wait=False) as lock:
        if lock is None or _is_needed(path):
            state = "in use"
        elif state == "old" and not dry:
            shutil.rmtree(path, ignore_errors=True)
            state = "old" if path.exists() else "freed"
            lock_file.unlink(missing_ok=True)
    return Holding("clone", path, size, used, state)


def _is_needed(path: Path) -> bool:
    """Whether a worker is in a clone, or runs wait in it to be sent."""
    try:
        clone = Repository.discover(path)
        used = any(is_used(clone, checkout) for checkout in checkouts(clone))
        return used or bool(files_aside(clone) or waiting_runs(clone))
    except GitexpError:
        return False  # it was half made, or is damaged


def _abandoned(path: Path, *, dry: bool) -> Holding:
    size, used = _measure(path)
    if not dry:
        remove_tree(path)
    return Holding("checkout", path, size, used, "old" if path.exists() else "freed")


def _measure(path: Path) -> tuple[int, float]:
    """Bytes on disk of everything in a folder, and when any of it was last written."""
    size, used = 0, path.lstat().st_mtime
    for entry in walk(path):
        with suppress(OSError):
            if not entry.is_dir(follow_symlinks=False):
                state = entry.stat(follow_symlinks=False)
                size += state.st_blocks * 512
                used = max(used, state.st_mtime)
    return size, used


def _sweep(repository: Repository, before: float) -> None:
    """Remove claims that nobody holds any more, and half-written files of killed commands."""
    local = repository.local
    for queue in queues(repository):
        if queue.stage() is QueueStage.ENDED and queue.folder.stat().st_mtime < before:
            shutil.rmtree(queue.folder, ignore_errors=True)
    for path in (local / "claims").glob("*.lock"):
        if path.stat().st_mtime < before:
            with locked(path, wait=False) as lock:
                if lock is not None:
                    path.unlink(missing_ok=True)
    for path in (*local.glob(".*"), *(local / "aside").glob(".*")):
        with suppress(OSError):
            if path.stat().st_mtime < min(before, time.time() - _SETTLED):
                path.unlink()
