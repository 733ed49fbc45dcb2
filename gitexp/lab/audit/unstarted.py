"""Records without a start: every run is announced in the notes before its command begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.audit.inventory import Inventory
    from gitexp.rules.documents.record import Record

_NAMED = 5  # seeds


def about_unstarted(inventory: Inventory) -> Iterator[Finding]:
    """Find records that count under rules 2 and that nothing announced: somebody wrote them."""
    told: set[str] = set()
    for result in inventory.held:
        if result.registration is None or result.registration.rules < 2:
            continue
        for held, noted, label in (
            (result.held, result.commit, label_of(result)),
            (result.baseline_held, result.base, f"baseline {result.base[:10]}"),
        ):
            if noted in told or (entry := inventory.entries.get(noted)) is None:
                continue
            told.add(noted)
            if found := _unstarted(held.records, noted, entry.runs):
                seeds = ", ".join(str(record.seed) for record in found[:_NAMED])
                which = f"{counted(len(found), 'record')} in the note of {label} (seeds {seeds})"
                yield Finding(
                    "V20",
                    f"{which} without a start, which gitexp writes before a run begins",
                    "git log -p refs/notes/gitexp-runs shows who added them; to remove a line:"
                    " gitexp redact",
                    # A start may have been redacted.
                    advice=any(True for _ in read_contents(entry.runs, Kind.TOMBSTONE)),
                )


def _unstarted(records: Sequence[Record], commit: str, text: str) -> list[Record]:
    """Records of runs of this very commit of which its note has no start."""
    started = {(start.seed, start.attempt, start.start) for start in parse_starts(text)}
    return [
        record
        for record in records
        if record.commit == commit and (record.seed, record.attempt, record.start) not in started
    ]
