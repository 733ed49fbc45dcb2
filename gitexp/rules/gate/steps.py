"""Lists of tables, such as the steps of a pipeline: one table more or less is one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitexp.rules.gate.formats import leaves_of
from gitexp.rules.gate.formats.values import Step, same


def number_alike(old: Any, new: Any) -> tuple[Any, Any]:  # noqa: ANN401 - parsed data
    """Give the tables of lists the same numbers in two versions of a document.

    Where one list is longer, its tables without a counterpart become Steps.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        alike = {name: number_alike(old[name], new[name]) for name in old if name in new}
        return (
            {name: alike[name][0] if name in alike else item for name, item in old.items()},
            {name: alike[name][1] if name in alike else item for name, item in new.items()},
        )
    if not (_are_tables(old) and _are_tables(new)) or not (old or new):
        return old, new
    shorter, longer = sorted((old or [], new or []), key=len)
    places = _places(shorter, longer)
    tables = {at: number_alike(item, longer[at]) for at, item in zip(places, shorter, strict=True)}
    few = {at: pair[0] for at, pair in tables.items()}
    many = {at: tables[at][1] if at in tables else _as_step(item) for at, item in enumerate(longer)}
    return (few, many) if len(old or []) <= len(new or []) else (many, few)


def _as_step(table: dict[str, Any]) -> dict[str, Any] | Step:
    """Return a table as one value; the key of a single value in it says more."""
    return Step(table) if len(leaves_of(table)) > 1 else table


def _are_tables(value: Any) -> bool:  # noqa: ANN401 - parsed data
    return value is None or (
        isinstance(value, list) and all(isinstance(item, dict) for item in value)
    )


def _places(shorter: Sequence[Any], longer: Sequence[Any]) -> list[int]:
    """Find where each item of a list is in a longer one, in order."""
    few, many = len(shorter), len(longer)
    start = 0
    while start < few and same(shorter[start], longer[start]):
        start += 1
    end = 0
    while end < few - start and same(shorter[few - 1 - end], longer[many - 1 - end]):
        end += 1
    between: list[int] = []
    at = start
    for item in shorter[start : few - end]:
        while at < many - end and not same(item, longer[at]):
            at += 1
        between.append(at)
        at += 1
    if between and between[-1] >= many - end:  # an item differs, too
        between = list(range(start, few - end))
    return [*range(start), *between, *range(many - end, many)]
