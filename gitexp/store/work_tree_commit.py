"""The work tree as git would commit it, on no branch; HEAD, index and files stay untouched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from gitexp.errors import NotReady
from gitexp.store.git import NO_HOOKS, Git
from gitexp.store.local import make_folder
from gitexp.store.repository import Repository

_LARGEST = 1 << 20  # bytes of a file that git does not track: data would fill its object store
_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


def demand_no_merge(git_dir: Path) -> None:
    """Stop where git is in the middle of something, and a commit would be a part of it.

    Raises:
        NotReady: a merge or a rebase is under way.
    """
    if any((git_dir / name).exists() for name in _UNDER_WAY):
        raise NotReady(
            "a merge or a rebase is under way in this work tree",
            "finish it, or stop it: git merge --abort, git rebase --abort",
        )


def commit_work_tree(repository: Repository) -> tuple[str, tuple[str, ...]]:
    """Commit the files as they are, and those that git neither tracks nor ignores.

    Returns the commit, and which files without a place in git are left out because they are large.
    """
    top = repository.work_tree()
    git = Git(top)
    with _index_apart(repository) as apart:
        listed = git.text("ls-files", "-z", "--others", "--exclude-standard", environment=apart)
        # A repository in this one ends with a slash.
        new = [name for name in listed.split("\0") if name and not name.endswith("/")]
        large = tuple(name for name in new if _is_large(top / name))
        git.run(*NO_HOOKS, "add", "--update", ".", environment=apart)
        small = "".join(f"{name}\0" for name in new if name not in large)
        if small:
            git.run(
                *NO_HOOKS, "add", "--pathspec-from-file=-", "--pathspec-file-nul",
                stdin=small.encode(errors="surrogateescape"), environment=apart,
            )  # fmt: skip
        tree = git.text("write-tree", environment=apart)
    head = git.resolve("HEAD")
    commit = git.text(
        "commit-tree", "--no-gpg-sign", *(("-p", head) if head else ()), "-F", "-", tree,
        stdin=b"the work tree, as gitexp try ran it\n",
    )  # fmt: skip
    return commit, large


def tree_of_tracked(repository: Repository) -> str:
    """Write the tree that `git commit -a` would commit: tracked files as they are, and added ones.

    No file may have two edits, one of them staged.
    """
    git = Git(repository.work_tree())
    with _index_apart(repository) as apart:
        git.run(*NO_HOOKS, "add", "--update", ".", environment=apart)
        return git.text("write-tree", environment=apart)


@contextmanager
def _index_apart(repository: Repository) -> Iterator[Mapping[str, str]]:
    """Give the variables with which git works on a copy of the index."""
    folder = repository.local / "runs"
    make_folder(folder)
    index = folder / f"index.{os.getpid()}"
    try:
        with suppress(FileNotFoundError):
            shutil.copyfile(repository.git_dir / "index", index)
        yield {"GIT_INDEX_FILE": str(index), "GIT_LITERAL_PATHSPECS": "1"}
    finally:
        index.unlink(missing_ok=True)
        index.with_name(f"{index.name}.lock").unlink(missing_ok=True)


def _is_large(path: Path) -> bool:
    try:
        return path.lstat().st_size > _LARGEST
    except OSError:
        return True
