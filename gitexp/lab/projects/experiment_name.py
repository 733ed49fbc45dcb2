"""Experiment names as you type them, and the experiments that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.rules.documents.name import is_name

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


def short_name(name: str) -> str:
    """Return an experiment's name from what you type: `brave-otter` or `exp/brave-otter`.

    Raises:
        UsageError: it is not a valid name.
    """
    short = name.removeprefix("refs/heads/").removeprefix("exp/")
    if not is_name(short):
        raise UsageError(
            f"{name!r} is not a valid experiment name: use lowercase letters, digits and dashes",
            "list the experiments: gitexp log",
        )
    return short


def find_by_name(repository: Repository, name: str) -> tuple[str, str] | None:
    """Return an experiment's full ref and commit, also if its branch was just deleted by hand."""
    # commit-msg needs only the name, and the archive is slow to load.
    from gitexp.store.archive import archive_deleted
    from gitexp.store.experiment_refs import find_ref

    if (found := find_ref(repository, name)) is None:
        archive_deleted(repository)
        found = find_ref(repository, name)
    return found
