"""Predictions that a run wrote, one row per example: CSV, NPZ or Parquet.

A file may have millions of rows, so it is read as a stream, and a limited number of rows is kept.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import itertools
import math
import operator
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gitexp.engine.metrics_file import Unreadable
from gitexp.engine.tables import Rows, read_rows
from gitexp.rules.documents.outcomes import MOST_ROWS, PREDICTED, SCORE, TRUE, Outcomes, natural

_MOST_COLUMNS = 100  # besides the id
_LONGEST_TEXT = 1000  # characters of a value; ids, labels and numbers take fewer
_MOST_READ = 100_000_000  # rows of a file
_MOST_KEPT = 256 << 20  # characters of the rows that are kept while it is read
# Values that no metric can be computed from. "None" and "NA" may well be labels.
_MISSING = {
    "", "nan", "+nan", "-nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity",
}  # fmt: skip


def read_predictions(path: Path) -> Outcomes:
    """Read a file with the columns id, y_true, y_pred and any others.

    If there are too many rows, those with the smallest hash of their id are kept; duplicate ids are
    found among these.

    Raises:
        Unreadable: the file is damaged, a column or value is missing, or an id occurs twice.
    """
    if not path.is_file():
        raise Unreadable(f"{path.name} is not a regular file")
    try:
        with contextlib.closing(read_rows(path)) as rows:
            return _keep_rows(rows)
    except UnicodeError:
        reason = "it holds text that is not UTF-8"
    except (Unreadable, csv.Error, OSError, ValueError, OverflowError) as error:
        reason = str(error)
    raise Unreadable(f"{path.name}: {reason}")


def _keep_rows(rows: Rows) -> Outcomes:
    """Check every row, and keep as many as there is room for."""
    header = _header(rows)
    first = ["id", TRUE, PREDICTED, *([SCORE] if SCORE in header else [])]
    names = [*first, *(name for name in header if name not in first)][: _MOST_COLUMNS + 1]
    pick = operator.itemgetter(*map(header.index, names))
    width, scored, count = len(header), SCORE in header, 0
    kept: list[tuple[bytes, tuple[str, ...]]] = []
    limit, held = b"\xff" * 32, 0
    for row in rows:
        if not row:
            continue  # a blank line
        count += 1
        if count > _MOST_READ:
            raise Unreadable(f"it has more than {_MOST_READ:,} rows")
        if len(row) != width:
            raise Unreadable(f"row {count} has {len(row)} values, but there are {width} columns")
        picked = pick(row)
        if (
            not picked[0]
            or picked[1].lower() in _MISSING
            or picked[2].lower() in _MISSING
            or (scored and not _is_number(picked[3]))
        ):
            raise Unreadable(f"row {count} has a missing value: {_shown(first, picked)}")
        digest = hashlib.sha256(picked[0].encode()).digest()
        if digest <= limit:
            if max(map(len, picked[: len(first)])) > _LONGEST_TEXT:
                raise Unreadable(f"row {count} has a value of over {_LONGEST_TEXT} characters")
            # As for the longest texts: whoever wants the whole of them looks into the file.
            picked = tuple(text[:_LONGEST_TEXT] for text in picked)
            held += sum(map(len, picked))
            kept.append((digest, picked))
            if len(kept) > 2 * MOST_ROWS or held > _MOST_KEPT:
                kept = _smallest(kept)
                limit = kept[-1][0] if len(kept) == MOST_ROWS else limit
                held = sum(len(text) for _, row in kept for text in row)
                if held > _MOST_KEPT // 2:
                    raise Unreadable(
                        f"{len(kept):,} of its rows take {held:,} characters; leave out the columns"
                        " that you do not need"
                    )
    if not count:
        raise Unreadable("it has no rows")
    table = sorted((row for _, row in _smallest(kept)), key=lambda row: natural(row[0]))
    columns = dict(zip(names, zip(*table, strict=True), strict=True))
    return Outcomes(columns.pop("id"), columns, count)


def _header(rows: Rows) -> list[str]:
    header = [name.strip() for name in next(rows, ())]
    if twice := [name for name, count in Counter(header).items() if count > 1]:
        raise Unreadable(f"two columns are called {twice[0][:80]!r}")
    if missing := [name for name in ("id", TRUE, PREDICTED) if name not in header]:
        shown = ", ".join(name[:40] for name in header[:8])
        seen = f"the columns are {shown}" if header else "it is empty"
        raise Unreadable(f"no column {' nor '.join(missing)}; {seen}")
    return header


def _smallest(rows: list[tuple[bytes, tuple[str, ...]]]) -> list[tuple[bytes, tuple[str, ...]]]:
    rows = sorted(rows, key=operator.itemgetter(0))
    for (digest, row), (other, _) in itertools.pairwise(rows):
        if digest == other:
            raise Unreadable(f"the id {row[0][:80]!r} occurs twice; an id names one row")
    return rows[:MOST_ROWS]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _shown(names: Sequence[str], row: Sequence[str]) -> str:
    return ", ".join(f"{n} = {text[:40]!r}" for n, text in zip(names, row, strict=False))
