"""Experiments that git fetched without their results, which no sync has brought yet.

`git clone` and `git fetch` bring branches and no notes. So an experiment that a remote has, and
that no sync has seen there, may have been decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.store.refs import FETCHED, REMOTE_HEADS, REMOTES

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


def unsynced(repository: Repository) -> dict[str, str]:
    """Find the commits of these experiments, each with a remote that has it; one git process."""
    there: dict[str, str] = {}
    seen = set()
    for ref, commit in repository.branches([REMOTE_HEADS, FETCHED]).items():
        if ref.startswith(FETCHED):
            seen.add(commit)
            continue
        remote = ref.removeprefix(REMOTES).partition("/exp/")[0]
        if repository.setting(f"remote.{remote}.url"):
            there.setdefault(commit, remote)
    return {commit: remote for commit, remote in there.items() if commit not in seen}
