"""Experiments side by side: a column each as long as they fit, else one below the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import typer

from gitexp.cli.views.terminal import (
    beginning,
    colored,
    columns,
    padded,
    print_json,
    row_width,
    shortened,
    styled,
)
from gitexp.rules.text import visible
from gitexp.rules.verdict.verdict import Verdict
from gitexp.workflows.side_by_side import Difference, Group, SideBySide

_LONGEST_WHAT = 24  # columns of the words at the side
_NARROWEST = 24  # columns of an experiment; with fewer, they stand one below the other
_WIDEST = 48
_LONGEST_CELL = 400  # columns of a value
_TITLES = {
    Group.METRIC: "Metrics, against the baseline",
    Group.GUARD: "Guards",
    Group.PARAMETER: "Parameters",
    Group.ENVIRONMENT: "Environment",
}


def side_by_side(found: SideBySide, *, as_json: bool) -> None:
    """Print what differs between experiments, and nothing that they share."""
    if as_json:
        print_json(found)
        return
    for line in table(found.names, found.differences):
        typer.echo(line)


def table(names: Sequence[str], differences: Sequence[Difference]) -> Iterator[str]:
    """A line for each difference, below the names; groups have a title."""
    side = min(_LONGEST_WHAT, max((columns(one.what) for one in differences), default=0))
    room = (row_width() - side) // len(names) - 2
    shown = [visible(name) for name in names]
    if room < _NARROWEST:
        yield from _stacked(shown, differences)
        return
    widest = max(
        columns(cell) for one in differences for cell in (*filter(None, one.values), *shown)
    )
    room = min(room, _WIDEST, max(widest, columns(max(shown, key=columns))))
    heads = "".join(f"  {padded(shortened(name, room), room)}" for name in shown)
    yield styled((" " * side + heads).rstrip(), bold=True)
    for group, lines in groupby(differences, lambda one: one.group):
        if group in _TITLES:
            yield ""
            yield _TITLES[group]
        for one in lines:
            yield from _columns(one, side, room)


def _columns(one: Difference, side: int, room: int) -> Iterator[str]:
    cells = [_broken(_cell(value), room) for value in one.values]
    for at in range(max(map(len, cells))):
        line = padded(shortened(visible(one.what), side) if at == 0 else "", side)
        for cell in cells:
            text = padded(cell[at] if at < len(cell) else "", room)
            line += "  " + _painted(text)
        yield line.rstrip()


def _stacked(names: Sequence[str], differences: Sequence[Difference]) -> Iterator[str]:
    """Each difference with a line for each experiment below it."""
    side = min(_LONGEST_WHAT, max(map(columns, names)))
    for group, lines in groupby(differences, lambda one: one.group):
        if group in _TITLES:
            yield ""
            yield styled(_TITLES[group], bold=True)
        for one in lines:
            yield shortened(visible(one.what), row_width())
            for name, value in zip(names, one.values, strict=True):
                head = f"  {padded(shortened(name, side), side)}  "
                begin, *rest = _broken(_cell(value), row_width() - columns(head))
                yield head + _painted(begin)
                yield from (" " * columns(head) + line for line in rest)


def _cell(value: str | None) -> str:
    return beginning(visible(value or "").replace("\n", " "), _LONGEST_CELL) or "-"


def _painted(text: str) -> str:
    return colored(text, next((one for one in Verdict if text.startswith(one)), None))


def _broken(text: str, room: int) -> list[str]:
    """Break a text at blanks, and within words that are too long."""
    lines = [""]
    for word in text.split(" "):
        rest = word
        joined = f"{lines[-1]} {rest}" if lines[-1] else rest
        if columns(joined) <= room:
            lines[-1] = joined
            continue
        while columns(rest) > room:
            head = beginning(rest, room)
            lines.append(head)
            rest = rest[len(head) :]
        lines.append(rest)
    return [line for line in lines if line] or [""]
