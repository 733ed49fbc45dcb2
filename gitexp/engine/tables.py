"""Tables that a script wrote, read row by row: CSV, NPZ or Parquet.

A few megabytes can unpack to many gigabytes, so what is read at a time is limited, in whatever
format (docs/storage.md).
"""

from __future__ import annotations

import contextlib
import csv
import zipfile
import zlib
from collections.abc import Generator, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, Self

from gitexp.engine.metrics_file import Unreadable

if TYPE_CHECKING:
    from pyarrow import Array
    from pyarrow.parquet import FileMetaData

Rows = Generator[Sequence[str], None, None]  # the first row holds the names of the columns

_BATCH = 65_536  # rows that are turned into text at a time
_BATCH_SIZE = 64 << 20  # bytes of these rows in an NPZ file
_MOST_COLUMNS = 10_000
_LONGEST_ROW = 4 << 20  # characters of a row in a CSV file
_LARGEST_VALUE = 1 << 20  # bytes of a value in an NPZ file
_NPZ_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LARGEST_CHUNK = 512 << 20  # bytes that a column takes in a row group of a Parquet file


def read_rows(path: Path) -> Rows:
    """Open a table by its suffix; the rows are read as they are asked for.

    Raises:
        Unreadable, csv.Error, OSError, ValueError: while reading, if the file is damaged.
    """
    return {".npz": _read_npz, ".parquet": _read_parquet}.get(path.suffix, _read_csv)(path)


def _read_csv(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        lines = _Lines(handle)
        for number, row in enumerate(csv.reader(lines, skipinitialspace=True, strict=True)):
            lines.left = _LONGEST_ROW
            if number == 0:
                _demand_few(row)
            yield row


class _Lines:
    """Lines of a file, of which `left` characters may belong to the row that is being read."""

    def __init__(self, handle: IO[str]) -> None:
        self._handle, self.left = handle, _LONGEST_ROW

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._handle.readline(self.left + 1)
        self.left -= len(line)
        if self.left < 0:
            raise Unreadable(f"a row has more than {_LONGEST_ROW:,} characters")
        if not line:
            raise StopIteration
        return line


def _demand_few(columns: Sequence[str]) -> None:
    if len(columns) > _MOST_COLUMNS:
        raise Unreadable(
            f"it has {len(columns):,} columns; it needs one row per example, and may have"
            f" {_MOST_COLUMNS:,} columns"
        )


def _read_npz(path: Path) -> Rows:
    if not zipfile.is_zipfile(path):
        raise Unreadable("it is not an NPZ file (numpy.savez writes one)")
    try:
        with contextlib.ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(path))
            _demand_few(archive.namelist())
            if any(i.compress_type not in _NPZ_METHODS for i in archive.infolist()):
                raise Unreadable("it is not an NPZ file (numpy.savez writes one)")
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
            width = sum(column.size for column in columns.values())
            while left:
                count = min(left, _BATCH, max(1, _BATCH_SIZE // max(1, width)))
                batch = [column.read(count) for column in columns.values()]
                for row in zip(*batch, strict=True):
                    yield [_text(value) for value in row]
                left -= count
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
        except (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError):
            raise Unreadable("it is damaged") from None
        if self._dtype.hasobject:
            raise Unreadable(
                "it holds Python objects, which are not loaded; save numbers or text,"
                " such as y.astype(str)"
            )
        if not shape or (len(shape) != 1 and shape[1:] != (1,)):
            raise Unreadable(f"{shown} has the shape {shape}; a column has one value per row")
        self.count: int = shape[0]
        self.size: int = self._dtype.itemsize  # bytes of a value
        if self.count < 0:
            raise Unreadable("it is damaged")
        if self.size > _LARGEST_VALUE:
            raise Unreadable(
                f"a value of {shown} takes {self.size:,} bytes, and may take {_LARGEST_VALUE:,}"
            )

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
            names, metadata = file.schema_arrow.names, file.metadata
        _demand_few(names)
        _demand_small(metadata)
        leaves = map(metadata.schema.column, range(metadata.num_columns))
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        # As a dictionary, a long text that many rows have is in memory once.
        with parquet.ParquetFile(path, read_dictionary=texts) as file:
            yield names
            for batch in file.iter_batches(_BATCH, use_threads=False):
                yield from zip(*map(_texts, batch.columns), strict=True)
    except ArrowException as error:
        raise Unreadable(f"it is not a valid Parquet file: {error}") from None


def _demand_small(metadata: FileMetaData) -> None:
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            if column.total_uncompressed_size > _LARGEST_CHUNK:
                raise Unreadable(
                    f"{column.path_in_schema} unpacks to {column.total_uncompressed_size:,} bytes"
                    f" in one row group, and may take {_LARGEST_CHUNK:,}"
                )


def _texts(column: Array) -> list[str]:
    """Values of an Arrow array as texts, each distinct one of a dictionary once."""
    if hasattr(column, "dictionary"):
        texts = [_text(value) for value in column.dictionary.to_pylist()]
        return ["" if at is None else texts[at] for at in column.indices.to_pylist()]
    return [_text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    return "" if value is None else str(value)
