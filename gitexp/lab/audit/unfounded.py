"""Checks without the runs that they tell of: whoever wrote them made no such run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of
from gitexp.rules.documents.check import parse_checks
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import parse_records
from gitexp.rules.finding import Finding
from gitexp.rules.verdict.same_score import same_score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.audit.inventory import Inventory
    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record

_OF_THE_EXPERIMENT = {Found.REPEATS, Found.DIFFERS}  # what its own runs, made again, have shown


def about_unfounded(inventory: Inventory) -> Iterator[Finding]:
    """Find checks that excuse or blame failed runs, and that no run on record bears out."""
    for result in inventory.held:
        entry = inventory.entries.get(result.commit)
        if entry is None or result.registration is None or result.registration.rules < 2:
            continue
        metric = result.registration.criterion.metric
        again = parse_records(entry.runs, Purpose.CANARY)
        for check in parse_checks(entry.runs, result.commit):
            if check.found in _OF_THE_EXPERIMENT and not _is_founded(check, again, metric):
                yield Finding(
                    "V22",
                    f"a check in the note of {label_of(result)} says that seed {check.seed}"
                    f" {check.found} its score, but no run on record shows that",
                    "git log -p refs/notes/gitexp-runs shows who added it; to remove the line:"
                    " gitexp redact",
                    # The runs may have been redacted.
                    advice=any(True for _ in read_contents(entry.runs, Kind.TOMBSTONE)),
                )


def _is_founded(check: Check, again: Sequence[Record], metric: str) -> bool:
    """Whether each new score of a check is that of a run which was made again."""
    found = [r.metrics[metric] for r in again if r.seed == check.seed and metric in r.metrics]
    new = check.scores[1:]
    return bool(new) and all(any(same_score(score, one) for one in found) for score in new)
