"""Files that belong to this clone alone, under `<git-common-dir>/gitexp`, and locks on them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from typing import TYPE_CHECKING, Any

from gitexp.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int | None]:
    """Hold an exclusive lock on a file; yields its descriptor, or None if it is taken.

    The kernel drops the lock when its holder dies, however it dies, so a lock never goes stale. A
    child that inherits the descriptor keeps the lock for as long as it runs.

    Raises:
        NotReady: the file cannot be opened or created.
    """
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
                continue  # the folder was empty, and was removed just then
            raise NotReady(f"{path} cannot be opened: {error.strerror}") from None
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield None
                return
            # `gitexp doctor --gc` removes lock files; a lock on one that is gone keeps nobody out.
            if _is_at(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Replace a file in one step: a reader, or a crash, sees the old file or the new one.

    Without `sync`, that holds for a crash of the program, not of the machine.
    """
    import tempfile  # loads random and OpenSSL, and a hook writes nothing

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            if sync:
                os.fsync(handle.fileno())
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of this clone; {} if it is missing or damaged."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object of this clone."""
    write_atomically(path, json.dumps(content, indent=1, sort_keys=True).encode() + b"\n")


def salt(folder: Path) -> bytes:
    """Return this clone's key for hashing secrets, which is made at first use."""
    path = folder / "salt"
    with contextlib.suppress(OSError):
        if found := path.read_bytes():
            return found
    with locked(folder / "salt.lock"):
        if path.exists() and (found := path.read_bytes()):
            return found
        made = os.urandom(32)
        write_atomically(path, made)
        return made
