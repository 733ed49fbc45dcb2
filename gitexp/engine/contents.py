"""Hashes of files by content, remembered so that a file is only read again after it changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gitexp.store.local import locked, read_json, write_json

_BLOCK = 1 << 20  # bytes read at a time
# A file that changes twice within a tick of the file system's clock (4 ms on Linux) may look
# unchanged the second time, so what has changed only just now is not remembered.
_FRESH = 50_000_000  # ns
_MOST = 50_000  # files; beyond it, only what was asked for last is kept


class Contents:
    """Looks up the hashes of files in `known`, and adds those that are new."""

    def __init__(self, known: dict[str, Any]) -> None:
        self.known = known
        self.asked: dict[str, str] = {}

    def sha256(self, file: Path | str, stat: os.stat_result | None = None) -> str:
        """SHA-256 of a file's content, in hexadecimal digits; `stat` is what is known of the file.

        Whoever edits a file in place can set its mtime back, but not its ctime.

        Raises:
            OSError: the file cannot be read.
        """
        stat = stat or os.stat(file)  # noqa: PTH116 - a Path takes as long again
        times = f"{stat.st_mtime_ns}:{stat.st_ctime_ns}"
        key = f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{times}"
        found = self.known.get(key)
        if not isinstance(found, str):
            found = _read(Path(file))
            if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) < _FRESH:
                return found
        self.asked[key] = found
        return found


@contextlib.contextmanager
def remembered(cache: Path) -> Iterator[Contents]:
    """Look hashes up in a cache file, which is locked meanwhile."""
    with locked(cache.with_suffix(".lock")):
        contents = Contents(read_json(cache))
        yield contents
        if contents.asked.keys() <= contents.known.keys():
            return
        every = contents.known | contents.asked
        write_json(cache, every if len(every) <= _MOST else contents.asked)


def _read(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
