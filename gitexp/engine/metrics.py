"""Metrics of a run: from its file, from `gitexp.log`, from the last `name=value` on its stdout."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A value must end where a number ends, so that `version=1.2.3` and `lr=1e-3abc` are none; the full
# stop of a sentence may follow.
_PRINTED = re.compile(
    r"(?<![\w.])([A-Za-z_][\w./@-]*)\s?=\s?"
    r"([+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|nan))(?!\w|\.\w)",
    re.IGNORECASE,
)
_TAIL = 1 << 20  # bytes of stdout that are searched; final metrics stand at the end
_MOST = 200  # metrics of one run


class Unreadable(Exception):
    """A file that a run wrote is there and cannot be read; the text says why."""


def printed(path: Path, tail: int = _TAIL) -> dict[str, float]:
    """Last value of each `name=value` in the last `tail` bytes of standard output."""
    return {name: float(value) for name, value in _PRINTED.findall(_end_of(path, tail))}


def logged(path: Path, tail: int = 0) -> dict[str, float]:
    """Last value of each metric that the script gave to `gitexp.log`.

    With `tail`, of the last so many bytes of its file alone.
    """
    found: dict[str, float] = {}
    for line in _end_of(path, tail).splitlines():
        try:
            found |= {name: _number(v) for name, v in json.loads(line)["metrics"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # A line cut off by a kill, or by where the tail begins.
    return found


def _end_of(path: Path, size: int) -> str:
    """Last `size` bytes of a file as text, all of it where that is 0; "" where there is none."""
    try:
        with path.open("rb") as handle:
            start = max(0, handle.seek(0, 2) - size) if size else 0
            handle.seek(start)
            text = handle.read().decode("utf-8", "replace")
    except OSError:
        return ""
    # Half a word at the beginning would be a metric of another name.
    return re.sub(r"^\S+", "", text) if start else text


def from_file(path: Path) -> dict[str, float]:
    """Numbers of a JSON or TOML metrics file; nested names are joined by dots.

    Raises:
        Unreadable: not a regular file, or not what its name promises.
    """
    if not path.exists():
        return {}
    if not path.is_file():
        raise Unreadable(f"{path.name} is no regular file")
    try:
        text = path.read_text("utf-8-sig")
        content = tomli.loads(text) if path.suffix == ".toml" else json.loads(text)
        return dict(_numbers(content, ""))
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name}: {error}") from None


def _numbers(content: Any, prefix: str) -> Iterator[tuple[str, float]]:  # noqa: ANN401 - parsed
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _numbers(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(content, int | float) and not isinstance(content, bool) and prefix:
        yield prefix, _number(content)


def _number(value: Any) -> float:  # noqa: ANN401 - parsed
    """Value as a float; an integer beyond its range is as infinite as a float would be."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def collect(stdout: Path, log: Path, file: Path | None, metric: str = "") -> dict[str, float]:
    """All metrics of a finished run; `gitexp.log` outranks the file, the file what was printed.

    Of very many only the last ones are kept, and `metric` in any case.

    Raises:
        Unreadable: the metrics file is damaged.
    """
    merged = printed(stdout) | (from_file(file) if file else {}) | logged(log)
    judged = {metric: merged.pop(metric)} if metric in merged else {}
    return judged | dict(list(merged.items())[-_MOST:])
