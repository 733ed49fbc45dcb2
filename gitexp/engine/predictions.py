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
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from gitexp.engine.metrics import Unreadable
from gitexp.rules.documents.outcomes import MOST_ROWS, PREDICTED, SCORE, TRUE, Outcomes, natural

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    Rows = Generator[Sequence[str], None, None]  # the first row holds the names of the columns

_MOST_COLUMNS = 100  # besides the id
_LONGEST_TEXT = 1000  # characters of a value; ids, labels and numbers take fewer
_BATCH = 65_536  # rows that are turned into text at a time
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
    read = {".npz": _npz, ".parquet": _parquet}.get(path.suffix, _csv)
    try:
        with contextlib.closing(read(path)) as rows:
            return _kept(rows)
    except UnicodeError:
        reason = "it holds text that is not UTF-8"
    except (Unreadable, csv.Error, OSError, ValueError) as error:
        reason = str(error)
    raise Unreadable(f"{path.name}: {reason}")


def _kept(rows: Rows) -> Outcomes:
    """Check every row, and keep as many as there is room for."""
    header = [name.strip() for name in next(rows, ())]
    if twice := [name for name in header if header.count(name) > 1]:
        raise Unreadable(f"two columns are called {twice[0]!r}")
    if missing := [name for name in ("id", TRUE, PREDICTED) if name not in header]:
        seen = f"the columns are {', '.join(header[:8])}" if header else "it is empty"
        raise Unreadable(f"no column {' nor '.join(missing)}; {seen}")
    first = ["id", TRUE, PREDICTED, *([SCORE] if SCORE in header else [])]
    names = [*first, *(name for name in header if name not in first)][: _MOST_COLUMNS + 1]
    pick = operator.itemgetter(*map(header.index, names))
    width, scored, count = len(header), SCORE in header, 0
    kept: list[tuple[bytes, tuple[str, ...]]] = []
    limit = b"\xff" * 32
    for row in rows:
        if not row:
            continue  # a blank line
        count += 1
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
            kept.append((digest, picked))
            if len(kept) > 2 * MOST_ROWS:
                kept = _smallest(kept)
                limit = kept[-1][0]
    if not count:
        raise Unreadable("it has no rows")
    table = sorted((row for _, row in _smallest(kept)), key=lambda row: natural(row[0]))
    columns = {
        name: tuple(text[:_LONGEST_TEXT] for text in texts)
        for name, texts in zip(names, zip(*table, strict=True), strict=True)
    }
    return Outcomes(columns.pop("id"), columns, count)


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


# --- the three formats --------------------------------------------------------------------------


def _csv(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        yield from csv.reader(handle, skipinitialspace=True, strict=True)


def _npz(path: Path) -> Rows:
    if not zipfile.is_zipfile(path):
        raise Unreadable("it is not an NPZ file (numpy.savez writes one)")
    try:
        with contextlib.ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(path))
            columns = {
                name.removesuffix(".npy"): _Column(name, stack.enter_context(archive.open(name)))
                for name in archive.namelist()
            }
            for name, column in columns.items():
                if column.count != next(iter(columns.values())).count:
                    first = next(iter(columns))
                    raise Unreadable(
                        f"{first} has {columns[first].count} rows and {name} has {column.count}"
                    )
            yield list(columns)
            left = next((column.count for column in columns.values()), 0)
            while left:
                batch = [column.read(min(left, _BATCH)) for column in columns.values()]
                for row in zip(*batch, strict=True):
                    yield [_text(value) for value in row]
                left -= min(left, _BATCH)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError):
        raise Unreadable("it is damaged") from None


class _Column:
    """An array in an NPZ file, read in pieces; NumPy's own reader loads all of it."""

    def __init__(self, name: str, handle: IO[bytes]) -> None:
        from numpy.lib import format as npy  # CSV files do not need it

        self._handle, shown = handle, name.removesuffix(".npy")
        try:
            version = npy.read_magic(handle)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, self._dtype = read(handle)
        except ValueError:
            raise Unreadable("it is damaged") from None
        if self._dtype.hasobject:
            raise Unreadable(
                "it holds Python objects, which are not loaded; save numbers or text,"
                " such as y.astype(str)"
            )
        if len(shape) != 1 and shape[1:] != (1,):
            raise Unreadable(f"{shown} has the shape {shape}; a column has one value per row")
        self.count: int = shape[0]

    def read(self, count: int) -> list[object]:
        """The next `count` values."""
        import numpy as np  # as above

        size = count * self._dtype.itemsize
        content = self._handle.read(size)
        if len(content) != size:
            raise Unreadable("it is damaged")
        values: list[object] = np.ndarray((count,), self._dtype, content).tolist()
        return values


def _parquet(path: Path) -> Rows:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise Unreadable(
            "Parquet files need pyarrow (python -m pip install pyarrow); CSV and NPZ files do not"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            yield file.schema_arrow.names
            for batch in file.iter_batches(_BATCH, use_threads=False):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield [_text(value) for value in row]
    except ArrowException as error:
        raise Unreadable(f"it is not a valid Parquet file: {error}") from None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    return "" if value is None else str(value)
