"""Makes a folder hold the files of a commit, each as the commit has it, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.engine.as_committed import is_as_committed
from gitexp.engine.lfs import ATTRIBUTES, filters_of, set_contents_aside, write_contents
from gitexp.engine.proven import Proven
from gitexp.engine.reuse import Written, reuse
from gitexp.errors import NotReady
from gitexp.store.git import Git
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import one_a_line
from gitexp.store.index_file import IndexEntry, files_called, index_of, raw_entries, submodules_in
from gitexp.store.local import make_writable

if TYPE_CHECKING:
    from gitexp.engine.tree import Tree


@dataclass(frozen=True, slots=True)
class WrittenCommit:
    """A commit that was written: git's index, its submodules, and filters that were not applied."""

    index: bytes
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
    proven = Proven.read(tree.proven)
    reused = reuse(tree, proven, commit)
    written = reused or _write_all(tree, proven, commit)
    _compare(tree, written.unproven)
    if proven != (now := Proven(commit, written.index)):
        now.write(tree.proven)
    attributes = files_called(ATTRIBUTES, written.index, tree.id_bytes)
    filters = filters_of(tree, attributes)
    if "lfs" in filters:
        entries = raw_entries(written.index, tree.id_bytes)
        write_contents(tree, [IndexEntry.parse(entry, tree.id_bytes) for entry in entries])
    # What has submodules is always written whole.
    submodules = [] if reused else submodules_in(written.index, tree.id_bytes)
    return WrittenCommit(written.index, tuple(submodules), filters - {"lfs"})


def _write_all(tree: Tree, proven: Proven, commit: str) -> Written:
    """Write each file that the commit has otherwise, or that is not as the index knows it."""
    if not proven.index:
        tree.forget()
    set_contents_aside(tree)
    try:
        _write(tree.git, commit)
    except GitFailed:
        # A script left folders that may not be written to, as caches of modules are.
        make_writable(tree.work_tree)
        _write(tree.git, commit)
    time = tree.index.stat().st_mtime_ns
    entries = raw_entries(tree.index.read_bytes(), tree.id_bytes)
    index = index_of(entries, tree.id_bytes)
    attributes = _ids(files_called(ATTRIBUTES, index, tree.id_bytes))
    if proven.index and attributes != _ids(proven.files_called(ATTRIBUTES, tree.id_bytes)):
        # They decide what becomes of files that are the same in both commits.
        return _write_all(tree, Proven(), commit)
    tree.index.write_bytes(index)
    tree.date_index(time)
    new = {*entries} - proven.entries(tree.id_bytes)
    return Written(index, [IndexEntry.parse(entry, tree.id_bytes) for entry in new])


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
    other = [entry for entry in entries if not is_as_committed(tree, entry)]
    converted = [entry for entry in other if not entry.is_link and "\n" not in entry.path]
    paths = one_a_line(entry.path for entry in converted)
    ids = tree.git.text("hash-object", "--stdin-paths", stdin=paths).split() if converted else []
    same = {entry.path for entry, found in zip(converted, ids, strict=True) if found == entry.id}
    for entry in other:
        if entry.path not in same:
            tree.forget()
            raise NotReady(
                f"R3: {entry.path} in the checkout is not what the commit has",
                "the same command again writes every file of it; if that does not help, look at the"
                f" disk: {tree.work_tree}",
            )
