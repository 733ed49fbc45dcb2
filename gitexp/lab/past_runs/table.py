"""Runs from a table with a header: autoresearch's results.tsv, or any CSV with a metric column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from gitexp.errors import UsageError
from gitexp.lab.past_runs.columns import (
    DESCRIPTIONS,
    LABELS,
    STATUSES,
    is_seed,
    is_setting,
    kept_by,
)
from gitexp.lab.past_runs.files import read_text
from gitexp.rules.plan.past_runs import Kept, PastRun
from gitexp.rules.text import visible

MOST_ROWS = 100_000
_MOST_COLUMNS = 1_000
_LARGEST = 1e100


def read_table(path: Path) -> tuple[PastRun, ...]:
    """Read one run a row; tabs, commas or semicolons part the columns.

    Raises:
        UsageError: it is not a table of that form, or too large.
    """
    name = visible(str(path))
    text = read_text(path)
    if not text.strip():
        raise UsageError(f"{name} is empty", "it needs a header, then one row per run")
    rows = _rows(text, name)
    header = [cell.strip() for cell in next(rows)]
    if len(header) > _MOST_COLUMNS:
        raise UsageError(
            f"{name} has over {_MOST_COLUMNS:,} columns", "remove those that are not needed"
        )
    if twice := next((one for one in header if one and header.count(one) > 1), ""):
        raise UsageError(f"{name} has two columns {visible(twice)}", "rename one of them")
    runs: list[PastRun] = []
    for cells in rows:
        if len(runs) == MOST_ROWS:
            raise UsageError(f"{name} has over {MOST_ROWS:,} rows", "give it one row per run")
        if any(cell.strip() for cell in cells):
            row = {key: cell.strip() for key, cell in zip(header, cells, strict=False) if key}
            runs.append(_run(row))
    return tuple(runs)


def _rows(text: str, name: str) -> Iterator[list[str]]:
    first = text.lstrip().split("\n", 1)[0]
    mark = max("\t,;", key=first.count)
    # Tab-separated records are written by hand: a quotation mark in a description is just that.
    quotes = None if mark == "\t" else '"'
    lines = io.StringIO(text.lstrip("\r\n "), newline="")
    try:
        yield from csv.reader(lines, delimiter=mark, quotechar=quotes)
    except csv.Error as error:
        raise UsageError(f"{name} is not a table: {error}", "give it one row per run") from None


def _run(row: Mapping[str, str]) -> PastRun:
    by_name = {key.lower(): cell for key, cell in row.items()}
    status = next((by_name[key] for key in STATUSES if key in by_name), "")
    scores = {key: score for key, cell in row.items() if (score := number(cell)) is not None}
    return PastRun(
        label=next((by_name[key] for key in LABELS if by_name.get(key)), ""),
        scores=scores,
        settings={key: cell for key, cell in _settings(row, by_name, status).items() if cell},
        seed=next((cell for key, cell in row.items() if is_seed(key)), ""),
        kept=kept_by(status) if status else Kept.UNSAID,
    )


def _settings(row: Mapping[str, str], by_name: Mapping[str, str], status: str) -> dict[str, str]:
    """What configures a run; its commit stands for the description of what was tried."""
    settings = {key: cell for key, cell in row.items() if is_setting(key)}
    if not by_name.get("commit"):
        return settings
    settings = {key: cell for key, cell in settings.items() if key.lower() not in DESCRIPTIONS}
    # A change that was never committed may be logged with the commit that it started from.
    discarded = status if kept_by(status) is Kept.DISCARDED else ""
    return settings | {"status": discarded}


def number(text: str) -> float | None:
    """A finite number; None for anything else, and for what is too large to compute with."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not abs(value) <= _LARGEST:  # also where it is not a number
        return None
    return 0.0 if abs(value) < 1 / _LARGEST else value
