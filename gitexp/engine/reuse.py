"""Takes a folder from one commit to another by writing only the few files that have to be.

Those are the ones in which the two commits differ and the ones that a run touched; what else it
left is removed. Where that is more than a few, the whole folder has to be compared with the commit
(engine/committed.py).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.engine.lfs import ATTRIBUTES
from gitexp.engine.look import look
from gitexp.store.git_errors import GitFailed
from gitexp.store.index_file import (
    IndexEntry,
    index_of,
    raw_entries,
    replace_entries,
    submodules_in,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from gitexp.engine.proven import Proven
    from gitexp.engine.tree import Tree
    from gitexp.store.git_output import FileChange

_FEW = 50  # each is looked for in the whole index
_ABSENT, _SUBMODULE = "000000", "160000"


@dataclass(frozen=True, slots=True)
class Written:
    """The index of a folder that holds a commit, and its entries that are not proven yet."""

    index: bytes
    unproven: Sequence[IndexEntry] = ()


def reuse(tree: Tree, proven: Proven, commit: str) -> Written | None:
    """Write what a folder lacks of a commit, if that is little and nothing else can differ.

    What is not written is as it was when it was proven.
    """
    if (
        not proven.commit
        or submodules_in(proven.index, tree.id_bytes)
        # The index knows pointers where the folder has the contents of Git LFS files.
        or tree.known_contents.exists()
    ):
        return None
    try:
        if tree.index.read_bytes() != proven.index:
            return None
        time = tree.now()
        touched, others = look(tree, proven.index)
        differing = []
        if commit != proven.commit:
            git = tree.git_without_index
            differing = git.differences("diff-tree", proven.commit, commit)
        if not all(map(_is_replaced, differing)):
            return None
        # A touched file becomes what the index has, unless the commit has it otherwise.
        due = {file.path: file for file in (*map(_undone, touched), *differing)}
        # Files of attributes decide what becomes of files that are the same in both commits.
        if len(due) > _FEW or any(path.endswith(ATTRIBUTES) for path in due):
            return None
        for name in others:
            _remove(tree.work_tree / name)
        written = _write(tree, proven.index, due.values()) if due else Written(proven.index)
        tree.date_index(time)
    except (GitFailed, OSError, ValueError):
        return None
    return written


def _is_replaced(file: FileChange) -> bool:
    """Whether it is a file, or a link, in both commits."""
    return not {file.old_mode, file.new_mode} & {_ABSENT, _SUBMODULE}


def _undone(file: FileChange) -> FileChange:
    return file._replace(new_mode=file.old_mode, new_id=file.old_id)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _write(tree: Tree, index: bytes, files: Collection[FileChange]) -> Written:
    """Write files, and put what git then knows of them in place of what the index knew.

    git does so with an index of these files alone, because to read and write the whole one takes it
    longer than all the rest.
    """
    few = replace(tree, state=tree.state.with_name(f"{tree.state.name}.few"))
    few.forget()
    wanted = [IndexEntry(file.path, int(file.new_mode, 8), file.new_id, 0) for file in files]
    few.index.write_bytes(index_of([entry.raw() for entry in wanted], tree.id_bytes))
    few.git.run("checkout-index", "--all", "--force", "--index")
    written = raw_entries(few.index.read_bytes(), tree.id_bytes)
    few.forget()
    old_ids = {file.path: file.old_id for file in files}
    index = replace_entries(index, old_ids, written, tree.id_bytes)
    tree.index.write_bytes(index)
    return Written(index, wanted)
