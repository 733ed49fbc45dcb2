"""One writer of refs at a time in a clone.

Whoever holds the lock moves refs from the value that was read, and removes the locks that a killed
git of its predecessor left behind (docs/decisions/0002-notes.md).
"""

from __future__ import annotations

import os
import re
import shlex
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gitexp.errors import GitexpError, StoreBusy
from gitexp.rules.text import duration
from gitexp.store.damaged_refs import damaged_among, restore_ref
from gitexp.store.git_errors import GitFailed
from gitexp.store.local import locked
from gitexp.store.refs import NOTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitexp.store.repository import Repository


_T = TypeVar("_T")
_PACKING = "pack-refs"  # stands in the lock where no ref moves, but all are packed
# Under the lock only a writer that is not gitexp (a fetch, a bare `git notes`) can get between
# reading the ref and moving it. Twenty tries with growing pauses last about ten seconds.
_ATTEMPTS = 20
_LONGEST_PAUSE = 1.0
_MOST = 1 << 16  # bytes that are kept of what a writer is about to move
_LOCK = "notes.lock"  # holds what its holder moves just now
_SURE = 1.0  # seconds after which a lock file that git has not filled is nobody's any more
DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")


@contextmanager
def writing(repository: Repository, *, wait: bool = True) -> Iterator[int | None]:
    """Keep every other writer of this clone out; yields the lock, or None where it is taken.

    Where the writer before was killed, the locks that its git left behind are removed. A ref that
    a crash of the machine left empty points to what its reflog says.

    Raises:
        NotReady: the lock file cannot be opened.
    """
    with locked(repository.local / _LOCK, wait=wait) as lock:
        if lock is not None:
            if before := os.pread(lock, _MOST, 0):
                _clear(repository, before.decode(errors="replace"), lock)
                os.ftruncate(lock, 0)
            for ref in damaged_among(repository, NOTES):
                restore_ref(repository, ref)
        yield lock


def move_refs(
    repository: Repository, moves: Sequence[str], lock: int, *, durable: bool = True
) -> None:
    """Carry out lines for `git update-ref --stdin`, all or none, under `writing`.

    What can be had again need not be `durable`: each ref that is takes 4 ms.
    """
    text = "".join(f"{move}\n" for move in moves)
    surely = DURABLE if durable else ()
    with _announced(repository, text, lock):
        # Notes and branches get a reflog, in a bare repository too. What keeps a commit alive says
        # where it stands by its name: a hundred thousand files would say nothing more.
        repository.git.run(
            *surely, "-c", "core.logAllRefUpdates=true", "update-ref", "-m", "gitexp", "--stdin",
            stdin=text.encode(), hold=(lock,),
        )  # fmt: skip


def pack_refs(repository: Repository, lock: int) -> None:
    """Put all refs into one file, under `writing`."""
    with _announced(repository, _PACKING, lock):
        repository.git.run("pack-refs", "--all", hold=(lock,))


@contextmanager
def _announced(repository: Repository, moves: str, lock: int) -> Iterator[None]:
    """Say what git is about to do to whoever has the lock after us, if we are killed meanwhile."""
    with suppress(OSError):
        os.pwrite(lock, moves.encode()[:_MOST], 0)
    try:
        yield
    except GitexpError as error:
        if isinstance(error, GitFailed) and error.code < 0:  # git was killed, and may have left
            _clear(repository, moves, lock)  # its locks
        os.ftruncate(lock, 0)
        raise
    os.ftruncate(lock, 0)


def _clear(repository: Repository, moves: str, lock: int) -> None:
    """Remove the locks of a git of ours that was killed while it moved these refs.

    It held the writers' lock, which has come to us, so it lives no more. Its locks are younger than
    what stands in ours. One of anybody else's git says something else than what was to be written
    here, or is soon gone.
    """
    common, since = repository.common, os.fstat(lock).st_mtime
    due: dict[Path, str | None] = {}  # what a lock file of ours says; None: whatever it says
    for move in moves.splitlines():
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
                time.sleep(max(0.0, _SURE - (time.time() - made)))
            if made >= since and (says is None or path.read_text().strip() in {"", says}):
                path.unlink()


def packing_locks(repository: Repository) -> list[Path]:
    """Files that a git which was killed while it packed refs leaves, and no git writes past."""
    return [repository.common / f"packed-refs.{ending}" for ending in ("lock", "new")]


def persist(act: Callable[[], _T], attempts: int = 0) -> _T:
    """Do something under `writing`, and again where a writer that knows no lock came between.

    Raises:
        StoreBusy: the notes stayed contended or locked; nothing was written.
    """
    said = ""
    for attempt in range(attempts or _ATTEMPTS):
        try:
            return act()
        except GitFailed as failure:
            said = failure.stderr.strip()
        import random

        # Jitter keeps two contenders from meeting again at the next try.
        time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.01 * 2**attempt)))  # noqa: S311
    raise contended(said)


def contended(said: str) -> StoreBusy:
    """Name whoever is in the way: a lock file and its age, or what git said."""
    found = re.search(r"Unable to create '(.+?)': File exists", said)
    if found is None:
        return StoreBusy(
            f"results could not be stored in {_ATTEMPTS} tries: {said}",
            "run the same command again",
        )
    path = Path(found[1])
    age = ""
    with suppress(OSError):
        age = f", for {duration(time.time() - path.stat().st_mtime)}"
    return StoreBusy(
        f"another git command has locked what is to be written{age}, or left its lock behind:"
        f"\n{path}",
        f"if no git command is running: rm {shlex.quote(str(path))}",
    )
