"""Rivals: several good records of one run, of which only the first that was held may count.

Whoever may push to the notes can write a record of a run that has one already. A later line never
changes a verdict; where nobody can tell which came first, nobody chooses. Nor does anybody where
two clones wrote other scores side by side, though the trainer repeats itself: one of them is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.rules.verdict.ties import same_score

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record

_Group = tuple["Record", ...]
_PROOF = 2  # repeated runs that gave their scores again: a score may come up twice by chance


@dataclass(frozen=True, slots=True)
class Held:
    """The records of a commit that count.

    `later` are those that came when their run had a record, each behind the one that counts;
    `beside` are those that two clones wrote side by side, and that began later, likewise. Both
    count for nothing. `contested` are groups of records of one run of which nobody can tell the
    first; all of them are in `records`. `opposed` are those of `beside` of which one has to be
    wrong.
    """

    records: tuple[Record, ...]
    later: tuple[tuple[Record, Record], ...] = ()
    beside: tuple[tuple[Record, Record], ...] = ()
    contested: tuple[_Group, ...] = ()
    opposed: tuple[tuple[Record, Record], ...] = ()


def gated(records: Iterable[Record]) -> list[Record]:
    """Records of runs that passed the gate; a copy of one that did not is none of them."""
    records = list(records)
    explored = {_run(record) for record in records if record.explore}
    return [one for one in records if not one.explore and _run(one) not in explored]


def _run(record: Record) -> tuple[int, int, str, str]:
    return record.seed, record.attempt, record.condition, record.start


def rivals(records: Iterable[Record], metric: str, *, any_condition: bool) -> list[_Group]:
    """Groups of good records of one seed that report the metric, each of one condition.

    With `any_condition`, whatever their condition: an experiment runs a seed once, its baseline
    once in each condition.
    """
    groups: dict[tuple[int, str], list[Record]] = {}
    for record in records:
        if record.ok and metric in record.metrics:
            key = record.seed, "" if any_condition else record.condition
            groups.setdefault(key, []).append(record)
    # Nearly every run has one record, and writing its line takes longer than all else here.
    several = ({one.line(): one for one in group} for group in groups.values() if len(group) > 1)
    return [tuple(group.values()) for group in several if len(group) > 1]


def repeats(records: Iterable[Record], metric: str) -> list[tuple[Record, _Group]]:
    """Failed records, each with the good ones of its seed."""
    records = list(records)
    good: dict[int, list[Record]] = {}
    for record in records:
        if record.ok and metric in record.metrics:
            good.setdefault(record.seed, []).append(record)
    return [(bad, (*good[bad.seed],)) for bad in records if not bad.ok and bad.seed in good]


def settle(
    records: Sequence[Record],
    groups: Iterable[_Group],
    came_after: Callable[[Record, Record], bool | None],
    repeated: Iterable[tuple[Record, _Group]] = (),
) -> Held:
    """Leave one record of each group, where it can be told which counts.

    A failure that came when its seed had succeeded, and that no success followed, chose nothing and
    is left out too; `repeated` are failures, each with the good records of its seed. `came_after`
    says whether the second record came when the first was there; None if the two came side by side,
    of which the one that began earlier counts.
    """

    def follows(first: Record, second: Record, after: bool | None) -> bool:
        return first.start < second.start if after is None else after

    later = [
        (good[0], bad)
        for bad, good in repeated
        if all(follows(one, bad, came_after(one, bad)) for one in good)
    ]
    beside: list[tuple[Record, Record]] = []
    contested: list[_Group] = []
    for group in groups:
        for kept in group:
            others = [record for record in group if record is not kept]
            came = [came_after(kept, record) for record in others]
            if all(follows(kept, other, o) for other, o in zip(others, came, strict=True)):
                later += [(kept, o) for o, after in zip(others, came, strict=True) if after]
                beside += [(kept, o) for o, after in zip(others, came, strict=True) if not after]
                break
        else:
            contested.append(group)
    gone = {other.line() for _, other in (*later, *beside)}
    left = tuple(record for record in records if record.line() not in gone)
    return Held(left, tuple(later), tuple(beside), tuple(contested))


def opposed(held: Held, metric: str, canaries: Iterable[Record], *, exact: bool = False) -> Held:
    """Add which of the records side by side oppose each other: of a trainer that repeats itself.

    It does if it is `exact`, which two runs of its baseline have proven; or if its runs gave their
    scores again at least twice, and more often than not.
    """
    unlike = [
        both for both in held.beside
        if both[0].condition == both[1].condition and not _agree(both, metric)
    ]  # fmt: skip
    if not unlike:
        return held
    if exact:
        return replace(held, opposed=tuple(unlike))
    first: dict[tuple[int, str], Record] = {}
    again = Counter[bool]()
    beside = (other for _, other in held.beside)
    for record in (*held.records, *beside, *canaries):
        if record.ok and metric in record.metrics:
            known = first.setdefault((record.seed, record.condition), record)
            again[_agree((known, record), metric)] += known is not record
    # Where seeds give equal scores, so may two runs.
    distinct = len({(r.condition, r.metrics[metric]) for r in first.values()}) == len(first)
    proven = distinct and again[True] >= max(_PROOF, again[False])
    return replace(held, opposed=tuple(unlike)) if proven else held


def _agree(both: tuple[Record, Record], metric: str) -> bool:
    return same_score(*(record.metrics[metric] for record in both))
