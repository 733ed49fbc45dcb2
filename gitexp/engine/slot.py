"""A slot: a checkout of one commit that belongs to one run at a time and is reused.

Nothing here touches HEAD or the user's tree. A slot is a linked work tree, so that a script which
asks git for its commit gets the right answer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.store.git import NO_HOOKS, Git, GitFailed
from gitexp.store.local import locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitexp.store.git import Repository

_MOST_SLOTS = 1000


@dataclass(frozen=True, slots=True)
class Slot:
    """A clean checkout; `lock` is the descriptor that keeps other runs out."""

    path: Path
    lock: int


@contextlib.contextmanager
def take_slot(repository: Repository, commit: str) -> Iterator[Slot]:
    """Check a commit out, clean, in the first slot that nobody uses."""
    folder = repository.local / "slots"
    for number in range(_MOST_SLOTS):
        path = folder / f"gitexp-{number}"
        with locked(folder / f"{number}.lock", wait=False) as lock:
            if lock is None:
                continue
            _check_out(repository, path, commit)
            yield Slot(path, lock)
            return
    raise NotReady(f"all {_MOST_SLOTS} slots in {folder} are in use")


def _check_out(repository: Repository, path: Path, commit: str) -> None:
    if (path / ".git").is_file():
        # The lock is ours, so an index.lock here is what a killed checkout left behind.
        admin = (path / ".git").read_text().removeprefix("gitdir:").strip()
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(admin, "index.lock"))  # noqa: PTH108, PTH118
        try:
            return _refresh(path, commit)
        except (GitFailed, OSError):
            pass  # Broken by hand or by a prune: built anew below.
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(repository.local / "slots" / "add.lock"):
        repository.git.run(
            *NO_HOOKS, "worktree", "add", "--force", "--force", "--detach", "--no-checkout",
            "--quiet", str(path), commit,
        )  # fmt: skip
    return _refresh(path, commit)


def _refresh(path: Path, commit: str) -> None:
    git = Git(path)
    git.run(*NO_HOOKS, "checkout", "--quiet", "--force", "--detach", commit, "--")
    git.run("clean", "-ffdxq")
    if (path / ".gitmodules").exists():
        git.run(*NO_HOOKS, "submodule", "update", "--init", "--recursive", "--force", "--quiet")


def link_inputs(slot: Path, sources: list[Path], links: tuple[str, ...]) -> None:
    """Link git-ignored inputs from the user's tree into a checkout.

    Raises:
        NotReady: an input is in none of `sources`.
    """
    for link in links:
        target = slot / link
        if target.exists() or target.is_symlink():
            continue
        found = next((source / link for source in sources if (source / link).exists()), None)
        if found is None:
            raise NotReady(
                f"{link} (named by `link` in the settings) is not in {sources[0]}",
                "put it there, or take it out of `link`",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(found.resolve())
