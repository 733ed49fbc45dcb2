"""Trust in code commits: code that came from elsewhere runs in a clone once its owner has said so.

Code that was committed in this clone needs no approval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.approvals import Approved, approve

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


def note_own_code(repository: Repository, *commits: str) -> None:
    """Remember code commits as made in this clone, so that their experiments may run here."""
    approve(repository, Approved.CODE, {commit: {"made": "here"} for commit in commits})
