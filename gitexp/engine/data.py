"""Fingerprints of declared data: has it changed between two runs?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitexp.engine.contents import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitexp.engine.contents import Contents


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
            # rglob does not follow symbolic links, and a linked folder is one.
            yield from (
                path / inner.relative_to(path.resolve())
                for inner in path.resolve().rglob("*")
                if inner.is_file()
            )
        elif path.is_file():
            yield path
