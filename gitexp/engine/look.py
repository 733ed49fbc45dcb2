"""Looks at every file of a folder: which are not as git's index knows them, and which are new."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.as_committed import is_as_committed
from gitexp.store.git_output import FileChange, decode, parse_raw
from gitexp.store.index_file import IndexEntry, raw_entries

if TYPE_CHECKING:
    from gitexp.engine.tree import Tree

# Bytes of an index from which on two processes of git are quicker than we are: about 1,000 files.
_LARGE = 100_000
_STATE = struct.Struct(">10I")  # times, device, inode, mode, owner, size
_FILE, _PROGRAM = 0o100644, 0o100755


def look(tree: Tree, index: bytes) -> tuple[list[FileChange], list[str]]:
    """Return the files that were touched, as the index has them, and the paths of others.

    Raises:
        OSError: not all of the folder can be looked at.
        GitFailed: git cannot read its index.
    """
    return _look_by_git(tree) if len(index) > _LARGE else _look_here(tree, index)


def _look_by_git(tree: Tree) -> tuple[list[FileChange], list[str]]:
    # Two processes use two cores. What git cannot look at, it only says on standard error.
    with tree.git.start(
        "ls-files", "--others", "--directory", "-z",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as listing:  # fmt: skip
        looked = tree.git.run("diff-files", "--raw", "--no-abbrev", "-z")
        listed, failed = listing.communicate()
    if listing.returncode or failed or looked.stderr:
        raise OSError
    others = [name.rstrip("/") for name in decode(listed).split("\0") if name]
    return [*parse_raw(looked.stdout)], others


def _look_here(tree: Tree, index: bytes) -> tuple[list[FileChange], list[str]]:
    known: dict[str, tuple[IndexEntry, tuple[int, ...]]] = {}
    for raw in raw_entries(index, tree.id_bytes):
        entry = IndexEntry.parse(raw, tree.id_bytes)
        known[entry.path] = entry, _STATE.unpack_from(raw)
    folders = {path[:at] for path in known for at in _slashes(path)}
    dated = tree.index.stat().st_mtime_ns
    touched, others = [], []
    for path, found in _walk(tree.work_tree, "", folders):
        if path not in known:
            others.append(path)
            continue
        entry, state = known.pop(path)
        if not _is_known(tree, entry, state, found, dated):
            touched.append(entry)
    missing = (entry for entry, _ in known.values())
    return [_change(entry) for entry in (*touched, *missing)], others


def _slashes(path: str) -> Iterator[int]:
    at = path.find("/")
    while at >= 0:
        yield at
        at = path.find("/", at + 1)


def _walk(folder: Path, prefix: str, folders: set[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Yield all but folders that hold tracked files, and nothing below what is yielded."""
    with os.scandir(folder) as listing:
        for one in listing:
            path = prefix + one.name
            if path in folders and one.is_dir(follow_symlinks=False):
                yield from _walk(folder / one.name, f"{path}/", folders)
            elif path != ".git":
                yield path, one.stat(follow_symlinks=False)


def _is_known(
    tree: Tree, entry: IndexEntry, state: tuple[int, ...], found: os.stat_result, dated: int
) -> bool:
    """Whether a file is what the index knows: by its state, and by its content if that is new."""
    times = (*divmod(found.st_ctime_ns, 10**9), *divmod(found.st_mtime_ns, 10**9))
    rest = (found.st_dev, found.st_ino, _mode(found), found.st_uid, found.st_gid, found.st_size)
    if tuple(number & 0xFFFFFFFF for number in (*times, *rest)) != state:
        return False
    # An edit within the same tick of the clock may not show.
    return max(found.st_ctime_ns, found.st_mtime_ns) < dated or is_as_committed(tree, entry)


def _mode(found: os.stat_result) -> int:
    if stat.S_ISREG(found.st_mode):
        return _PROGRAM if found.st_mode & stat.S_IXUSR else _FILE
    return stat.S_IFMT(found.st_mode)  # that of a link, or one that no file has


def _change(entry: IndexEntry) -> FileChange:
    return FileChange(entry.path, f"{entry.mode:06o}", "", entry.id, "")
