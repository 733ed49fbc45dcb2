"""Tells whether a file of a folder is what the commit has."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.engine.tree import Tree
    from gitexp.store.index_file import IndexEntry

_BLOCK = 1 << 20  # bytes read at a time


def is_as_committed(tree: Tree, entry: IndexEntry) -> bool:
    """Whether a file, or a link, has the content of the entry's object, byte for byte."""
    if entry.is_submodule:
        return True
    path = tree.work_tree / entry.path
    try:
        state = path.lstat()
        if entry.is_link:
            target = os.fsencode(path.readlink())
            return _blob(tree.hash_name, len(target), [target]) == entry.id
        if not stat.S_ISREG(state.st_mode):
            return False
        with path.open("rb") as handle:
            blocks = iter(lambda: handle.read(_BLOCK), b"")
            return _blob(tree.hash_name, state.st_size, blocks) == entry.id
    except OSError:
        return False


def _blob(hash_name: str, size: int, blocks: Iterable[bytes]) -> str:
    """Name an object as git does, by its type, size and content."""
    digest = hashlib.new(hash_name, f"blob {size}\0".encode(), usedforsecurity=False)
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
