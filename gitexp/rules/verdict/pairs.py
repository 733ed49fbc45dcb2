"""Which runs are compared: one attempt a seed, and pairs by seed and condition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.lines import sha256

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration


def first_good(
    records: Iterable[Record],
    seeds: Iterable[int],
    metric: str,
    conditions: Sequence[str] | None = None,
) -> dict[int, Record]:
    """Pick for each seed the first attempt that reported the metric, in one of the conditions.

    Without `conditions`, any condition will do. The first attempt, not the best: choosing among
    attempts would be choosing the result.
    """
    wanted = set(seeds)
    found: dict[int, Record] = {}
    for record in sorted(records, key=_place):
        if (
            record.seed in wanted
            and record.ok
            and metric in record.metrics
            and (conditions is None or record.condition in conditions)
        ):
            found.setdefault(record.seed, record)
    return found


def _place(record: Record) -> tuple[Any, ...]:
    """Sort key of an attempt; two that began in the same second sort alike on every machine."""
    return (
        record.attempt,
        record.start,
        record.environment,
        record.condition,
        sorted(record.metrics.items()),
        record.folder,
    )


def pair(
    seeds: Sequence[int],
    baseline: Iterable[Record],
    candidate: Iterable[Record],
    metric: str,
) -> tuple[list[tuple[Record, Record]], list[int]]:
    """Pair two sets of records by seed and condition, never by order.

    Returns the longest complete run of `seeds` from the first on, as (baseline, candidate), and the
    candidate seeds that failed and have no good run; one that was only stopped has not failed.
    """
    baseline, candidate = list(baseline), list(candidate)
    measured = first_good(candidate, seeds, metric)
    partners = {
        condition: first_good(baseline, seeds, metric, [condition])
        for condition in {record.condition for record in measured.values()}
    }
    pairs: list[tuple[Record, Record]] = []
    for seed in seeds:
        mine = measured.get(seed)
        partner = mine and partners[mine.condition].get(seed)
        if mine is None or partner is None:
            break
        pairs.append((partner, mine))
    failed = {record.seed for record in candidate if record.end.by_itself} - set(measured)
    return pairs, [seed for seed in seeds if seed in failed]


def compared(
    registration: Registration, baseline: Iterable[Record], candidate: Iterable[Record]
) -> tuple[list[tuple[Record, Record]], list[int]]:
    """Pair the runs that a registration compares; returns what `pair` does.

    Where a single run borrows its spread it is paired with every run that lends it, as far as all
    of them share its condition.
    """
    seeds, metric = registration.registered_seeds(), registration.criterion.metric
    if not registration.borrowed:
        return pair(seeds, baseline, candidate, metric)
    baseline, candidate = list(baseline), list(candidate)
    pairs, failed = pair(seeds[:1], baseline, candidate, metric)
    if not pairs:
        return [], failed
    mine = pairs[0][1]
    lenders = first_good(baseline, seeds, metric, [mine.condition])
    whole = len(lenders) == len(seeds)
    return [(lenders[seed], mine) for seed in seeds] if whole else [], failed


def inputs_of(pairs: Iterable[tuple[Record, Record]]) -> str:
    """Identify the runs of paired records: what was computed from them holds only for them."""
    runs = [[r.commit, r.seed, r.attempt, r.start, r.ids] for both in pairs for r in both]
    return sha256({"runs": runs})[:16]
