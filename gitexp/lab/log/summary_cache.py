"""Opens the clone's cache of summaries; it starts empty when the code that judges has changed."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gitexp
from gitexp.store.cache import Cache
from gitexp.store.repository import Repository

# Modules outside rules/ that say what a kept summary holds.
_JUDGING = (
    "lab/log/summary_cache.py", "lab/log/log_json.py", "lab/log/result.py", "lab/log/run_notes.py",
    "lab/standing/headline.py", "store/cache.py",
)  # fmt: skip


@contextmanager
def opened_cache(repository: Repository) -> Iterator[Cache]:
    """Open the cache; in a shallow clone, nothing is kept."""
    # In a shallow clone, and with grafts, a commit's parents are not what they will be.
    whole = not repository.shallow and not (repository.common / "info" / "grafts").exists()
    stamp = stamp_of(Path(gitexp.__path__[0])) if whole else 0
    cache = Cache(repository.local if whole else None, stamp)
    try:
        yield cache
    finally:
        cache.close()


def stamp_of(package: Path) -> int:
    """Hash the code that judges, 31 bits: another version of it may say something else."""
    stamp = zlib.crc32(gitexp.__version__.encode())
    for path in (*sorted(_modules(f"{package}/rules")), *(f"{package}/{n}" for n in _JUDGING)):
        # Some 60 files at each `log`: pathlib would take twice as long.
        file = os.open(path, os.O_RDONLY)
        try:
            stamp = zlib.crc32(os.read(file, os.fstat(file).st_size), stamp)
        finally:
            os.close(file)
    return stamp & 0x7FFF_FFFF


def _modules(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.path
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _modules(entry.path)
