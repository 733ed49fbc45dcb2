"""Records that came when their run had one already: they count for nothing, and are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory
    from gitexp.rules.documents.record import Record


def about_later(inventory: Inventory) -> Iterator[Finding]:
    """Find records that somebody added to a run that had a record, and that say something else.

    Two clones may run the same seeds at the same time; the records that met in a merge are no
    concern, and neither are those that were taken over from an ancestor that runs the same, or
    failures in another condition.
    """
    told: set[str] = set()
    for result in inventory.held:
        if result.registration is None:
            continue
        metric = result.registration.criterion.metric
        mine, base = result.first_held
        for held, noted, label in (
            (mine, result.commit, label_of(result)),
            (base, result.base, f"baseline {result.base[:10]}"),
        ):
            other = [
                (kept, late)
                for kept, late in held.later
                if late.commit == noted
                and late.metrics.get(metric) != kept.metrics[metric]
                and (late.ok or late.condition == kept.condition)
                and late.line() not in told
            ]
            if not other:
                continue
            told |= {late.line() for _, late in other}
            kept, late = other[0]
            yield Finding(
                "V14",
                f"{counted(len(other), 'record')} in the note of {label} came when the run had a"
                f" record already (seed {late.seed}: {_said(late, metric)}, first"
                f" {_said(kept, metric)}): the first one counts",
                "git log -p refs/notes/gitexp-runs shows who added them; to remove a line:"
                " gitexp redact",
            )


def _said(record: Record, metric: str) -> str:
    if metric not in record.metrics:
        return visible(record.failure) or "no score"
    return f"{visible(metric)} {figures.number(record.metrics[metric])}"
