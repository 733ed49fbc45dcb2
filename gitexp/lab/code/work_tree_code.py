"""Edits of code in the work tree: taken as `git commit -a` takes them, then undone there."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, Refused
from gitexp.lab.guess.script import read_script
from gitexp.lab.projects.differences import is_checked_out
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.edit import NOT_REGISTERED
from gitexp.lab.registering.work_tree_edit import open_work_tree, overlooked
from gitexp.store.git import Git
from gitexp.store.work_tree_commit import demand_no_merge, tree_of_tracked

if TYPE_CHECKING:
    from gitexp.store.git_output import FileChange

_SUBMODULE = "160000"  # its mode
_MOST_NAMED = 8  # files in a message


@dataclass(frozen=True, slots=True)
class Taken:
    """The edited files of a work tree: a tree with them, and what each was like.

    `head` is the commit that they are restored to. `seen` has a digest for each path, "" where
    there was no file. `left` are untracked files that may be meant, and are not in the tree.
    """

    tree: str
    head: str
    seen: Mapping[str, str]
    left: tuple[str, ...]


def take_work_tree(project: Project) -> Taken:
    """Take every edit of a tracked file, and the files that were `git add`ed; nothing changes.

    Raises:
        NotReady: git could not commit what lies there: a merge is under way, a file has one edit
            staged and another in the work tree, a submodule has changed, an edited file lies
            outside of a sparse checkout, or it imports one that git does not track.
        Refused: what git would commit is not what lies there.
    """
    repository = project.repository
    top, head = open_work_tree(project)
    demand_no_merge(repository.git_dir)
    edited = top.differences("diff-index", head, "--")
    _demand_one_edit_each(top, head)
    if modules := [file.path for file in edited if _SUBMODULE in {file.old_mode, file.new_mode}]:
        raise NotReady(
            f"the submodule {modules[0]} has changed, and a code commit does not take that along",
            f"commit it on {project.baseline} first, or take it back:"
            f" git submodule update -- {shlex.quote(f':/{modules[0]}')}",
        )
    tree = tree_of_tracked(repository)
    changed = top.differences("diff-tree", head, tree)
    if repository.setting("core.sparsecheckout") == "true":
        _demand_all(edited, changed)
    left = _left_out(top, changed)
    seen = {}
    for file in changed:
        content = _content(top.directory / file.path)
        regular = content is not None and file.new_mode.startswith("100")
        if regular and not is_checked_out(top, file.new_id, file.path, content or b""):
            raise Refused(NOT_REGISTERED, [overlooked(file.path)])
        seen[file.path] = _digest(content)
    return Taken(tree, head, seen, left)


def restore_work_tree(project: Project, taken: Taken, names: Sequence[str]) -> None:
    """Restore the files to HEAD, now that the experiments of these names hold the edits.

    Raises:
        NotReady: git could not, or a file was edited again: then all are left as they are.
    """
    branch = f"exp/{names[0]}"
    top, head = open_work_tree(project)
    paths = "".join(f"{path}\0" for path in taken.seen).encode(errors="surrogateescape")
    try:
        if head != taken.head:
            raise NotReady("HEAD has moved in the meantime")
        for path, seen in taken.seen.items():
            if _digest(_content(top.directory / path)) != seen:
                raise NotReady(f"{path} was edited again in the meantime")
        top.run(
            "restore", f"--source={head}", "--staged", "--worktree", "--pathspec-from-file=-",
            "--pathspec-file-nul", stdin=paths,
        )  # fmt: skip
    except GitexpError as error:
        raise NotReady(
            f"{branch} is registered and holds the edit, but your files were not restored:"
            f" {error.message}",
            f"see what differs from it: git diff {branch}\n"
            "then restore them: git restore --source=HEAD --staged --worktree -- :/",
        ) from None


def _demand_one_edit_each(top: Git, head: str) -> None:
    """Refuse a file that has one version staged and another in the work tree."""
    staged = top.differences("diff-index", "--cached", head, "--")
    unstaged = {file.path for file in top.differences("diff-files")}
    twice = [
        file.path
        for file in staged
        if (file.path in unstaged and file.new_id != "0" * len(file.new_id))
        or (file.new_mode == "000000" and os.path.lexists(top.directory / file.path))
    ]
    if twice:
        path = shlex.quote(f":/{twice[0]}")
        raise NotReady(
            f"{twice[0]} has one edit staged and another in the work tree",
            f"to use the one in the work tree: git add -- {path}\n"
            f"to use the staged one: git restore -- {path}",
        )


def _demand_all(edited: Sequence[FileChange], taken: Sequence[FileChange]) -> None:
    """Refuse an edit that git would not commit: it lies outside of a sparse checkout."""
    paths = {file.path for file in taken}
    left = [file.path for file in edited if file.path not in paths]
    if left:
        folder = left[0].rpartition("/")[0]
        raise NotReady(
            f"{left[0]} is edited, but it lies outside of this sparse checkout, so git would not"
            " commit it",
            f"take it along: git sparse-checkout add {shlex.quote(folder or '/')}\n"
            f"or take the edit back: git restore -- {shlex.quote(f':/{left[0]}')}",
        )


def _left_out(top: Git, changed: Sequence[FileChange]) -> tuple[str, ...]:
    """Untracked files that may be meant: beside a changed file, with its extension.

    Raises:
        NotReady: a changed file imports an untracked one.
    """
    listed = top.fields("ls-files", "-z", "--others", "--exclude-standard")
    new = {name for name in listed if not name.endswith("/")}
    present = [file.path for file in changed if file.new_mode != "000000"]
    imported = [
        name
        for path in present
        if new and path.endswith(".py")
        for name in read_script(top.directory, path).imported
        if name in new
    ]
    if imported:
        words = " ".join(shlex.quote(f":/{name}") for name in dict.fromkeys(imported))
        raise NotReady(
            f"the edited code imports {imported[0]}, which git does not track, so that it would be"
            " missing in the code commit",
            f"take it along: git add -- {words}",
        )
    places = {_kind(path) for path in present}
    return tuple(sorted(name for name in new if _kind(name) in places))[:_MOST_NAMED]


def _kind(path: str) -> tuple[str, str]:
    """Folder and extension of a path."""
    return os.path.dirname(path), os.path.splitext(path)[1]  # noqa: PTH120, PTH122 - git's path


def _content(path: Path) -> bytes | None:
    """What lies at a path: a file's content, or where a link points; None where there is none."""
    try:
        return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotReady(f"{path} cannot be read: {error.strerror}") from None


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()
