"""Trees in which one file has new content, made from objects alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.store.pack import Pack
from gitexp.store.raw_tree import FILE, FOLDER, parse_tree, write_tree
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.store.reader import Reader

_AT_ONCE = 100  # trees that are in memory: one of 20,000 files has a megabyte


def trees_with_file(repository: Repository, edits: Sequence[tuple[str, str, bytes]]) -> list[str]:
    """Write the tree of each commit, with one file as it should be; returns their ids.

    An edit is commit, path and content. A file that is not there yet is added, to a folder that is.
    It takes one git process for a hundred edits, whatever is in the trees.

    Raises:
        NotReady: a folder is not there.
    """
    trees = []
    for at in range(0, len(edits), _AT_ONCE):
        pack = Pack(repository.digits)
        with repository.git.readers.take() as reader:
            base = _Base(reader, repository.digits // 2)
            trees += [base.edited(pack, *edit) for edit in edits[at : at + _AT_ONCE]]
        repository.git.run("unpack-objects", "-q", stdin=pack.files().pack)
    return trees


class _Base:
    """The trees that are edited, each read once."""

    def __init__(self, reader: Reader, width: int) -> None:
        self._reader, self._width = reader, width
        self._known: dict[str, dict[bytes, tuple[bytes, str]]] = {}

    def edited(self, pack: Pack, commit: str, path: str, content: bytes) -> str:
        """Add to a pack what is new where a file has this content; returns the id of the tree."""
        *folders, name = path.encode(errors="surrogateescape").split(b"/")
        levels = [self._read(f"{commit}^{{tree}}")]
        for folder in folders:
            mode, tree = levels[-1].get(folder, (b"", ""))
            if mode != FOLDER:
                raise NotReady(f"{path} is not in {commit[:10]}")
            levels.append(self._read(tree))
        child = pack.add("blob", content)
        for level, inside in zip(reversed(levels), (name, *reversed(folders)), strict=True):
            mode, _ = level.get(inside, (FILE, ""))
            child = pack.add("tree", write_tree({**level, inside: (mode, child)}))
        return child

    def _read(self, tree: str) -> dict[bytes, tuple[bytes, str]]:
        if tree not in self._known:
            found = self._reader.read(tree)
            if found is None:
                raise NotReady(
                    f"the git object {tree} is missing",
                    "restore what is left of it: gitexp doctor --fix",
                )
            self._known[tree] = parse_tree(found.content, self._width)
        return self._known[tree]
