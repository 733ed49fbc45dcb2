"""Records that began before their experiment was registered: the result may have come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of, name_of
from gitexp.rules.clock import SKEW
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, duration, visible
from gitexp.store.experiments import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory


def about_early(inventory: Inventory) -> Iterator[Finding]:
    """Find experiments with runs from before their registration, by the clock of each machine."""
    for result in inventory.held:
        if result.registration is None:
            continue
        registered = timestamp(result.entry.time)
        starts = [timestamp(record.start) for record in result.held.records]
        early = [start for start in starts if 0 < start < registered]
        if early:
            ahead = registered - min(early)
            yield Finding(
                "V15",
                f"{counted(len(early), 'run')} of {label_of(result)} began before it was registered"
                f" at {visible(result.entry.time)}, the oldest {duration(ahead)} earlier",
                f"gitexp retest {name_of(result)} measures the change on fresh seeds",
                advice=ahead <= SKEW,
            )
