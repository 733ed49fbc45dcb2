"""Curves drawn in characters: told apart by their marks, with color or without."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.cli.views.terminal import columns, padded
from gitexp.rules.verdict.figures import fixed

if TYPE_CHECKING:
    from gitexp.statistics.curves import Band

_ROWS = 15  # of the plot itself: with its axis and legend it fits a terminal of 24
_FEWEST = 10  # columns of the plot itself
_LOGARITHMIC = 100.0  # how many times the smallest mean the largest is where factors are shown
_TICKS = 6  # at most about as many
_MOST_INTEGER = 1e9  # larger ones are written with an exponent
_ROUNDING = 1e-9  # how far a tick may lie outside because numbers are rounded
_LARGEST = 1e300  # of a number that can be placed: the width of an axis must not overflow


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


@dataclass(frozen=True, slots=True)
class Axis:
    """What lies between `low` and `high`, and the numbers to write beside it.

    Where `is_log`, equal distances are equal factors.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    is_log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value is, from 0 to 1; what lies outside is at its end."""
        low, high, at = (_placed(v, is_log=self.is_log) for v in (self.low, self.high, value))
        return min(1.0, max(0.0, (at - low) / (high - low)))


def axis(low: float, high: float, *, least: float = 0.0) -> Axis:
    """An axis that holds two values, with ticks at 1, 2 or 5 times a power of ten.

    Ticks are `least` apart or more.
    """
    low, high = _apart(*(min(max(end, -_LARGEST), _LARGEST) for end in (low, high)))
    power = 10.0 ** math.floor(math.log10((high - low) / _TICKS))
    step = power * next(n for n in (1, 2, 5, 10) if n * power * _TICKS >= high - low)
    step = max(step, least)
    numbers = range(math.ceil(low / step - _ROUNDING), math.floor(high / step + _ROUNDING) + 1)
    ticks = tuple(number * step for number in numbers)
    decimals = -math.floor(math.log10(step) + _ROUNDING)
    return Axis(low, high, ticks, tuple(_label(tick, decimals) for tick in ticks))


def log_axis(low: float, high: float) -> Axis:
    """An axis that holds two positive values a factor of 100 apart, with powers of ten as ticks."""
    first, last = math.ceil(math.log10(low) - _ROUNDING), math.floor(math.log10(high) + _ROUNDING)
    every = math.ceil((last - first + 1) / (_TICKS + 1))
    ticks = tuple(10.0**power for power in range(first, last + 1, every))
    return Axis(low, high, ticks, tuple(f"{tick:g}" for tick in ticks), is_log=True)


def _label(tick: float, decimals: int) -> str:
    return f"{tick:,.0f}" if decimals <= 0 and abs(tick) < _MOST_INTEGER else fixed(tick, decimals)


def _apart(low: float, high: float) -> tuple[float, float]:
    """Two values with room between them, where they are the same number."""
    if high - low > _ROUNDING * max(abs(low), abs(high)):
        return low, high
    room = 0.1 * abs(low) or 1.0
    return low - room, high + room


def _placed(value: float, *, is_log: bool) -> float:
    return math.log10(max(value, 1e-300)) if is_log else value
