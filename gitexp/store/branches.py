"""Move a branch, but only from the commit that was checked.

Between a check and the move that it allows, a colleague in the same clone may commit. So a move
takes the commit that the branch must still be at; a branch that has moved is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.errors import NotReady
from gitexp.store.git_errors import GitFailed
from gitexp.store.kept_pack import kept_commits
from gitexp.store.refs import ARCHIVE
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import move_refs, writing


def move_branch(repository: Repository, ref: str, new: str, old: str, *, reason: str) -> None:
    """Move a branch that is checked out nowhere; `reason` goes into its reflog.

    Raises:
        NotReady: it is not at `old`.
    """
    _move(repository, ref, [new], old, [], reason)


def replace_branch(
    repository: Repository, ref: str, new: Sequence[str], old: str, archived: str, *, reason: str
) -> None:
    """Move a branch to the first of the new commits, and archive what it was at, both or neither.

    The branch may be checked out: what follows it there is up to the caller.

    Raises:
        NotReady: it is not at `old`.
    """
    _move(repository, ref, new, old, [f"create {ARCHIVE}{archived} {old}"], reason)


def _move(
    repository: Repository, ref: str, new: Sequence[str], old: str, beside: list[str], reason: str
) -> None:
    moves = [*beside, f"update {ref} {new[0]} {old}"]
    try:
        with writing(repository) as lock, kept_commits(repository, new, lock):
            move_refs(repository, moves, lock, reason=reason)
    except GitFailed as failure:
        if repository.git.resolve(ref) == old:
            raise
        raise moved(ref, old) from failure


def moved(ref: str, old: str) -> NotReady:
    """Say that a branch is no longer where everything was checked."""
    return NotReady(
        f"{ref.removeprefix('refs/heads/')} moved away from {old[:10]} while this command checked"
        " it; nothing changed",
        "run the same command again: it checks the new commit",
    )
