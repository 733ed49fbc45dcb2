"""Numbers as people read them: rounded to what their interval or standard deviation supports.

Rounding never changes what a figure says: a value that lies below the bar is not printed as the
bar, and a bound above 0 is not printed as 0. One digit more is shown instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

_SAME = 1e-12  # two figures this close are equal; relative for figures above 1
_MOST_DECIMALS = 8  # smaller numbers are written with an exponent
_MOST_INTEGER = 1e9  # and so are larger ones
_DIGITS = 15  # that a float holds
_SMALLEST_P = 1e-6  # below it the exact value says nothing more


def decimals_for(width: float) -> int:
    """Decimals that show the two leading digits of a width above 0; negative for large ones."""
    return 1 - math.floor(math.log10(width))


def decimals_apart(values: Iterable[float], marks: Sequence[float], decimals: int) -> int:
    """Decimals, at least those given, at which every value keeps its side of every mark."""
    values = [value for value in values if math.isfinite(value)]
    for more in range(_DIGITS):
        places = decimals + more
        if all(_side(v, m) == _side(round(v, places), m) for v in values for m in marks):
            return places
    return decimals


def _side(value: float, mark: float) -> int:
    """-1 below the mark, 0 on it, 1 above it."""
    if abs(value - mark) <= _SAME * max(1.0, abs(value), abs(mark)):
        return 0
    return 1 if value > mark else -1


def fixed(value: float, decimals: int, *, sign: bool = False) -> str:
    """A number with this many decimals; very large and very small ones with an exponent.

    Digits left of the decimal point are all shown: a 0 in the place of one would look exact.
    """
    plus = "+" if sign else ""
    if not math.isfinite(value):
        return f"{value:{plus}}"
    if abs(value) < _MOST_INTEGER:
        decimals = max(decimals, 0)
    value = round(value, decimals) + 0.0  # no minus before a zero
    if not value:
        return f"{value:{plus}.{min(max(decimals, 0), _MOST_DECIMALS)}f}"
    exponent = math.floor(math.log10(abs(value)))
    if decimals > _MOST_DECIMALS or abs(value) >= _MOST_INTEGER:
        return f"{value:{plus}.{min(max(decimals + exponent, 0), _DIGITS - 1)}e}"
    return f"{value:{plus}.{decimals}f}"


def number(value: float | None, *, sign: bool = False) -> str:
    """A number without a known uncertainty: four significant digits."""
    if value is None:
        return "?"
    if not value or not math.isfinite(value):
        return f"{value + 0.0:{'+' if sign else ''}g}"
    text = fixed(value, max(0, decimals_for(abs(value)) + 2), sign=sign)
    mantissa, e, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}{e}{exponent}"


def rough(value: float | None, *, sign: bool = False, marks: Sequence[float] = ()) -> str:
    """An estimate such as a standard deviation: two significant digits."""
    if value is None or not value or not math.isfinite(value):
        return number(value, sign=sign)
    decimals = decimals_apart([value], marks, decimals_for(abs(value)))
    return fixed(value, decimals, sign=sign)


def rounded_like(value: float, sd: float, *, sign: bool = False) -> str:
    """A value to the decimals of its standard deviation."""
    if not sd or not math.isfinite(sd):
        return number(value, sign=sign)
    return fixed(value, decimals_for(sd), sign=sign)


def within(value: float, half_width: float | None, *, sign: bool = False) -> str:
    """A mean with the half-width of its interval, where one is known: `0.9896 ± 0.0042`."""
    if half_width is None:
        return number(value, sign=sign)
    if _side(value + half_width, value) == 0:  # equal scores, whose mean was rounded
        half_width = 0.0
    if not half_width or not math.isfinite(half_width):
        return f"{number(value, sign=sign)} ± {number(half_width)}"
    decimals = decimals_for(half_width)
    return f"{fixed(value, decimals, sign=sign)} ± {fixed(half_width, decimals)}"


def interval(
    value: float,
    low: float | None,
    high: float | None,
    *,
    sign: bool = False,
    unit: str = "",
    bar: float | None = None,
) -> str:
    """A value with its bounds, all to the same decimal: `+0.020 [+0.008, +0.026]`.

    An infinite bound is written as `-inf` or `+inf`. Without both bounds the value stands alone.
    """
    if low is None or high is None:
        return f"{number(value, sign=sign)}{unit}"
    decimals = decimals_of(value, low, high, bar=bar)
    if decimals is None:
        one, *bounds = (number(figure, sign=sign) for figure in (value, low, high))
    else:
        one, *bounds = (fixed(figure, decimals, sign=sign) for figure in (value, low, high))
    return f"{one}{unit} [{bounds[0]}{unit}, {bounds[1]}{unit}]"


def decimals_of(
    value: float, low: float | None, high: float | None, *, bar: float | None = None
) -> int | None:
    """Decimals that a value and its bounds share; None where there is no width."""
    bounds = [bound for bound in (low, high) if bound is not None and math.isfinite(bound)]
    if not bounds or not math.isfinite(value):
        return None
    # The missing part of a one-sided interval is taken to be as wide as the other.
    width = abs(bounds[-1] - bounds[0]) if len(bounds) > 1 else 2 * abs(bounds[0] - value)
    if not width or not math.isfinite(width):
        return None
    decimals = decimals_apart(bounds, (0.0,), decimals_for(width))
    return decimals if bar is None else decimals_apart((value, *bounds), (bar,), decimals)


def p_value(p: float, limit: float | None = None) -> str:
    """A p value beside its limit: `p = 0.0002 (limit 0.005)`."""
    beside = "" if limit is None else f" (limit {limit:.3g})"
    marks = () if limit is None else (limit,)
    if p < _SMALLEST_P and all(limit > _SMALLEST_P for limit in marks):
        return f"p < {_SMALLEST_P:.6f}{beside}"
    if p <= 0:
        return f"p = {number(p)}{beside}"
    # Two significant digits; one of a tiny value, two decimals of a large one.
    decimals = 2 if p >= 0.1 else decimals_for(p) - (p < 0.001)
    return f"p = {fixed(p, decimals_apart([p], marks, decimals))}{beside}"
