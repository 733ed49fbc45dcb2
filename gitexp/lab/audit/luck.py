"""Experiments whose baseline was unlucky, or may have been, and which should be tested again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of, name_of
from gitexp.lab.standing.to_retest import to_retest
from gitexp.rules.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory


def about_luck(inventory: Inventory) -> Iterator[Finding]:
    """Find what was confirmed on doubtful runs of a baseline, or for once was not."""
    for result, said in to_retest(inventory.held):
        yield Finding(
            "V21",
            f"{label_of(result)} {said}",
            f"gitexp retest {name_of(result)} measures the change on fresh seeds",
            advice=True,
        )
