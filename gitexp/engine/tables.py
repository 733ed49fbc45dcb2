"""Tables that a script wrote, read row by row: CSV, NPZ or Parquet."""

from __future__ import annotations

import contextlib
import csv
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from gitexp.engine.metrics import Unreadable

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    Rows = Generator[Sequence[str], None, None]  # the first row holds the names of the columns

_BATCH = 65_536  # rows that are turned into text at a time


def read_rows(path: Path) -> Rows:
    """Open a table by its suffix; the rows are read as they are asked for.

    Raises:
        Unreadable, csv.Error, OSError, ValueError: while reading, if the file is damaged.
    """
    return {".npz": _read_npz, ".parquet": _read_parquet}.get(path.suffix, _read_csv)(path)


def _read_csv(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        yield from csv.reader(handle, skipinitialspace=True, strict=True)


def _read_npz(path: Path) -> Rows:
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


def _read_parquet(path: Path) -> Rows:
    try:
        # An optional dependency, and half a second to load.
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
