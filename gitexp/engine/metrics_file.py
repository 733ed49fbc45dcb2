"""The metrics file of a run: JSON, TOML, or rows of CSV and JSON lines, of which the last count."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomli

from gitexp.rules.documents.shape import text as is_text

_LARGEST = 16 << 20  # bytes of a metrics file


class Unreadable(Exception):
    """A file that a run wrote cannot be read; the text says why."""


def read_metrics(path: Path) -> dict[str, float]:
    """Numbers in a metrics file; nested names are joined by dots, none without a file.

    Raises:
        Unreadable: it is not a regular file, or it does not parse.
    """
    if not path.exists():
        return {}
    if not path.is_file():
        raise Unreadable(f"{path.name} is not a regular file")
    try:
        if path.stat().st_size > _LARGEST:
            raise Unreadable(
                f"{path.name} has more than {_LARGEST:,} bytes; metrics take a few, and"
                " predictions belong in a file of their own"
            )
        text = path.read_text("utf-8-sig")
        documents = _documents(path.suffix, text)
        return {name: n for one in documents for name, n in _numbers(one, "") if is_text(name)}
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name}: {error}") from None


def _documents(suffix: str, text: str) -> Iterator[Any]:
    match suffix:
        case ".toml":
            yield tomli.loads(text)
        case ".jsonl":
            yield from (json.loads(line) for line in text.splitlines() if line.strip())
        case ".csv":
            yield from _rows(text)
        case _:
            yield json.loads(text)


def _rows(text: str) -> Iterator[dict[str, float]]:
    import csv  # few runs write CSV

    try:
        yield from map(_numbers_of_row, csv.DictReader(text.splitlines()))
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _numbers_of_row(row: dict[Any, Any]) -> dict[str, float]:
    """The numbers in a row: loggers leave a cell empty where a step has no value."""
    found = {}
    for name, cell in row.items():
        # More cells than names come as a list under None; float() would read 1_000 and blanks.
        if isinstance(name, str) and isinstance(cell, str) and "_" not in cell:
            try:
                found[name.strip()] = float(cell)
            except ValueError:
                continue
    return found


def _numbers(content: Any, prefix: str) -> Iterator[tuple[str, float]]:  # noqa: ANN401 - parsed
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _numbers(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(content, int | float) and not isinstance(content, bool) and prefix:
        yield prefix, as_float(content)


def as_float(value: Any) -> float:  # noqa: ANN401 - parsed
    """Value as a float; an integer beyond the range of floats becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
