"""Checkouts for runs: each belongs to one run at a time and is reused by the next.

Nothing here touches HEAD or the user's tree. A checkout is a linked work tree, so that a script
that asks git for its commit gets the right answer. Its files are written by a git that knows
nothing of the clone but its objects (engine/committed.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine.cache_folder import checkouts_folder, make_checkouts_folder, paths_in
from gitexp.engine.committed import write_commit
from gitexp.engine.submodules import Holder, write_submodules
from gitexp.engine.tree import Tree
from gitexp.errors import NotReady
from gitexp.store.git import NO_HOOKS, Git
from gitexp.store.git_errors import GitFailed
from gitexp.store.local import locked, remove_tree, write_atomically
from gitexp.store.promised import fetch_promised
from gitexp.store.sealed import object_format, sealed_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitexp.store.repository import Repository

_MOST = 1000
# What git needs of a linked work tree. Whatever else a script left there goes: a half-done merge,
# sparse cones, a configuration of its own.
_ADMIN = {"HEAD", "commondir", "gitdir", "index", "logs", "modules", "refs", "reftable"}


class Checkout(NamedTuple):
    """A clean checkout; `lock` is the descriptor that keeps other runs out.

    `warning` says what in it may not be as you expect.
    """

    path: Path
    lock: int
    warning: str = ""


class _Stuck(Exception):
    """A checkout has files that cannot be removed, such as those of another user."""


@contextlib.contextmanager
def take_checkout(repository: Repository, commit: str) -> Iterator[Checkout]:
    """Check a commit out, clean, in the first checkout that nobody uses.

    Raises:
        NotReady: the checkout cannot be made what the commit is.
    """
    folder = make_checkouts_folder(repository)
    fetch_promised(repository, commit)
    for number in range(_MOST):
        with locked(_lock(repository, number), wait=False) as lock:
            if lock is None:
                continue
            path = folder / f"gitexp-{number}"
            try:
                warning = _check_out(repository, path, commit)
            except _Stuck:
                continue
            yield Checkout(path, lock, warning)
            return
    raise NotReady(f"all {_MOST} checkouts in {folder} are in use", "wait for a run to end")


def _lock(repository: Repository, number: int | str) -> Path:
    # Not beside the checkout: the cache may be purged while a run is going on.
    return repository.local / "slots" / f"{number}.lock"


def _check_out(repository: Repository, path: Path, commit: str) -> str:
    if admin := _admin(repository, path):
        try:
            return _write(repository, path, admin, commit)
        except (GitFailed, NotReady, OSError, RecursionError, ValueError):
            pass  # Broken by hand, by a crash, a prune or a script: rebuilt below.
    _remove(repository, path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(_lock(repository, "add")):
        _forget_lost(repository)
        repository.git.run(
            *NO_HOOKS, "worktree", "add", "--force", "--force", "--detach", "--no-checkout",
            "--quiet", str(path), commit,
        )  # fmt: skip
    if admin := _admin(repository, path):
        return _write(repository, path, admin, commit)
    raise NotReady(f"git did not make the checkout {path}")


def _write(repository: Repository, path: Path, admin: Path, commit: str) -> str:
    """Make a checkout what a commit is; returns what in it may not be as you expect."""
    for left in admin.iterdir():
        if left.name not in _ADMIN:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    _point_to(commit, path, admin)
    tree = _tree(repository, path)
    written = write_commit(tree, commit)
    # In one step: a gc of the user's reads the index of every work tree, and fails at half of one.
    write_atomically(admin / "index", written.index, sync=False)
    trees = tuple(filter(None, (repository.top, repository.common.parent)))
    holder = Holder((repository.common, repository.git_dir, admin), trees)
    write_submodules(tree, written.submodules, holder)
    unused = [name for name in sorted(written.filters) if _smudges(repository, name)]
    if not unused:
        return ""
    return (
        f"files with the filter {', '.join(unused)} are as committed in a checkout: a filter of"
        " your configuration could make them anything, so only Git LFS is applied"
    )


def _point_to(commit: str, path: Path, admin: Path) -> None:
    """Make a commit the detached HEAD of a checkout."""
    head, content = admin / "HEAD", f"{commit}\n".encode()
    if (admin / "reftable").exists():  # HEAD is in there, not a file
        Git(path).run(*NO_HOOKS, "update-ref", "--no-deref", "HEAD", commit)
    elif head.read_bytes() != content:
        # As git does it, without its process and the reflog that keeps every commit alive.
        lock = head.with_name("HEAD.lock")
        lock.write_bytes(content)
        lock.rename(head)


def _tree(repository: Repository, path: Path) -> Tree:
    # Git LFS resolves it from the git folder; an absolute path stays what it is.
    lfs = repository.common / (repository.setting("lfs.storage") or "lfs") / "objects"
    return Tree(
        sealed=sealed_folder(repository, path.parent / "sealed"),
        objects=repository.common / "objects",
        lfs=lfs,
        work_tree=path,
        state=path,
        hash_name=object_format(repository),
    )


def _smudges(repository: Repository, name: str) -> bool:
    """Whether your configuration says how a filter alters files on their way into a work tree."""
    keys = [f"filter.{name}.process", f"filter.{name}.smudge"]
    return any((repository.setting(key) or "cat") != "cat" for key in keys)


def checkouts(repository: Repository) -> list[Path]:
    """Checkouts that were made for runs, in use or not."""
    found = [path for folder in _own_folders(repository) for path in paths_in(folder)]
    return sorted(p for p in found if p.match("gitexp-*[0-9]") and p.is_dir())


def last_used(repository: Repository, path: Path) -> float:
    """When a checkout was last used, in seconds since 1970; 0 if unknown."""
    admin = _admin(repository, path)
    for file in (*([admin / "index"] if admin else []), path):
        with contextlib.suppress(OSError):
            return file.stat().st_mtime
    return 0.0


def is_sound(repository: Repository, path: Path) -> bool:
    """Whether git knows a checkout as a work tree of this clone."""
    return _admin(repository, path) is not None


def free_checkout(repository: Repository, path: Path) -> bool:
    """Remove a checkout unless a run uses it; returns whether it is gone."""
    with locked(_lock(repository, _number(path)), wait=False) as lock:
        if lock is None:
            return False
        with locked(_lock(repository, "add")), contextlib.suppress(_Stuck):
            _remove(repository, path)
    return not path.exists()


def is_used(repository: Repository, path: Path) -> bool:
    """Whether a run is using a checkout right now."""
    with locked(_lock(repository, _number(path)), wait=False) as lock:
        return lock is None


def lost_entries(repository: Repository) -> list[Path]:
    """What git lists as our checkouts and is none of them: damaged entries, and those of copies.

    A checkout that cannot be seen may be another user's, or on a disk that is not there just now.
    """
    lost = []
    for admin in sorted((repository.common / "worktrees").glob("gitexp-*")):
        place = _place(admin)
        if place is None:
            lost.append(admin)
            continue
        try:
            pointed = _pointed(place)
            gone = not place.exists() and place.parent in _own_folders(repository)
        except PermissionError:
            continue
        if gone or (place.exists() and pointed != admin.resolve()):
            lost.append(admin)
    return lost


def _forget_lost(repository: Repository) -> None:
    for admin in lost_entries(repository):
        shutil.rmtree(admin, ignore_errors=True)


def _own_folders(repository: Repository) -> list[Path]:
    folders = [repository.local / "slots"]  # where earlier versions kept them
    with contextlib.suppress(NotReady):  # reported by `gitexp doctor`
        folders.append(checkouts_folder(repository))
    return folders


def _number(path: Path) -> str:
    return path.name.rpartition("-")[2]


def _remove(repository: Repository, path: Path) -> None:
    """Remove a checkout with all that is remembered about it."""
    admin = _admin(repository, path)
    if path.is_symlink():
        path.unlink()  # where it leads is nobody's checkout
    remove_tree(path)
    if path.exists():
        raise _Stuck
    for state in path.parent.glob(f"{path.name}.*"):
        shutil.rmtree(state) if state.is_dir() else state.unlink()
    if admin is not None:
        shutil.rmtree(admin, ignore_errors=True)


def _admin(repository: Repository, path: Path) -> Path | None:
    """Where git keeps a checkout's index and HEAD; None if it is not a sound one of this clone.

    If a clone was copied as a folder, its checkouts still belong to the original.
    """
    try:
        admin = _pointed(path)
        if admin is None or admin.parent != (repository.common / "worktrees").resolve():
            return None
        place = _place(admin)
        common = (admin / _path_in(admin / "commondir").strip()).resolve()
        sound = place == path.resolve() and common == repository.common.resolve()
        return admin if sound and (admin / "HEAD").read_bytes().strip(b"\0\n") else None
    except (OSError, ValueError):
        return None


def _path_in(file: Path) -> str:
    """The path that git wrote to a file; it need not be UTF-8."""
    return os.fsdecode(file.read_bytes())


def _pointed(path: Path) -> Path | None:
    """Where the `.git` file of a linked work tree points to."""
    try:
        text = _path_in(path / ".git")
        given = text.removeprefix("gitdir:").strip()
        return (path / given).resolve() if text.startswith("gitdir:") and given else None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None


def _place(admin: Path) -> Path | None:
    """The work tree that an entry of git's belongs to; None if the entry is damaged."""
    try:
        text = _path_in(admin / "gitdir").strip()
        whole = text and _path_in(admin / "commondir").strip("\0\n")
        return (admin / text).resolve().parent if whole else None
    except (OSError, ValueError):
        return None
