"""Rows as Parquet, by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from gitexp.errors import NotReady
from gitexp.lab.tables.as_text import plain_text
from gitexp.lab.tables.columns import Column, Kind

_GROUP = 10_000  # rows that are in memory at a time


def write_parquet(rows: Iterator[Mapping[str, Any]], columns: Sequence[Column], path: Path) -> None:
    """Write rows as Parquet; a column of values that are of several types is one of texts.

    Raises:
        NotReady: pyarrow is not installed.
    """
    try:
        # An optional dependency, and half a second to load.
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise NotReady(
            "Parquet files need pyarrow, which is not installed",
            "install it: python -m pip install 'gitexp[parquet]'",
        ) from None
    types = {
        Kind.TEXT: pa.string(), Kind.VALUE: pa.string(), Kind.COUNT: pa.int64(),
        Kind.NUMBER: pa.float64(), Kind.MOMENT: pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    schema = pa.schema([(column.name, types[column.kind]) for column in columns])
    with parquet.ParquetWriter(path, schema) as writer:
        while group := [*islice(rows, _GROUP)]:
            cells = [
                pa.array(
                    [_cell(row.get(one.name), one.kind) for row in group], schema.field(at).type
                )
                for at, one in enumerate(columns)
            ]
            writer.write_table(pa.Table.from_arrays(cells, schema=schema))


def _cell(value: object, kind: Kind) -> object:
    if value is None:
        return None
    match kind:
        case Kind.TEXT | Kind.VALUE:
            return plain_text(value)
        case Kind.NUMBER:
            return float(str(value))
        case Kind.MOMENT:
            from datetime import datetime  # only where there are moments

            return datetime.fromisoformat(str(value))
    return value
