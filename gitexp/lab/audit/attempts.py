"""Attempts that gave no score: those that were counted, and those that nobody ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import gated, label_of, name_of
from gitexp.rules.documents.start import without_end
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory


def about_attempts(inventory: Inventory) -> Iterator[Finding]:
    """Count the attempts of experiments that gave no score, and find those without an end."""
    for result in gated(inventory.held):
        own = any(not record.ok for record in result.held.records)
        if own and (said := result.without_score):
            yield Finding(
                "V17",
                f"{label_of(result)}: {said}",
                f"gitexp show {name_of(result)} lists them",
                advice=True,
            )
    labels = {result.commit: (label_of(result), name_of(result)) for result in inventory.held}
    for commit, entry in inventory.entries.items():
        if found := without_end(entry.runs, commit):
            label, name = labels.get(commit, (f"commit {commit[:10]}", "--baseline"))
            yield Finding(
                "V18",
                f"{counted(len(found), 'attempt')} at {label} without an end on record: still"
                " running, or killed in a clone that has not recorded it",
                f"if it was killed, in the same clone: gitexp run {name}",
                advice=True,
            )
