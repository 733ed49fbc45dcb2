"""Files that belong to this clone alone, under `<git-common-dir>/gitexp`, and locks on them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.errors import NO_ROOM, NotReady, disk_full

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int | None]:
    """Hold an exclusive lock on a file; yields its descriptor, or None if it is taken.

    The kernel drops the lock when its holder dies, however it dies, so a lock never goes stale. A
    child that inherits the descriptor keeps the lock for as long as it runs.

    Raises:
        NotReady, StoreBusy: the file cannot be opened or created, or the disk is full.
    """
    while True:
        try:
            make_folder(path.parent)
            descriptor = open_file(path)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
                continue  # the folder was empty, and was removed just then
            if error.errno in NO_ROOM:
                raise disk_full(path) from None
            raise NotReady(f"{path} cannot be opened: {error.strerror}") from None
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield None
                return
            except OSError as error:
                raise unlockable(path, error) from None
            # `gitexp doctor --gc` removes lock files; a lock on one that is gone keeps nobody out.
            if _is_at(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock on a file, or may, if it is not ours to read.

    Those who ask at once do not take each other for its holder.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        raise unlockable(path, error) from None
    finally:
        os.close(descriptor)
    return False


def unlockable(path: Path, error: OSError) -> NotReady:
    """Say that a file system has no locks; without them, two writers could lose each other's work.

    POSIX record locks would not do: a child does not inherit them, and closing any descriptor of
    the file drops them.
    """
    return NotReady(
        f"{path} cannot be locked ({error.strerror}): its file system has no flock, and without"
        " locks two commands could lose each other's results",
        "work in a clone on a local disk, or ask for the file system to be mounted with locks"
        " (Lustre: -o flock)",
    )


def open_file(path: Path) -> int:
    """Open a file to read and write, and create it as open to the group as its folder is."""
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        descriptor = os.open(path, flags | os.O_CREAT, 0o666)
        share(path)
        return descriptor


def make_folder(path: Path) -> None:
    """Create a folder and those above it, each as open to the group as the one that it is in.

    So what git shares in a clone (`core.sharedRepository`), gitexp shares, too.
    """
    if path.is_dir():
        return
    if not path.parent.exists():
        make_folder(path.parent)
    try:
        path.mkdir()
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        share(path)


def share(path: Path) -> None:
    """Let whoever a shared clone's folder is open to read (and write) what is in it, too."""
    with contextlib.suppress(OSError):
        given = path.parent.stat().st_mode
        bits = given & 0o022  # who may write
        bits |= bits << 1
        if given & stat.S_ISGID:  # how git marks the folders of a shared clone
            bits |= given & 0o040
        if bits:
            entering = (bits & 0o044) >> 2 if path.is_dir() else 0
            path.chmod(stat.S_IMODE(path.stat().st_mode) | bits | entering)


def make_writable(folder: Path) -> None:
    """Let us remove all of a folder, whatever modes its folders have; links are not followed."""
    if folder.is_symlink():
        return
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    for entry in walk(folder):
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)  # noqa: PTH101


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield what is in a folder and those below it, each before it is looked into.

    Scripts leave folders that lie too deep for `os.walk`, which calls itself before Python 3.12.
    """
    left = [str(folder)]
    while left:
        with contextlib.suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)


def remove_tree(folder: Path) -> None:
    """Remove a folder as far as we may, whatever modes its folders have and however deep they lie.

    `shutil.rmtree` calls itself before Python 3.13, and since then holds a file open at each depth.
    """
    import shutil  # loads libraries for archives, and a hook removes nothing

    make_writable(folder)
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        import subprocess  # only scripts that have gone wrong make such folders

        subprocess.run(["rm", "-rf", "--", folder], capture_output=True, check=False)


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

    make_folder(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            if sync:
                os.fsync(handle.fileno())
        share(Path(name))
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
