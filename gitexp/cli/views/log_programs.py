"""The log as other programs take it: JSON, CSV and Markdown."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import typer

from gitexp.cli.markdown import code, plain, table
from gitexp.cli.views.log_cells import Column, cells_of, differing
from gitexp.cli.views.terminal import shortened
from gitexp.lab.tables.as_text import write_csv
from gitexp.lab.tables.columns import EXPERIMENTS
from gitexp.lab.tables.experiments import experiment_row
from gitexp.rules.text import json_line

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.rules.verdict.verdict import Verdict

_AT_ONCE = 200  # rows of JSON
_BRIEF = 199  # characters of a row of --brief
_DIGITS = 6  # significant ones of a figure there
_IN_MARKDOWN = (
    Column.CHANGE, Column.VERDICT, Column.EFFECT, Column.INTERVAL, Column.PAIRS, Column.DATE,
    Column.NAME,
)  # fmt: skip
_LONGEST = 100  # characters of a cell in Markdown


class BriefJson(TypedDict):
    """An experiment in under 200 characters; a long change is cut."""

    name: str
    change: str
    verdict: Verdict | None
    effect: float | None
    lower: float | None
    upper: float | None


def as_json(rows: Iterable[str]) -> None:
    """Print JSON, a row a line, each as soon as it is there."""
    begin, left = "[", iter(rows)
    # Some at a time, because each echo is flushed.
    while texts := [*itertools.islice(left, _AT_ONCE)]:
        typer.echo(begin + ",\n ".join(texts), nl=False)
        begin = ",\n "
    typer.echo("[]" if begin == "[" else "]")


def brief_text(row: Row) -> str:
    """A row as `gitexp log --json --brief` prints it."""
    shown, registration = row.as_json(), row.result.registration
    fields: BriefJson = {
        "name": shown["name"],
        "change": registration.change.brief if registration else "",
        "verdict": shown["verdict"],
        "effect": _rounded(shown["effect"]),
        "lower": _rounded(shown["lower"]),
        "upper": _rounded(shown["upper"]),
    }
    text = json_line(fields)
    # An escape of JSON is cut with the character that it stands for, so this may take some steps.
    while len(text) > _BRIEF and fields["change"]:
        room = len(fields["change"]) - (len(text) - _BRIEF + 5) // 6
        fields["change"] = shortened(fields["change"], min(room, len(fields["change"]) - 1))
        text = json_line(fields)
    return text


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")


def as_csv(rows: Iterable[Row], wanted: Sequence[str], *, only_changed: bool) -> None:
    """Print CSV with some columns of an exported log, by default all."""
    found: Iterable[dict[str, Any]] = map(experiment_row, rows)
    by_name = {one.name: one for one in EXPERIMENTS}
    names = wanted or [*by_name]
    if only_changed:
        found = list(found)
        names = differing(names, [{name: json.dumps(r[name]) for name in names} for r in found])
    write_csv(found, [by_name[name] for name in names], sys.stdout)


def as_markdown(rows: Iterable[Row], wanted: Sequence[str], *, only_changed: bool) -> None:
    """Print a table for Markdown; whatever experiments bring with them is text there."""
    now = dt.datetime.now(tz=dt.UTC)
    names = [Column(name) for name in wanted or _IN_MARKDOWN if name != Column.PLOT]
    found = []
    for row in rows:
        cells = cells_of(row, now)
        texts = {name: cells.text(name) for name in names}
        if Column.EFFECT in texts:
            texts[Column.EFFECT] = texts[Column.EFFECT] or cells.said
        written = {name: plain(text, _LONGEST) for name, text in texts.items()}
        if Column.CHANGE in texts and row.result.registration is not None:
            written[Column.CHANGE] = code(texts[Column.CHANGE])
        found.append(written)
    if only_changed:
        names = differing(names, found)
    lines = [[texts[name] for name in names] for texts in found]
    typer.echo(table(names, lines), nl=False)
