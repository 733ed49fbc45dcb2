"""Fingerprints of declared data: has it changed between two runs?"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from gitexp.engine.contents import Contents, remembered


def fingerprint(place: Path, patterns: Iterable[str], cache: Path) -> dict[str, str]:
    """Hash the content of declared data, one digest per pattern; "absent" if nothing matches.

    A pattern is relative to `place`. A folder means everything in it. `cache` remembers the hashes
    of files that have not changed.
    """
    patterns = list(patterns)
    if not patterns:
        return {}
    with remembered(cache) as contents:
        return {pattern: _digest(place, pattern, contents) for pattern in patterns}


def _digest(place: Path, pattern: str, contents: Contents) -> str:
    files = sorted(_files(place, pattern))
    if not files:
        return "absent"
    whole = hashlib.sha256()
    for file in files:
        whole.update(
            f"{file.relative_to(place).as_posix()}\0{contents.sha256(file)}\n".encode(
                errors="surrogateescape"
            )
        )
    return whole.hexdigest()[:16]


def _files(place: Path, pattern: str) -> Iterable[Path]:
    for path in place.glob(pattern.rstrip("/")):
        if path.is_dir():
            yield from _files_below(path)
        elif path.is_file():
            yield path


def _files_below(folder: Path) -> Iterable[Path]:
    """Every file in a folder, also behind symbolic links, without what Python caches there."""
    seen: set[tuple[int, int]] = set()
    for inner, folders, names in os.walk(folder, followlinks=True):
        state = os.stat(inner)  # noqa: PTH116 - os.walk gives texts
        here = state.st_dev, state.st_ino
        if here in seen:
            folders.clear()  # a loop of links
            continue
        seen.add(here)
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (path for name in names if (path := folder.joinpath(inner, name)).is_file())
