"""Metrics of a run: from `gitexp.log`, from its metrics file, from what it printed."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import tomli

from gitexp.engine.printed import nearest_line, read_printed
from gitexp.rules.documents.shape import text as is_text
from gitexp.rules.verdict.set_aside import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGGED = "metrics.jsonl"  # what `gitexp.log` wrote
_TAIL = 1 << 20  # bytes at the end of what was printed that are searched: final metrics come last
_LARGEST_FILE = 16 << 20  # bytes of a metrics file
_LARGEST_LOG = 64 << 20  # bytes at the end of what `gitexp.log` wrote that are read
_MOST = 200  # metrics of one run


class Unreadable(Exception):
    """A file that a run wrote cannot be read; the text says why."""


def printed(folder: Path, metric: str = "", tail: int = _TAIL) -> dict[str, float]:
    """Last value of each name that a run printed, in the last `tail` bytes of each of its streams.

    Standard output comes before standard error, where loggers and progress bars write.
    """
    streams = [_end_of(folder / name, tail) for name in ("stderr.log", "stdout.log")]
    return read_printed(streams[0], metric) | read_printed(streams[1], metric)


def nearest(folder: Path, metric: str) -> str:
    """The last printed line that has a metric's name, "" if there is none."""
    streams = (_end_of(folder / name, _TAIL) for name in ("stdout.log", "stderr.log"))
    return next(filter(None, (nearest_line(text, metric) for text in streams)), "")


def logged(path: Path, tail: int = 0) -> dict[str, float]:
    """Last value of each metric that the script gave to `gitexp.log`.

    With `tail`, only the last `tail` bytes of the file are read. A name that cannot be stored is
    left out.
    """
    found: dict[str, float] = {}
    for line in _end_of(path, tail or _LARGEST_LOG).split("\n"):
        try:
            metrics = json.loads(line)["metrics"]
            found |= {name: _number(v) for name, v in metrics.items() if is_text(name)}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue  # A line that was cut off by a kill, or by the start of the tail.
    return found


def with_rate(found: dict[str, float], folder: Path, seconds: float) -> dict[str, float]:
    """Add the steps that a run did per second, unless it reported them itself.

    The last step counts that it gave to `gitexp.log`, else the last one that it printed.
    """
    if RATE in found or not seconds > 0:
        return found
    step = _last_step(folder / LOGGED) or found.get("step", 0)
    return found | {RATE: step / seconds} if step > 0 else found


def _last_step(path: Path) -> int:
    last = 0
    for line in _end_of(path, _TAIL).split("\n"):
        try:
            step = json.loads(line)["step"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        last = step if type(step) is int else last
    return last


def _end_of(path: Path, size: int) -> str:
    """Last `size` bytes of a file as text; "" if there is no file."""
    try:
        with path.open("rb") as handle:
            start = max(0, handle.seek(0, 2) - size)
            handle.seek(start)
            text = handle.read().decode("utf-8", "replace")
    except OSError:
        return ""
    # Half a word at the start would look like a metric of another name.
    return re.sub(r"^\S+", "", text) if start else text


def from_file(path: Path) -> dict[str, float]:
    """Numbers in a JSON or TOML metrics file; nested names are joined by dots.

    Raises:
        Unreadable: it is not a regular file, or it does not parse.
    """
    if not path.exists():
        return {}
    if not path.is_file():
        raise Unreadable(f"{path.name} is not a regular file")
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise Unreadable(
                f"{path.name} has more than {_LARGEST_FILE:,} bytes; metrics take a few, and"
                " predictions belong in a file of their own"
            )
        text = path.read_text("utf-8-sig")
        content = tomli.loads(text) if path.suffix == ".toml" else json.loads(text)
        return {name: value for name, value in _numbers(content, "") if is_text(name)}
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name}: {error}") from None


def _numbers(content: Any, prefix: str) -> Iterator[tuple[str, float]]:  # noqa: ANN401 - parsed
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _numbers(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(content, int | float) and not isinstance(content, bool) and prefix:
        yield prefix, _number(content)


def _number(value: Any) -> float:  # noqa: ANN401 - parsed
    """Value as a float; an integer beyond the range of floats becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def collect(folder: Path, file: Path | None, metric: str = "") -> dict[str, float]:
    """All metrics of a finished run; `gitexp.log` comes before the file, and that before output.

    At most 200 are kept, the last ones and `metric`.

    Raises:
        Unreadable: the metrics file is damaged.
    """
    merged = printed(folder, metric) | (from_file(file) if file else {}) | logged(folder / LOGGED)
    judged = {metric: merged.pop(metric)} if metric in merged else {}
    return judged | dict(list(merged.items())[-_MOST:])
