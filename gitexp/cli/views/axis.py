"""An axis with rounded numbers on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gitexp.rules.verdict.figures import fixed

_TICKS = 6  # at most about as many
_MOST_INTEGER = 1e9  # larger ones are written with an exponent
_ROUNDING = 1e-9  # how far a tick may lie outside because numbers are rounded
_LARGEST = 1e300  # of a number that can be placed: the width of an axis must not overflow


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
