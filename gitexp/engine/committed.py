"""Makes a folder hold the files of a commit, each as the commit has it, and no others."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.lfs import filters_of, set_contents_aside, write_contents
from gitexp.errors import NotReady
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import decode
from gitexp.store.index_file import IndexEntry, is_submodule, raw_entries
from gitexp.store.local import make_writable
from gitexp.store.sealed import sealed_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.store.git import Git

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_HASHES = {"sha1": 20, "sha256": 32}  # bytes of an object's id
_BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder for the files of a commit, and what is remembered about it.

    `state` names our own files beside it: `state.index` is the index that only gitexp's git writes,
    and `state.proven` a copy of it from when every file was last known to be the commit's.
    `sealed` is what git takes for the clone's folder, `objects` and `lfs` are its stores.
    """

    sealed: Path
    objects: Path
    lfs: Path
    work_tree: Path
    state: Path
    hash_name: str

    @property
    def index(self) -> Path:
        """The index that only gitexp's git writes."""
        return self.state.with_name(f"{self.state.name}.index")

    @property
    def proven(self) -> Path:
        """What was last proven."""
        return self.state.with_name(f"{self.state.name}.proven")

    @property
    def contents(self) -> Path:
        """Contents of Git LFS files while git writes; a `.json` beside it knows where they were."""
        return self.state.with_name(f"{self.state.name}.contents")

    @property
    def git(self) -> Git:
        """A git that nothing but the commit's own attributes can influence."""
        return sealed_git(self.sealed, self.objects, self.work_tree, self.index)

    def forget(self) -> None:
        """Let the next use write every file."""
        for path in (self.index, self.proven, self.contents.with_suffix(".json")):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.contents, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Written:
    """Submodules of a commit that was written, and names of filters that were not applied."""

    submodules: tuple[IndexEntry, ...]
    filters: set[str]


def write_commit(tree: Tree, commit: str) -> Written:
    """Write the files of a commit, and remove all others.

    A file is only written or read again where its size, times, inode or mode differ from when it
    was last compared. After a crash of the machine that proves nothing: then all are written.

    Raises:
        NotReady: a file is not what the commit has.
        GitFailed: git cannot write the files, or the commit is not there.
    """
    tree.index.with_name(f"{tree.index.name}.lock").unlink(missing_ok=True)
    proven = _read_proven(tree)
    if proven is None:
        tree.forget()
    set_contents_aside(tree)
    git = tree.git
    try:
        _write(git, commit)
    except GitFailed:
        # A script left folders that may not be written to, as caches of modules are.
        make_writable(tree.work_tree)
        _write(git, commit)
    content = tree.index.read_bytes()
    size = _HASHES[tree.hash_name]
    entries = raw_entries(content, size)
    if content != proven:
        known = _known(proven, size)
        new = [entry for entry in entries if entry not in known]
        _compare(tree, git, [IndexEntry.parse(entry, size) for entry in new])
        tree.proven.write_bytes(_boot() + b"\n" + content)
    attributes = [entry for entry in entries if b".gitattributes\0" in entry]
    filters = filters_of(tree, [IndexEntry.parse(entry, size) for entry in attributes])
    if "lfs" in filters:
        write_contents(tree, [IndexEntry.parse(entry, size) for entry in entries])
    submodules = [entry for entry in entries if is_submodule(entry)]
    return Written(tuple(IndexEntry.parse(entry, size) for entry in submodules), filters - {"lfs"})


def _write(git: Git, commit: str) -> None:
    git.run("read-tree", "--reset", "-u", commit)
    git.run("clean", "-ffdxq")


def _read_proven(tree: Tree) -> bytes | None:
    """The index as of the last comparison; None if there was none since the machine started."""
    with suppress(OSError):
        boot, _, content = tree.proven.read_bytes().partition(b"\n")
        if boot == _boot():
            return content
    return None


def _known(proven: bytes | None, id_bytes: int) -> set[bytes]:
    try:
        return {*raw_entries(proven, id_bytes)} if proven else set()
    except ValueError:
        return set()


def _boot() -> bytes:
    """What names this start of the machine; empty where the system does not say."""
    try:
        return _BOOT.read_bytes().strip()
    except OSError:
        return b""


def _compare(tree: Tree, git: Git, entries: Sequence[IndexEntry]) -> None:
    """Compare files with what the commit has.

    The commit's own attributes may ask for other line ends or another encoding. Such files are
    compared after git has converted them back.
    """
    other = [entry for entry in entries if not _is_as_committed(tree, entry)]
    converted = [entry for entry in other if not entry.is_link and "\n" not in entry.path]
    paths = "".join(f"{entry.path}\n" for entry in converted)
    ids = (
        decode(git.run("hash-object", "--stdin-paths", stdin=os.fsencode(paths)).stdout).split()
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
