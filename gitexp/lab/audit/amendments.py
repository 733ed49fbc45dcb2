"""Finds where the way of judging results changed on the baseline branch, and who changed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.log.ladder import read_steps
from gitexp.lab.projects.amendments import UNAMENDED
from gitexp.lab.projects.past_settings import read_settings
from gitexp.rules.documents.settings import Settings
from gitexp.rules.finding import Finding
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory


def about_amendments(inventory: Inventory) -> Iterator[Finding]:
    """Name changes of protocol since the first experiment, and of what is asked for after runs."""
    bases = {result.base for result in inventory.held if result.base}
    steps = [s for s in read_steps(inventory.project, bases) if s.amendment != UNAMENDED]
    settings = read_settings(inventory.project, [step.commit for step in steps]) if steps else {}
    for step in steps:
        known = settings[step.commit]
        if isinstance(known, Settings) and known.rules < 2:
            continue  # version 0.1.0 knew no protocol
        short = step.commit[:10]
        by = f"baseline {short} by {visible(step.author)} ({step.time[:10]})"
        if step.amendment.protocol:
            what = visible(", ".join(step.amendment.protocol))
            yield Finding(
                "V23",
                f"{by} is a change of protocol: {what}; results before and after it are not"
                " compared, and a new campaign begins",
                f"git show {short} shows what changed",
                advice=True,
            )
        for said in step.amendment.asked:
            yield Finding(
                "V24",
                f"{by} changed what is asked for after runs: {visible(said)}",
                f"git show {short} shows what changed; what is registered already keeps its"
                " criterion",
                advice=True,
            )
