"""What the best of many tries looks like when none of them does anything."""

from __future__ import annotations

import math

_REACH = 10.0  # standard deviations; beyond them lies less than rounding
_STEPS = 2_000


def best_of(tries: int) -> float:
    """Expected maximum of so many standard normal draws, to nine digits.

    The integral of 1 - F(x)^N above 0 less that of F(x)^N below it, by Simpson's rule.

    Raises:
        ValueError: there is not a single draw.
    """
    if tries < 1:
        raise ValueError(f"the best of {tries} draws does not exist")
    if tries == 1:
        return 0.0  # the sum below leaves 1e-19, which would be shown
    width = _REACH / _STEPS
    terms = (
        (1 if at in {0, _STEPS} else 4 if at % 2 else 2) * _either_side(at * width, tries)
        for at in range(_STEPS + 1)
    )
    return math.fsum(terms) * width / 3


def _either_side(x: float, tries: int) -> float:
    """1 - F(x)^N - F(-x)^N for `x` >= 0, without the digits that 1 - F(x) would lose."""
    tail = math.erfc(x / math.sqrt(2)) / 2
    return -math.expm1(tries * math.log1p(-tail)) - math.pow(tail, tries)
