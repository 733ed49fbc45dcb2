"""The records of a note that count: of several for one run, the first that the notes' ref held."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gitexp.rules.documents.example_spread import ExampleSpread, parse_spreads
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.verdict.rivals import Held, opposed, repeats, rivals, settle
from gitexp.store.held_order import LineOrder, held_order
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository


def held_records(
    repository: Repository,
    noted: str,
    records: Sequence[Record],
    metric: str,
    text: str,
    *,
    any_condition: bool,
    pair: str = "",
    exact: bool = False,
) -> Held:
    """Those of the records in the `text` of a note that count under rules 2.

    The history of the notes is read only where a run has several records. `any_condition` is
    for an experiment, whose seeds run once, whatever the condition; `pair` is the one that the runs
    of a baseline were made for alone; `exact` says that the trainer is deterministic.
    """
    groups = rivals(records, metric, any_condition=any_condition)
    repeated = repeats(records, metric)
    if not groups and not repeated:
        return Held(tuple(records))
    seeds = {record.seed for record in (*(group[0] for group in groups), *(b for b, _ in repeated))}

    def lines_of(text: str) -> Collection[str]:
        return [r.line() for r in parse_records(text, pair=pair) if r.seed in seeds]

    order = held_order(repository, RUNS, noted, lines_of)

    def came_after(one: Record, other: Record) -> bool | None:
        put = order.of(one.line(), other.line())
        return None if put is LineOrder.MERGED else put is LineOrder.FIRST

    held = settle(records, groups, came_after, repeated)
    if not held.beside:
        return held
    return opposed(held, metric, parse_records(text, Purpose.CANARY), exact=exact)


def held_spreads(
    repository: Repository, noted: str, spreads: Sequence[ExampleSpread]
) -> list[ExampleSpread]:
    """Of several example spreads of one look, the first that was held; none if nobody can tell."""
    looks: dict[tuple[int, str], dict[str, ExampleSpread]] = {}
    for spread in spreads:
        looks.setdefault((spread.pairs, spread.inputs), {})[spread.line()] = spread
    if all(len(group) == 1 for group in looks.values()):
        return list(spreads)
    order = held_order(
        repository, RUNS, noted, lambda text: [spread.line() for spread in parse_spreads(text)]
    )
    found = []
    for group in looks.values():
        first = [
            spread
            for line, spread in group.items()
            if all(order.of(line, other) is LineOrder.FIRST for other in group if other != line)
        ]
        # The larger variance claims less, where two machines computed it side by side.
        found += first or [max(group.values(), key=lambda spread: spread.variance)]
    return found
