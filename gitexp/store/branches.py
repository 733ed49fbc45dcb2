"""Move the branches that people work on, but only from the commit that was checked.

Between a check and the move that it allows, a colleague in the same clone may commit. So both
functions take the commit that the branch must still be at; a branch that has moved is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.store.git_errors import GitFailed

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


def move_branch(repository: Repository, ref: str, new: str, old: str, *, reason: str) -> None:
    """Move a branch that is checked out nowhere; `reason` goes into its reflog.

    Raises:
        NotReady: it is not at `old`.
    """
    try:
        repository.git.run("update-ref", "-m", reason, ref, new, old)
    except GitFailed as failure:
        if repository.git.resolve(ref) == old:
            raise
        raise _moved(ref, old) from failure


def advance_checkout(repository: Repository, ref: str, new: str, old: str) -> None:
    """Move the branch that is checked out here to a descendant, and the files with it.

    Raises:
        NotReady: it is not at `old`, or git would have to overwrite an edit.
    """
    git = repository.git
    try:
        if git.resolve(ref) == old:
            # git itself moves HEAD only from where it found it, and only forward along history:
            # whatever is committed from now on makes this fail.
            git.run("merge", "--ff-only", "--quiet", "--no-autostash", new)
    except GitFailed as failure:
        if git.resolve(ref) == old:
            raise NotReady(
                f"git could not merge into {_short(ref)} here, and nothing changed:\n"
                + failure.stderr.strip(),
                "commit your edits, or set them aside: git stash\nthen run the same command again",
            ) from None
    if git.resolve(ref) != new:
        raise _moved(ref, old)


def _moved(ref: str, old: str) -> NotReady:
    return NotReady(
        f"{_short(ref)} moved away from {old[:10]} while this command checked it; nothing changed",
        "run the same command again: it checks the new commit",
    )


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")
