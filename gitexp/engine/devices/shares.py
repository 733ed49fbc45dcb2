"""Who holds which share of an accelerator: locks that every user of the machine can take.

Each device has one file of `PARTS` bytes, and who uses a share of it locks that many of them. The
locks belong to the open file, so a run that inherits it keeps its share when gitexp dies, and the
kernel frees it when the last process that has it open ends.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import math
import os
import re
import stat
import struct
from pathlib import Path

from gitexp.errors import NotReady

PARTS = 60  # of a device: halves, thirds, quarters, fifths, sixths, tenths and twelfths are whole
# /run/lock is emptied by a reboot alone; where the system has none, /tmp serves everybody.
_FOLDERS = (Path("/run/lock"), Path("/tmp"))  # noqa: S108 - shared on purpose, opened with care
_FLOCK = "hhqqixxxx"  # struct flock on 64-bit Linux


def parts_of(share: float) -> int:
    """How many parts of one device a share below 1 takes, rounded up."""
    return min(PARTS, max(1, math.ceil(share * PARTS - 1e-9)))


class Shares:
    """The shares of one device, as one open file: closing it frees what was taken through it."""

    def __init__(self, uuid: str, folder: Path | None = None) -> None:
        name = re.sub(r"[^0-9A-Za-z-]", "_", uuid)
        self.path = (folder or shared_folder()) / f"gitexp-device-{name}"
        self.descriptor = -1

    def take(self, parts: int) -> bool:
        """Take this many neighbouring parts, if so many are free.

        Raises:
            NotReady: the lock file cannot be opened, or is not a plain file.
        """
        self.descriptor = _open(self.path)
        locked = any(self._lock(start, parts) for start in range(PARTS - parts + 1))
        if locked and _is_at(self.descriptor, self.path):
            with contextlib.suppress(OSError):
                os.utime(self.path)  # so that nobody's cleaning takes it for forgotten
            return True
        self.free()
        return False

    def free(self) -> None:
        """Close the file: a run that inherited it keeps the share."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def alone(self) -> bool:
        """Whether no other gitexp, of any user, holds a part of the device that this one took."""
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, PARTS, 0)
        answer = fcntl.fcntl(self.descriptor, fcntl.F_OFD_GETLK, asked)
        return bool(struct.unpack(_FLOCK, answer)[0] == fcntl.F_UNLCK)

    def _lock(self, start: int, parts: int) -> bool:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, parts, 0)
        try:
            fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, asked)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise NotReady(f"{self.path} cannot be locked: {error.strerror}") from None
        return True


def shared_folder() -> Path:
    """A folder of this machine in which every user may create files."""
    for folder in _FOLDERS:
        with contextlib.suppress(OSError):
            mode = folder.stat().st_mode
            if stat.S_ISDIR(mode) and mode & 0o1002 == 0o1002:
                return folder
    return _FOLDERS[-1]


def _open(path: Path) -> int:
    """Open a lock file of whoever made it first, and never follow a link to another place.

    Raises:
        NotReady: it cannot be opened, or is not a plain file.
    """
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        try:
            # Without O_CREAT first: kernels refuse that for others' files in a shared folder.
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            descriptor = _create(path, flags)
    except OSError as error:
        raise NotReady(
            f"{path}, which says who uses the device, cannot be opened: {error.strerror}",
            "remove it, or ask its owner to; gitexp creates it again, open to every user",
        ) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotReady(f"{path} is not a plain file", "remove it; gitexp creates it again")
    return descriptor


def _create(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return os.open(path, flags)  # another made it just then
    os.fchmod(descriptor, 0o666)  # whatever the umask: every user locks the same file
    return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except OSError:
        return False
