"""Records held against the clock: before their registration, after one that counts, or unannounced.

Every run is announced in the notes before its command begins, and the first record of a run counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.lab.audit.inventory import Inventory, gated, label_of, name_of
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.record import SKEW, Record
from gitexp.rules.documents.start import parse_starts, without_end
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, duration, visible
from gitexp.rules.verdict import figures
from gitexp.store.experiments import timestamp

_NAMED = 5  # seeds
_ADDED = "git log -p refs/notes/gitexp-runs shows who added them; to remove a line: gitexp redact"


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
        found = result.counted.by_rules_2()
        for noted, label in (
            (result.commit, label_of(result)),
            (result.base, f"baseline {result.base[:10]}"),
        ):
            other = [
                (kept, late)
                for kept, late in found.held(noted).later
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
                _ADDED,
            )


def _said(record: Record, metric: str) -> str:
    if metric not in record.metrics:
        return visible(record.failure) or "no score"
    return f"{visible(metric)} {figures.number(record.metrics[metric])}"


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
                    _ADDED,
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
