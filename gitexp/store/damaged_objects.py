"""Objects whose file holds nothing that git can read, as a power cut leaves them.

git takes such a file for the object: it fails wherever it comes across it, and neither writes nor
fetches the object again.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gitexp.store.fetch import REFETCH
from gitexp.store.local import make_folder
from gitexp.store.repository import Repository

_WHOLE = 1 << 16  # bytes of a file that is unpacked to its end; of larger ones only the beginning
_HEADER = re.compile(rb"(blob|tree|commit|tag) \d+\0")


def damaged_objects(repository: Repository) -> list[Path]:
    """Find the damaged ones among the objects that have a file each."""
    return [path for path in _loose(repository.common / "objects") if not _is_readable(path)]


def set_aside(repository: Repository, paths: list[Path]) -> None:
    """Move damaged objects out of git's way, so that it can get them from elsewhere."""
    folder = repository.local / "damaged"
    make_folder(folder)
    (repository.local / REFETCH).touch()
    for path in paths:
        with suppress(FileNotFoundError):
            path.rename(folder / f"{path.parent.name}{path.name}")


def _loose(objects: Path) -> Iterator[Path]:
    for folder in objects.glob("[0-9a-f][0-9a-f]"):
        yield from folder.glob("[0-9a-f]" * 38 + "*")


def _is_readable(path: Path) -> bool:
    """Whether a file begins as an object does and, if it is small, ends as one, too."""
    try:
        with path.open("rb") as file:
            packed = file.read(_WHOLE)
            whole = len(packed) == os.fstat(file.fileno()).st_size
    except OSError:
        return True  # gone by now, or not ours to read
    unpack = zlib.decompressobj()
    try:
        begun = unpack.decompress(packed, 0 if whole else 100)
    except zlib.error:
        return False
    return bool(_HEADER.match(begun)) and (unpack.eof or not whole)
