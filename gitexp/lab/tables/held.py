"""Rows that are held aside until all their columns are known."""

from __future__ import annotations

import contextlib
import json
import tempfile
from typing import TYPE_CHECKING, Any

from gitexp.lab.tables.columns import Extras

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitexp.lab.tables.columns import Cells, Column

_IN_MEMORY = 16 << 20  # bytes; what is more goes to a file


@contextlib.contextmanager
def hold(
    rows: Iterable[Cells], fixed: tuple[Column, ...]
) -> Iterator[tuple[tuple[Column, ...], Iterator[dict[str, Any]]]]:
    """Read all rows once; yields their columns, and the rows again."""
    extras = Extras(fixed)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, mode="w+", encoding="utf-8") as aside:
        for row in rows:
            extras.note(row)
            aside.write(json.dumps(row) + "\n")
        aside.seek(0)
        yield extras.columns, map(json.loads, aside)
