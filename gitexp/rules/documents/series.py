"""Step series: what a metric was from step to step of a run, thinned so that notes stay small.

A line holds numbers alone, beside the names that a record holds as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import canonical, read_contents, stamped

MOST_POINTS = 1_000  # of one metric in one run
LONGEST = 200_000  # characters of one run in the notes
_DIGITS = 6  # significant ones: more than any plot shows


class Curve:
    """One metric's values in the order in which they were reported, thinned while they come.

    Every nth is kept, n a power of two, and the last one: runs that report at the same steps keep
    the same steps.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[int, float]] = []
        self._last: list[tuple[int, float]] = []  # unless it is kept: the last one
        self._count, self._stride = 0, 1

    def add(self, step: int, value: float) -> None:
        """Add a finite value."""
        self._last = [(step, value)]
        if self._count % self._stride == 0:
            self._kept += self._last
            self._last = []
        self._count += 1
        if len(self._kept) == MOST_POINTS:
            *_, last = self._kept
            self._kept, self._last = self._kept[::2], [last]
            self._stride *= 2

    @property
    def points(self) -> list[tuple[int, float]]:
        """Steps and values that are kept, at most 1,000."""
        return self._kept + self._last


@dataclass(frozen=True, slots=True)
class Series:
    """A metric of one run: its `values` at these `steps`."""

    seed: int
    attempt: int
    condition: str
    metric: str
    steps: tuple[int, ...]
    values: tuple[float, ...]


def series_lines(
    run: Mapping[str, Any], curves: Mapping[str, Curve], metric: str
) -> list[dict[str, Any]]:
    """Bulk lines of a run's series; metrics that have the same steps share a line.

    What does not fit into 200 kB is left out, `metric` last of all.
    """
    together: dict[tuple[int, ...], dict[str, list[float]]] = defaultdict(dict)
    left = LONGEST
    for name in sorted(curves, key=lambda name: name != metric):
        points = curves[name].points
        steps = tuple(step for step, _ in points)
        values = [float(f"{value:.{_DIGITS}g}") for _, value in points]
        size = len(canonical({name: values}))
        size += 0 if steps in together else len(canonical({**run, "steps": steps}))
        if points and size <= left:
            left -= size
            together[steps][name] = values
    return [
        stamped(Kind.SERIES, {**run, "steps": [*steps], "values": values})
        for steps, values in together.items()
    ]


def parse_series(text: str) -> list[Series]:
    """Read the series in a note."""
    return [
        Series(
            content["seed"], content["attempt"], content["condition"], metric,
            tuple(content["steps"]), tuple(values),
        )
        for content in read_contents(text, Kind.SERIES)
        for metric, values in content["values"].items()
        if len(values) == len(content["steps"])
    ]  # fmt: skip
