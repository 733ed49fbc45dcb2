"""Pairs that are set aside because the machine was not the same: rates tell, never the metric.

A training on a fixed time budget does fewer steps on a busy machine. Where the baseline did its
steps at another speed than before, its pair is made once more, and that one counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.rivals import Held

RATE = "steps_per_second"  # the metric that says how fast a run was
_OFF = 0.1  # of the median


class SetAside(NamedTuple):
    """A pair that does not count: its two records, the baseline's rate, and the usual one."""

    baseline: Record
    mine: Record
    rate: float
    usual: float


class HeldPairs(NamedTuple):
    """The records that count of a baseline and of an experiment, and the pairs set aside."""

    baseline: Held
    mine: Held
    aside: tuple[SetAside, ...]


def hold_pairs(
    baseline: Sequence[Record],
    records: Sequence[Record],
    metric: str,
    hold_baseline: Callable[[Sequence[Record]], Held],
    hold_mine: Callable[[Sequence[Record]], Held],
) -> HeldPairs:
    """Leave the records that count; the two functions leave what was held first of several.

    A pair is set aside if the baseline's rate was off the median of its own earlier runs: of the
    same condition, and started before. A run without a rate, or without an earlier one, is not off.
    A seed's pair is set aside once: the one in its place counts, however fast it was.
    """
    aside: list[SetAside] = []
    while True:
        gone = {record.line() for one in aside for record in (one.baseline, one.mine)}
        left = ([r for r in arm if r.line() not in gone] for arm in (baseline, records))
        held, mine = hold_baseline(next(left)), hold_mine(next(left))
        known = [*(one.baseline for one in aside), *held.records]
        done = {one.mine.seed for one in aside}
        pairs = [both for both in _pairs(held, mine, metric) if both[0].seed not in done]
        # In the order in which they were made: what takes a place counts for those after it.
        off = (_set_aside(*both, known) for both in sorted(pairs, key=lambda both: both[0].start))
        found = next(filter(None, off), None)
        if found is None:
            return HeldPairs(held, mine, tuple(aside))
        aside.append(found)


def _pairs(baseline: Held, mine: Held, metric: str) -> list[tuple[Record, Record]]:
    own = first_good(mine.records, {r.seed for r in mine.records}, metric)
    found = []
    for seed, record in own.items():
        partner = first_good(baseline.records, [seed], metric, [record.condition]).get(seed)
        if partner is not None:
            found.append((partner, record))
    return found


def _set_aside(partner: Record, mine: Record, known: Sequence[Record]) -> SetAside | None:
    """Set a pair aside if it has to be; `known` are the baseline's runs."""
    rate = rate_of(partner)
    earlier = [
        other
        for record in known
        if record.condition == partner.condition and record.start < partner.start
        if (other := rate_of(record)) is not None
    ]
    if rate is None or not earlier:
        return None
    earlier.sort()
    usual = (earlier[(len(earlier) - 1) // 2] + earlier[len(earlier) // 2]) / 2  # the median
    return SetAside(partner, mine, rate, usual) if abs(rate - usual) > _OFF * usual else None


def rate_of(record: Record) -> float | None:
    """Steps per second of a good run, if it is known."""
    rate = record.metrics.get(RATE)
    return rate if record.ok and rate is not None and rate > 0 else None
