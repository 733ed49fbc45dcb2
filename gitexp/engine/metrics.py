"""Metrics of a run: from `gitexp.log`, from its metrics file, from what it printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from gitexp.engine.metrics_file import as_float, read_metrics
from gitexp.engine.printed import nearest_line, read_printed
from gitexp.rules.documents.shape import text as is_text
from gitexp.rules.verdict.set_aside import RATE

LOGGED = "metrics.jsonl"  # what `gitexp.log` wrote
_TAIL = 1 << 20  # bytes at the end of what was printed that are searched: final metrics come last
_LARGEST_LOG = 64 << 20  # bytes at the end of what `gitexp.log` wrote that are read
_MOST = 200  # metrics of one run


def printed(folder: Path, metric: str = "", tail: int = _TAIL) -> dict[str, float]:
    """Last value of each name that a run printed, in the last `tail` bytes of each of its streams.

    Standard output comes before standard error, where loggers and progress bars write.
    """
    return _labeled(folder, metric, tail)[0]


def _labeled(folder: Path, metric: str, tail: int) -> tuple[dict[str, float], str]:
    """The same, and what was printed before the metric's name."""
    streams = (_end_of(folder / name, tail) for name in ("stderr.log", "stdout.log"))
    (err, before), (out, other) = (read_printed(text, metric) for text in streams)
    return err | out, other if metric in out else before


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
    for _, metrics in parse_logged(_end_of(path, tail or _LARGEST_LOG).split("\n")):
        found |= metrics
    return found


def parse_logged(lines: Iterable[str | bytes]) -> Iterator[tuple[int | None, dict[str, float]]]:
    """Step and metrics of lines that `gitexp.log` wrote; the step is None without one.

    A line that was cut off is passed over, and so is a name that cannot be stored.
    """
    for line in lines:
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            content = json.loads(line)
            step, metrics = content.get("step"), content["metrics"].items()
            values = {name: as_float(value) for name, value in metrics if is_text(name)}
            yield step if type(step) is int else None, values


def with_rate(found: dict[str, float], folder: Path, seconds: float) -> dict[str, float]:
    """Add the steps that a run did per second, unless it reported them itself.

    The last step counts that it gave to `gitexp.log`, else the last one that it printed.
    """
    if RATE in found or not seconds > 0:
        return found
    steps = [step for step, _ in parse_logged(_end_of(folder / LOGGED, _TAIL).split("\n"))]
    last = next((step for step in reversed(steps) if step is not None), 0)
    step = last or found.get("step", 0)
    return found | {RATE: step / seconds} if step > 0 else found


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


def collect(folder: Path, file: Path | None, metric: str = "") -> tuple[dict[str, float], str]:
    """All metrics of a finished run, and from where `metric` was read.

    `gitexp.log` comes before the file, and that before output. At most 200 are kept, the last ones
    and `metric`. Where no metric has that name, the only one of the file that ends with it counts:
    `test.Accuracy` for `accuracy` and for `test_accuracy`.

    Raises:
        Unreadable: the metrics file is damaged.
    """
    written = read_metrics(file) if file else {}
    shown, label = _labeled(folder, metric, _TAIL)
    given = logged(folder / LOGGED)
    merged = shown | written | given
    ending = rf"(?:\A|[./]){re.escape(metric).replace('_', '[_./]')}\Z"
    nested = [name for name in written if re.search(ending, name, re.IGNORECASE)]
    source = f"{label} {metric} in its output".lstrip()
    if metric not in merged and len(nested) == 1:
        merged[metric] = written[nested[0]]
        source = f"{nested[0]} in the metrics file"
    elif metric in given:
        source = f"{metric} in gitexp.log"
    elif metric in written:
        source = f"{metric} in the metrics file"
    judged = {metric: merged.pop(metric)} if metric in merged else {}
    return judged | dict(list(merged.items())[-_MOST:]), source if judged else ""
