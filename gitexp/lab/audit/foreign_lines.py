"""Lines among the records that gitexp did not write: they count for nothing, and are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.log.foreign_lines import count_notes
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, list_commits
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory

_NAMED = 3  # commits


def about_foreign_lines(inventory: Inventory) -> Iterator[Finding]:
    """Find notes whose lines are not all gitexp's."""
    found = {
        note.commit: note.census.foreign
        for note in count_notes(inventory.project.repository, RUNS)
        if note.census.foreign
    }
    if found:
        yield Finding(
            "N3",
            f"{counted(sum(found.values()), 'line')} that gitexp did not write in"
            f" {counted(len(found), 'note')} with records ({list_commits(found, _NAMED)});"
            " they count for nothing",
            f"see what is there: git notes --ref=gitexp-runs show {min(found)[:10]}",
            advice=True,
        )
