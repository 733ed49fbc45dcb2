"""By which rules of verdict experiments are judged, and whether a baseline lowered them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import gated, label_of
from gitexp.lab.projects.lowered_rules import lowered_rules
from gitexp.rules.documents.settings import RULES
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory

_NAMED = 3  # experiments of a remark that are named


def about_rules(inventory: Inventory) -> Iterator[Finding]:
    """Find baselines whose rules were lowered, and experiments of earlier rules."""
    project = inventory.project
    cut = inventory.cut
    held = [result for result in inventory.held if result.commit not in cut]
    bases = [project.tip, *(r.base for r in held if r.registration and r.base)]
    yield from lowered_rules(project.repository, project.prefix, bases).values()
    earlier = [
        label_of(result)
        for result in gated(held)
        if result.registration is not None and result.registration.rules < RULES
    ]
    if earlier:
        named = ", ".join(earlier[:_NAMED])
        named += f" and {len(earlier) - _NAMED} more" if len(earlier) > _NAMED else ""
        yield Finding(
            "V13",
            f"{counted(len(earlier), 'experiment')} registered without `Rules: {RULES}`"
            f" {'is' if len(earlier) == 1 else 'are'} judged by the rules of gitexp 0.1.0: {named}",
            "gitexp retest NAME registers a change again, under the present rules",
            advice=True,
        )
