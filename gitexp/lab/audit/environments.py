"""Finds confirmed experiments whose arms may differ in more than the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import gated, name_of
from gitexp.lab.measuring.arms import about_arms, arms_of
from gitexp.store.notes import list_notes
from gitexp.store.refs import BULK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory
    from gitexp.rules.finding import Finding


def about_environments(inventory: Inventory) -> Iterator[Finding]:
    """Name variables that tell the arms apart, and loaded files that are said to be inert."""
    confirmed = [
        (result, result.registration)
        for result in gated(inventory.held)
        if result.confirmed and result.registration and result.base
    ]
    if not confirmed:
        return
    repository = inventory.project.repository
    blobs = list_notes(repository, BULK)
    commits = [commit for result, _ in confirmed for commit in (result.base, result.commit)]
    # One note at a time: the outcomes of one experiment may take megabytes.
    texts = repository.git.each(blobs.get(commit, f"{commit}^{{blob}}") for commit in commits)
    for result, registration in confirmed:
        bulk = [(next(texts) or b"").decode("utf-8", "replace") for _ in range(2)]
        arms = arms_of(registration, result.baseline_records, result.records, bulk)
        yield from about_arms(name_of(result), arms)
