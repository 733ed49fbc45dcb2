"""Makes a folder hold the files of a commit, each as the commit has it, and no others."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.engine.lfs import ATTRIBUTES, filters_of, set_contents_aside, write_contents
from gitexp.engine.proven import Proven
from gitexp.engine.untouched import write_changes
from gitexp.errors import NotReady
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import decode
from gitexp.store.index_file import IndexEntry, files_called, raw_entries, submodules_in
from gitexp.store.local import make_writable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.engine.tree import Tree
    from gitexp.store.git import Git

_HASHES = {"sha1": 20, "sha256": 32}  # bytes of an object's id
_BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True, slots=True)
class WrittenCommit:
    """Submodules of a commit that was written, and names of filters that were not applied."""

    submodules: tuple[IndexEntry, ...]
    filters: set[str]


def write_commit(tree: Tree, commit: str) -> WrittenCommit:
    """Write the files of a commit, and remove all others.

    A file is only written or read again where its size, times, inode or mode differ from when it
    was last compared. After a crash of the machine that proves nothing: then all are written.

    Raises:
        NotReady: a file is not what the commit has.
        GitFailed: git cannot write the files, or the commit is not there.
    """
    tree.index.with_name(f"{tree.index.name}.lock").unlink(missing_ok=True)
    size = _HASHES[tree.hash_name]
    proven = Proven.read(tree.proven)
    if not proven.index:
        tree.forget()
    written = _write_changes(tree, proven, commit)
    if written is None:
        _write_all(tree, commit)
    is_same = written == []  # then nobody wrote the index
    content = proven.index if is_same else tree.index.read_bytes()
    attributes = files_called(ATTRIBUTES, content, size)
    if (
        proven.index
        and not is_same
        and _ids(attributes) != _ids(proven.files_called(ATTRIBUTES, size))
    ):
        # They decide what becomes of files that are the same in both commits.
        tree.forget()
        return write_commit(tree, commit)
    if written is None and content != proven.index:
        new = {*raw_entries(content, size)} - proven.entries(size)
        written = [IndexEntry.parse(entry, size) for entry in new]
    _compare(tree, written or ())
    if proven != (now := Proven(commit, content)):
        now.write(tree.proven)
    filters = filters_of(tree, attributes)
    if "lfs" in filters:
        write_contents(tree, [IndexEntry.parse(one, size) for one in raw_entries(content, size)])
    # What has submodules is always written whole.
    submodules = [] if is_same else submodules_in(content, size)
    return WrittenCommit(tuple(submodules), filters - {"lfs"})


def _write_changes(tree: Tree, proven: Proven, commit: str) -> list[IndexEntry] | None:
    """Go on from what was proven, if nothing happened to it; None if something did."""
    if (
        not proven.commit
        or submodules_in(proven.index, _HASHES[tree.hash_name])
        # The index knows pointers where the folder has the contents of Git LFS files.
        or tree.known_contents.exists()
    ):
        return None
    try:
        same = tree.index.read_bytes() == proven.index
    except OSError:
        return None
    return write_changes(tree.git, proven, commit) if same else None


def _write_all(tree: Tree, commit: str) -> None:
    """Write each file that the commit has otherwise, or that is not as the index knows it."""
    set_contents_aside(tree)
    try:
        _write(tree.git, commit)
    except GitFailed:
        # A script left folders that may not be written to, as caches of modules are.
        make_writable(tree.work_tree)
        _write(tree.git, commit)


def _write(git: Git, commit: str) -> None:
    git.run("read-tree", "--reset", "-u", commit)
    git.run("clean", "-ffdxq")


def _ids(entries: Sequence[IndexEntry]) -> dict[str, str]:
    return {entry.path: entry.id for entry in entries}


def _compare(tree: Tree, entries: Sequence[IndexEntry]) -> None:
    """Compare files with what the commit has.

    The commit's own attributes may ask for other line ends or another encoding. Such files are
    compared after git has converted them back.
    """
    other = [entry for entry in entries if not _is_as_committed(tree, entry)]
    converted = [entry for entry in other if not entry.is_link and "\n" not in entry.path]
    paths = "".join(f"{entry.path}\n" for entry in converted)
    ids = (
        decode(
            tree.git.run("hash-object", "--stdin-paths", stdin=os.fsencode(paths)).stdout
        ).split()
        if converted
        else []
    )
    same = {entry.path for entry, found in zip(converted, ids, strict=True) if found == entry.id}
    for entry in other:
        if entry.path not in same:
            tree.forget()
            raise NotReady(
                f"R3: {entry.path} in the checkout is not what the commit has",
                "the same command again writes every file of it; if that does not help, look at the"
                f" disk: {tree.work_tree}",
            )


def _is_as_committed(tree: Tree, entry: IndexEntry) -> bool:
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
