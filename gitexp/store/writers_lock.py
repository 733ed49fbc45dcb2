"""The lock that lets one gitexp at a time write refs in a clone.

While it moves refs, its holder notes down in the lock file which ones. If it is killed, the next
holder finds that and removes the lock files of git that were left behind
(docs/decisions/0002-notes.md).
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from gitexp.errors import GitexpError, StoreBusy
from gitexp.rules.text import duration
from gitexp.store.damaged_refs import damaged_among, restore_ref
from gitexp.store.git_errors import GitFailed, lock_in_the_way
from gitexp.store.git_output import decode, one_a_line, split_lines
from gitexp.store.kept_pack import DURABLE, free_kept
from gitexp.store.local import locked
from gitexp.store.refs import NOTES

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


_T = TypeVar("_T")
_PACKING = "pack-refs"  # is in the lock file while all refs are packed and none moves
# While we hold the lock, only a program that is not gitexp (a fetch, a plain `git notes`) can move
# a ref after we read it. Twenty tries with growing pauses take about ten seconds.
_ATTEMPTS = 20
_LONGEST_PAUSE = 1.0
_MOST = 1 << 16  # bytes of the lock file
_LOCK = "notes.lock"
_SURE = 1.0  # seconds after which git must have written to a lock file of its own
# git deletes a packed ref by writing all of them again, and a crash must not leave that file empty.
_PACKED = ("-c", "core.fsync=reference", "-c", "core.fsyncMethod=fsync")


@overload
def writing(repository: Repository) -> AbstractContextManager[int]: ...


@overload
def writing(repository: Repository, *, wait: bool) -> AbstractContextManager[int | None]: ...


@contextmanager
def writing(repository: Repository, *, wait: bool = True) -> Iterator[Any]:
    """Keep every other writer of this clone out; yields the lock, or None if it is taken.

    If the writer before was killed, the lock files that its git left behind are removed. A notes
    ref that a crash of the machine left empty is restored from its reflog.

    Raises:
        NotReady: the lock file cannot be opened.
    """
    with locked(repository.local / _LOCK, wait=wait) as lock:
        if lock is not None:
            if before := os.pread(lock, _MOST, 0):
                _clear(repository, before.decode(errors="replace"), lock)
                os.ftruncate(lock, 0)
                free_kept(repository)
            for ref in damaged_among(repository, NOTES):
                restore_ref(repository, ref)
        yield lock


def move_refs(
    repository: Repository,
    moves: Sequence[str],
    lock: int,
    *,
    durable: bool = True,
    reason: str = "gitexp",
) -> None:
    """Carry out lines for `git update-ref --stdin`, all or none, under `writing`.

    Refs that can be made or fetched again need not be `durable`, which takes 4 ms for each.
    """
    lines = one_a_line(moves)
    deletes = any(move.startswith("delete ") for move in moves)
    surely = DURABLE if durable else _PACKED if deletes else ()
    with _announced(repository, decode(lines), lock):
        # Notes and branches get a reflog, in a bare repository too. Refs that keep a commit alive
        # get none: the commit is their name, and there may be a hundred thousand of them.
        repository.git.run(
            *surely, "-c", "core.logAllRefUpdates=true", "update-ref", "-m", reason, "--stdin",
            stdin=lines, hold=(lock,),
        )  # fmt: skip


def pack_refs(repository: Repository, lock: int) -> None:
    """Put all refs into one file, under `writing`."""
    with _announced(repository, _PACKING, lock):
        repository.git.run(*DURABLE, "pack-refs", "--all", hold=(lock,))


@contextmanager
def _announced(repository: Repository, moves: str, lock: int) -> Iterator[None]:
    """Leave word of what git is about to do for the next holder, in case we are killed."""
    with suppress(OSError):
        os.pwrite(lock, moves.encode()[:_MOST], 0)
    try:
        yield
    except GitexpError as error:
        if isinstance(error, GitFailed) and error.code < 0:  # a killed git may leave its locks
            _clear(repository, moves, lock)
        os.ftruncate(lock, 0)
        raise
    os.ftruncate(lock, 0)


def _clear(repository: Repository, moves: str, lock: int) -> None:
    """Remove the lock files of a git of ours that was killed while it moved these refs.

    We know that it is dead, because it inherited the writers' lock, which we hold now. Its lock
    files are younger than what our lock file says. A lock file of another program's git has other
    content, or is gone within `_SURE`.
    """
    common, since = repository.common, os.fstat(lock).st_mtime
    due: dict[Path, str | None] = {}  # content of our lock files; None: any content
    for move in split_lines(moves):
        verb, _, rest = move.partition(" ")
        ref, _, values = rest.partition(" ")
        if ref.startswith("refs/"):
            due[common / f"{ref}.lock"] = values.split(" ")[0] if verb != "delete" else ""
        if verb == _PACKING:
            due |= dict.fromkeys((common / "refs").rglob("*.lock"), "")
        if verb in {"delete", _PACKING}:
            due |= dict.fromkeys(packing_locks(repository))
    for path, says in due.items():
        with suppress(OSError):
            made = path.stat().st_mtime
            if says is None or not path.read_bytes():
                # Where the clock was set back, a lock file has a time to come.
                time.sleep(min(_SURE, max(0.0, _SURE - (time.time() - made))))
            if made >= since and (says is None or path.read_text().strip() in {"", says}):
                path.unlink()


def was_interrupted(repository: Repository) -> bool:
    """Whether a writer was killed while it moved refs.

    Raises:
        OSError: nothing was ever written in this clone.
    """
    return bool((repository.local / _LOCK).stat().st_size)


def packing_locks(repository: Repository) -> list[Path]:
    """Name the files that a killed `git pack-refs` leaves, and that no other git gets past."""
    return [repository.common / f"packed-refs.{ending}" for ending in ("lock", "new")]


def persist(act: Callable[[], _T], attempts: int = 0) -> _T:
    """Do something under `writing`, and again if a program without our lock interfered.

    Raises:
        StoreBusy: the notes stayed contended or locked; nothing was written.
    """
    said = ""
    for attempt in range(attempts or _ATTEMPTS):
        try:
            return act()
        except GitFailed as failure:
            said = failure.stderr.strip()
        import random  # loads OpenSSL, which only contention needs

        # Jitter keeps two contenders from meeting again at the next try.
        time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.01 * 2**attempt)))  # noqa: S311
    raise contended(said)


def contended(said: str) -> StoreBusy:
    """Say what is in the way: a lock file and its age, or what git said."""
    lock = lock_in_the_way(said)
    if not lock:
        return StoreBusy(
            f"results could not be stored in {_ATTEMPTS} tries: {said}",
            "run the same command again",
        )
    path = Path(lock)
    age = ""
    with suppress(OSError):
        if (passed := time.time() - path.stat().st_mtime) > 0:  # the clock may have been set back
            age = f", for {duration(passed)}"
    return StoreBusy(
        f"another git command has locked the results{age}, or left its lock behind:\n{path}",
        f"if no git command is running: rm {shlex.quote(str(path))}",
    )
