"""Checkouts for runs: each belongs to one run at a time and is reused by the next.

Nothing here touches HEAD or the user's tree. A checkout is a linked work tree, so that a script
that asks git for its commit gets the right answer.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.store.git import NO_HOOKS, Git
from gitexp.store.git_errors import GitFailed
from gitexp.store.local import locked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.store.repository import Repository

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Checkout:
    """A clean checkout; `lock` is the descriptor that keeps other runs out."""

    path: Path
    lock: int


@contextlib.contextmanager
def take_checkout(repository: Repository, commit: str) -> Iterator[Checkout]:
    """Check a commit out, clean, in the first checkout that nobody uses."""
    folder = repository.local / "slots"
    for number in range(_MOST):
        path = folder / f"gitexp-{number}"
        with locked(folder / f"{number}.lock", wait=False) as lock:
            if lock is None:
                continue
            _check_out(repository, path, commit)
            yield Checkout(path, lock)
            return
    raise NotReady(f"all {_MOST} checkouts in {folder} are in use", "wait for a run to end")


def _check_out(repository: Repository, path: Path, commit: str) -> None:
    admin = _admin(path)
    # If a clone was copied as a folder, its checkouts still belong to the original.
    if admin is not None and _is_own(repository, admin):
        # We hold the lock, so an index.lock here was left behind by a killed git.
        (admin / "index.lock").unlink(missing_ok=True)
        try:
            return _refresh(path, commit)
        except (GitFailed, OSError):
            pass  # Broken by hand or by a prune: rebuilt below.
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(repository.local / "slots" / "add.lock"):
        repository.git.run(
            *NO_HOOKS, "worktree", "add", "--force", "--force", "--detach", "--no-checkout",
            "--quiet", str(path), commit,
        )  # fmt: skip
    return _refresh(path, commit)


def checkouts(repository: Repository) -> list[Path]:
    """Checkouts that were made for runs, in use or not."""
    return sorted((repository.local / "slots").glob("gitexp-*"))


def last_used(path: Path) -> float:
    """When a checkout was last used, in seconds since 1970; 0 if unknown."""
    admin = _admin(path)
    for file in (*([admin / "index"] if admin else []), path):
        with contextlib.suppress(OSError):
            return file.stat().st_mtime
    return 0.0


def is_sound(repository: Repository, path: Path) -> bool:
    """Whether git knows a checkout as a work tree of this clone."""
    admin = _admin(path)
    return admin is not None and admin.is_dir() and _is_own(repository, admin)


def free_checkout(repository: Repository, path: Path) -> bool:
    """Remove a checkout unless a run uses it; returns whether it is gone."""
    number = path.name.rpartition("-")[2]
    with locked(path.with_name(f"{number}.lock"), wait=False) as lock:
        if lock is None:
            return False
        admin = _admin(path)
        with locked(path.with_name("add.lock")):
            shutil.rmtree(path, ignore_errors=True)
            if admin is not None and _is_own(repository, admin):
                shutil.rmtree(admin, ignore_errors=True)
    return not path.exists()


def is_used(path: Path) -> bool:
    """Whether a run is using a checkout right now."""
    number = path.name.rpartition("-")[2]
    with locked(path.with_name(f"{number}.lock"), wait=False) as lock:
        return lock is None


def _is_own(repository: Repository, admin: Path) -> bool:
    return admin.parent == (repository.common / "worktrees").resolve()


def _admin(path: Path) -> Path | None:
    """Where git keeps a linked work tree's index and HEAD, None if it is not one."""
    try:
        return Path((path / ".git").read_text().removeprefix("gitdir:").strip()).resolve()
    except OSError:
        return None


def _refresh(path: Path, commit: str) -> None:
    git = Git(path)
    git.run(*NO_HOOKS, "checkout", "--quiet", "--force", "--detach", commit, "--")
    git.run("clean", "-ffdxq")
    if (path / ".gitmodules").exists():
        git.run(*NO_HOOKS, "submodule", "update", "--init", "--recursive", "--force", "--quiet")
