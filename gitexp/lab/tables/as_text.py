"""Rows as CSV and as JSON Lines.

JSON Lines hold every text as it is. A CSV file is opened in spreadsheets, which run a text that
begins like a formula, and printed in terminals, which act on control characters: `safe` makes both
harmless.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from gitexp.rules.text import json_text, visible

if TYPE_CHECKING:
    from gitexp.lab.tables.columns import Column

# What spreadsheets take for the beginning of a formula, in both widths, and the mark against it.
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_MARK = "'"


def safe(text: str) -> str:
    """Put an apostrophe before a text that would be a formula, or that begins with one.

    Without it a cell is what it was. Characters that a terminal would act on become escapes.
    """
    shown = visible(text)
    return f"{_MARK}{shown}" if shown[:1] in _FORMULA or shown.startswith(_MARK) else shown


def plain_text(value: object) -> str:
    """A value as text: a text itself, anything else as JSON."""
    return value if isinstance(value, str) else json_text(json.dumps(value, ensure_ascii=False))


def write_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], handle: TextIO) -> None:
    """Write rows as CSV: a header, numbers as they are, nothing where there is no value."""
    writer = csv.writer(handle, lineterminator="\n")
    writer.writerow([safe(column.name) for column in columns])
    names = [column.name for column in columns]
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
    return safe(plain_text(value))


def write_json_lines(rows: Iterable[Mapping[str, Any]], handle: TextIO) -> None:
    """Write rows as JSON, one a line, safe to show."""
    handle.writelines(f"{json_text(json.dumps(row, ensure_ascii=False))}\n" for row in rows)
