"""Curves drawn in characters: told apart by their marks, with color or without."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.cli.views.axis import Axis, axis, log_axis
from gitexp.cli.views.terminal import columns, padded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.statistics.curves import Band

_ROWS = 15  # of the plot itself: with its axis and legend it fits a terminal of 24
_FEWEST = 10  # columns of the plot itself
_LOGARITHMIC = 100.0  # how many times the smallest mean the largest is where factors are shown


@dataclass(frozen=True, slots=True)
class Marks:
    """Characters to draw with: one for the mean of each band, and shades for one or two bands.

    `both` is where means meet; the last of `shades` is where two bands overlap.
    """

    means: str
    both: str
    shades: tuple[str, str, str]
    edge: str
    edge_tick: str
    corner: str
    floor: str
    floor_tick: str

    @property
    def every(self) -> str:
        """All of them."""
        frame = self.edge, self.edge_tick, self.corner, self.floor, self.floor_tick
        return "".join((self.means, self.both, *self.shades, *frame))


UNICODE = Marks("●○▲△■□", "◉", ("░", "·", "▒"), "│", "┤", "└", "─", "┬")
ASCII = Marks("*o+x#%", "8", (":", ".", ";"), "|", "+", "+", "-", "+")


def plot(bands: Sequence[Band], width: int, marks: Marks = UNICODE) -> list[str]:
    """Draw the mean of each band, and where there are one or two, how far their runs lie apart."""
    is_shaded = len(bands) < len(marks.shades)
    up = _upwards(bands, is_shaded=is_shaded)
    first, last = min(one.steps[0] for one in bands), max(one.steps[-1] for one in bands)
    across = axis(first, last, least=1.0)
    side = max(map(columns, up.labels)) + 2
    room = max(_FEWEST, width - side - 1)
    cells = [[" "] * room for _ in range(_ROWS)]
    wide = (across.high - across.low) / (room - 1)
    for at in range(room):
        found = [_at(band, across.low + at * wide, wide) for band in bands]
        for row, mark in _column(up, found, marks, is_shaded=is_shaded):
            cells[row][at] = mark
    labels = {_row(up, tick): label for tick, label in zip(up.ticks, up.labels, strict=True)}
    return [
        *(
            f"{padded(labels.get(row, ''), side - 1, right=True)}"
            f" {marks.edge_tick if row in labels else marks.edge}{''.join(line)}".rstrip()
            for row, line in enumerate(cells)
        ),
        *_floor(across, room, side, marks),
    ]


def _upwards(bands: Sequence[Band], *, is_shaded: bool) -> Axis:
    means = [value for one in bands for value in one.mean]
    shown = [value for one in bands for value in (*one.low, *one.high)] if is_shaded else means
    if min(means) > 0 and max(means) >= _LOGARITHMIC * min(means):
        return log_axis(min(means), max(shown))
    return axis(min(shown), max(shown))


def _at(band: Band, step: float, wide: float) -> tuple[float, float, float] | None:
    """Mean, low and high at a step, between two steps on a straight line.

    None beyond them all; a column is `wide`, and what begins or ends within it belongs to it.
    """
    half = 0.51 * wide  # a little more, as a step between two columns is rounded
    if not band.steps[0] - half <= step <= band.steps[-1] + half:
        return None
    step = min(max(step, band.steps[0]), band.steps[-1])
    after = bisect_left(band.steps, step)
    before = max(0, after - 1)
    gap = band.steps[after] - band.steps[before]
    share = (step - band.steps[before]) / gap if gap else 0.0
    mean, low, high = (
        (1 - share) * row[before] + share * row[after] for row in (band.mean, band.low, band.high)
    )
    return mean, low, high


def _row(up: Axis, value: float) -> int:
    return round((1 - up.share(value)) * (_ROWS - 1))


def _column(
    up: Axis, found: Sequence[tuple[float, float, float] | None], marks: Marks, *, is_shaded: bool
) -> Iterator[tuple[int, str]]:
    """What one column shows, row by row; what comes later is on top."""
    first, second, overlap = marks.shades
    shades: dict[int, str] = {}
    for shade, values in zip((first, second), found if is_shaded else (), strict=False):
        if values is not None:
            for row in range(_row(up, values[2]), _row(up, values[1]) + 1):
                shades[row] = overlap if row in shades else shade
    yield from shades.items()
    means: dict[int, str] = {}
    for mark, values in zip(marks.means, found, strict=False):
        if values is not None:
            row = _row(up, values[0])
            means[row] = marks.both if row in means else mark
    yield from means.items()


def _floor(across: Axis, room: int, side: int, marks: Marks) -> Iterator[str]:
    """The axis of steps, and its numbers below, as many as find room."""
    floor, numbers = [marks.floor] * room, ""
    for value, label in zip(across.ticks, across.labels, strict=True):
        at = round(across.share(value) * (room - 1))
        begin = min(max(0, at - columns(label) // 2), room - columns(label))
        if not numbers or begin > len(numbers):
            floor[at] = marks.floor_tick
            numbers = padded(numbers, begin) + label
    yield " " * side + marks.corner + "".join(floor)
    yield " " * (side + 1) + numbers
