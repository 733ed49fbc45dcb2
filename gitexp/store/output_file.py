"""Write a file where somebody asked for it, without taking anything from them.

A file there that the same command wrote before is replaced; any other stays. Nothing is written
through a link, and a reader sees the old file or the new one.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from gitexp.errors import UsageError
from gitexp.rules.text import visible

_HEAD = 4096  # bytes at either end of a file in which its writer has left a mark


def write_output(path: Path, content: bytes, mark: bytes) -> None:
    """Write a file; `mark` is a text that every file has that the same command writes.

    Raises:
        UsageError: something else is there, or it cannot be written.
    """
    name = visible(str(path))
    there = demand_own_file(path, mark)
    try:
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    except OSError as error:
        raise _unwritable(name, error) from None
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
        os.chmod(part, _mode(there))  # noqa: PTH101
        os.replace(part, path)  # noqa: PTH105
    except OSError as error:
        raise _unwritable(name, error) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)  # noqa: PTH108


def demand_file(path: Path) -> os.stat_result | None:
    """Refuse to put a file where a link, a device or a folder is; returns what is there, if any.

    Raises:
        UsageError: something other than a file is there, or it cannot be looked at.
    """
    name = visible(str(path))
    try:
        there = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unwritable(name, error) from None
    if stat.S_ISLNK(there.st_mode):
        raise UsageError(
            f"{name} is a link, and nothing is written through links", "name the file itself"
        )
    if not stat.S_ISREG(there.st_mode):
        raise UsageError(f"{name} exists, and is not a file", "choose another --output")
    return there


def demand_own_file(path: Path, mark: bytes) -> os.stat_result | None:
    """Refuse to replace what does not have the mark of our files; returns what is there, if any.

    Raises:
        UsageError: something else is there, or it cannot be looked at.
    """
    name, there = visible(str(path)), demand_file(path)
    if there is not None and there.st_size and mark not in _ends(path, name):
        raise UsageError(
            f"{name} exists, and gitexp did not write it: it stays as it is",
            "remove it first, or choose another --output",
        )
    return there


def _ends(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as handle:
            first = handle.read(_HEAD)
            handle.seek(max(len(first), handle.seek(0, os.SEEK_END) - _HEAD))
            return first + handle.read(_HEAD)
    except OSError as error:
        raise _unwritable(name, error) from None


def _mode(there: os.stat_result | None) -> int:
    if there is not None:
        return stat.S_IMODE(there.st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _unwritable(name: str, error: OSError) -> UsageError:
    return UsageError(f"{name} cannot be written: {error.strerror}", "choose another --output")
