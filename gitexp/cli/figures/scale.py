"""Scales and axes: from values to places in a picture, and which values an axis names."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitexp.rules.verdict import figures

_STEPS = (1, 2, 2.5, 5, 10)  # times a power of ten: what people count in
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Seconds between ticks of a time axis, with what their labels say; longer ones are in years.
_TIMES = (
    *((many * _MINUTE, "%H:%M") for many in (1, 5, 15, 30)),
    *((many * _HOUR, "%d %b %H:%M") for many in (1, 3, 6, 12)),
    *((many * _DAY, "%d %b") for many in (1, 2, 7, 14)),
    *((many * 30 * _DAY, "%b %Y") for many in (1, 3, 6)),
)
_YEAR = 365 * _DAY
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # seconds since 1970 of the years 1 and 9999


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight scale: values from `low` to `high` lie between the places `first` and `last`."""

    low: float
    high: float
    first: float
    last: float

    def __call__(self, value: float) -> float:
        """Place of a value; one beyond the ends is placed at the end."""
        inside = min(max(value, self.low), self.high)
        if self.high == self.low:
            return (self.first + self.last) / 2
        share = (inside - self.low) / (self.high - self.low)
        return self.first + share * (self.last - self.first)

    def holds(self, value: float) -> bool:
        """Whether a value lies between the ends."""
        return self.low <= value <= self.high

    def ticks(self, most: int = 6) -> list[float]:
        """Round values between the ends, at most so many."""
        width = self.high - self.low
        if not (math.isfinite(width) and width > 0):
            return [self.low]
        power = 10.0 ** math.floor(math.log10(width / most))
        step = next((s * power for s in _STEPS if width / (s * power) <= most), 10 * power)
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first
        return [(first + number) * step + 0.0 for number in range(min(count, most) + 1)]


def tick_labels(ticks: Sequence[float], *, sign: bool = False, unit: str = "") -> list[str]:
    """Labels of ticks, all to the decimal of their distance."""
    if len(ticks) < 2:
        return [figures.number(tick, sign=sign) + unit for tick in ticks]
    step = min(abs(after - tick) for tick, after in itertools.pairwise(ticks))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    if round(step, decimals) != step and abs(round(step, decimals) - step) > step / 100:
        decimals += 1  # steps of 2.5
    return [
        "0" + unit if abs(tick) < step / 1e6 else figures.fixed(tick, decimals, sign=sign) + unit
        for tick in ticks
    ]


def span(values: Iterable[float], *, margin: float = 0.06) -> tuple[float, float]:
    """The lowest and the highest of some finite values, a little apart."""
    found = [value for value in values if math.isfinite(value)]
    if not found:
        return 0.0, 1.0
    low, high = min(found), max(found)
    room = (high - low) * margin or abs(high) * margin or 1.0
    return low - room, high + room


def usual(values: Sequence[float], must: Iterable[float] = ()) -> tuple[float, float]:
    """A range that shows most of some values and all that it must; the rest lies outside.

    One run that diverged would otherwise squeeze all others into a line.
    """
    found, needed = sorted(value for value in values if math.isfinite(value)), [*must]
    if len(found) < 8:
        return span([*found, *needed])
    fifth = len(found) // 5
    low, high = found[fifth], found[-1 - fifth]
    reach = 4 * (high - low)
    inner = [value for value in found if low - reach <= value <= high + reach]
    return span([*inner, *needed])


def time_ticks(low: float, high: float, most: int = 6) -> list[tuple[float, str]]:
    """Points in time between two, in seconds since 1970, with their labels in UTC."""
    width = high - low
    step, form = next(((s, f) for s, f in _TIMES if width / s <= most), (_YEAR, "%Y"))
    if step >= 30 * _DAY:
        return _months(low, high, max(1, round(step / (30 * _DAY))), most, form)
    first = math.ceil(low / step)
    places = [(first + number) * step for number in range(math.floor(high / step) - first + 1)]
    return [(place, _moment(place).strftime(form).lstrip("0")) for place in places]


def _months(low: float, high: float, months: int, most: int, form: str) -> list[tuple[float, str]]:
    found, start = [], _moment(low)
    if form == "%Y":
        months = 12 * max(1, math.ceil((high - low) / _YEAR / most))
    at = (start.year * 12 + start.month) // months * months
    for number in range(most * 2 + 2):
        year, month = divmod(at + number * months, 12)
        if year > dt.MAXYEAR:
            break
        moment = dt.datetime(max(year, 1), month + 1, 1, tzinfo=dt.UTC)
        if low <= moment.timestamp() <= high:
            found.append((moment.timestamp(), moment.strftime(form)))
    return found


def _moment(second: float) -> dt.datetime:
    """The moment itself, or the end of the calendar that it lies beyond."""
    return dt.datetime.fromtimestamp(min(max(second, _FIRST), _LAST), tz=dt.UTC)
