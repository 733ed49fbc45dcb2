"""Fingerprints of declared data: has it changed between two runs?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from gitexp.store.local import locked, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BLOCK = 1 << 20  # bytes read at a time


def fingerprint(place: Path, patterns: Iterable[str], cache: Path) -> dict[str, str]:
    """Hash the content of declared data, one digest per pattern; "absent" if nothing matches.

    A pattern is relative to `place`. A folder means everything in it. A file is only read again if
    its size, time stamp or inode changed; `cache` remembers the others.
    """
    patterns = list(patterns)
    if not patterns:
        return {}
    with locked(cache.with_suffix(".lock")):
        known = read_json(cache)
        before = len(known)
        digests = {pattern: _digest(place, pattern, known) for pattern in patterns}
        if len(known) != before:
            write_json(cache, known)
    return digests


def _digest(place: Path, pattern: str, known: dict[str, Any]) -> str:
    files = sorted(_files(place, pattern))
    if not files:
        return "absent"
    whole = hashlib.sha256()
    for file in files:
        stat = file.stat()
        key = f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}"
        if key not in known:
            known[key] = _hash(file)
        whole.update(
            f"{file.relative_to(place).as_posix()}\0{known[key]}\n".encode(errors="surrogateescape")
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


def _hash(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
