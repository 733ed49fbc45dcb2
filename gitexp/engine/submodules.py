"""Writes the submodules of a commit from the object stores that this clone has.

A commit of a submodule may be yours alone, not pushed yet. So nothing is asked of a remote unless
no store of this clone has it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine.committed import write_commit
from gitexp.store.git import NO_HOOKS, Git
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.engine.tree import Tree
    from gitexp.store.index_file import IndexEntry


class Holder(NamedTuple):
    """A repository that may hold submodules: its git folders, and work trees of yours."""

    folders: tuple[Path, ...]
    work_trees: tuple[Path, ...]


def write_submodules(tree: Tree, links: Sequence[IndexEntry], holder: Holder) -> None:
    """Write the files of the submodules of a commit, and of theirs.

    Raises:
        GitFailed: a commit is not here, and no remote has it.
    """
    names = _names(tree.work_tree) if links else {}
    fetched = False
    for link in links:
        name = names.get(link.path)
        if name is None:
            continue  # the commit does not say where it comes from; a clone would not have it
        inner = _inner_holder(holder, name, link.path)
        objects = _find(tree, inner, link.id)
        if objects is None and not fetched:
            fetched = True
            Git(tree.work_tree).run(
                *NO_HOOKS, "submodule", "update", "--init", "--recursive", "--force", "--quiet"
            )
            objects = _find(tree, inner, link.id)
        if objects is None:
            continue  # `submodule.NAME.update = none`
        mark = hashlib.sha256(link.path.encode(errors="surrogateescape")).hexdigest()[:12]
        part = replace(
            tree,
            objects=objects,
            lfs=objects.with_name("lfs") / "objects",
            work_tree=tree.work_tree / link.path,
            state=tree.state.with_name(f"{tree.state.name}.{mark}"),
        )
        part.work_tree.mkdir(parents=True, exist_ok=True)
        write_submodules(part, write_commit(part, link.id).submodules, inner)


def _names(work_tree: Path) -> dict[str, str]:
    """Names of the submodules by their paths, as the commit has them."""
    if not (work_tree / ".gitmodules").is_file():
        return {}
    done = Git(work_tree).run("config", "--file", ".gitmodules", "--list", "-z", allow=(1, 128))
    found = {}
    for line in decode(done.stdout).split("\0"):
        key, _, value = line.partition("\n")
        if key.startswith("submodule.") and key.endswith(".path"):
            name = key.removeprefix("submodule.").removesuffix(".path")
            # As git does, against names that would lead out of the folder of all submodules.
            if ".." not in name.split("/"):
                found[value] = name
    return found


def _inner_holder(holder: Holder, name: str, path: str) -> Holder:
    folders = [folder / "modules" / name for folder in holder.folders]
    trees = [tree / path for tree in holder.work_trees]
    return Holder((*folders, *_own_folders(trees)), tuple(trees))


def _own_folders(trees: Sequence[Path]) -> Iterator[Path]:
    """Git folders of work trees that are, or belong to, clones of their own."""
    for tree in trees:
        if (tree / ".git").exists():
            done = Git(tree).run(
                "rev-parse", "--path-format=absolute", "--git-common-dir", allow=(128,)
            )
            if done.returncode == 0:
                yield Path(decode(done.stdout).rstrip("\n"))


def _find(tree: Tree, holder: Holder, commit: str) -> Path | None:
    """The object store that has a commit."""
    for folder in holder.folders:
        part = replace(tree, objects=folder / "objects")
        if part.objects.is_dir() and part.git.succeeds("cat-file", "-e", f"{commit}^{{tree}}"):
            return part.objects
    return None
