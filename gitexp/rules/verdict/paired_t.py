"""The paired t test behind every verdict, and the smallest effect that it detects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.ranges import refuse_level, refuse_widening

if TYPE_CHECKING:
    from gitexp.rules.verdict.verdict import Examples

FEWEST_PAIRS = 3  # with fewer no standard deviation can be trusted
_Z_POWER = 0.8416212335729143  # standard normal quantile of 0.8: four times in five
_MOSTLY_ROWS = 2 / 3  # of the variance: from there on the level of 0.5 % holds


def standard_deviation(differences: Sequence[float]) -> float:
    """Standard deviation of at least two values.

    hypot neither overflows nor loses the small squares that a plain sum would.
    """
    mean = math.fsum(differences) / len(differences)
    return math.hypot(*(d - mean for d in differences)) / math.sqrt(len(differences) - 1)


def standard_error(sd: float, pairs: int, widening: float) -> float:
    """Standard error of a mean of paired differences.

    `widening` is n_test / n_train where a seed redraws the split, else 0.

    Source: Nadeau & Bengio (2003), section 3.
    """
    return sd * math.sqrt(1 / pairs + widening)


def smallest_detectable_effect(sd: float, pairs: int, widening: float, level: float) -> float:
    """Smallest true effect that a test of this design passes four times in five.

    `sd` is the standard deviation of paired differences, in the metric's own unit, as is the
    effect; `widening` is n_test / n_train where a seed redraws the split, else 0. At most 2.2 % too
    high with 3 pairs and 1 % from 5 on, never too low. The bar is not part of it.

    Raises:
        ValueError: fewer than 3 pairs, or a value out of range.

    Source: Nadeau & Bengio (2003), section 3, with the power of a one-sided t test by Abramowitz &
    Stegun (1964), 26.7.10.
    """
    if pairs < FEWEST_PAIRS:
        raise ValueError(f"no standard deviation can be trusted with {pairs} pairs; it takes 3")
    if not 0 <= sd < math.inf:
        raise ValueError(f"a standard deviation is a finite number of at least 0, not {sd}")
    refuse_level(level)
    refuse_widening(widening)
    return detectable_effect(standard_error(sd, pairs, widening), pairs - 1, level)


def detectable_effect(error: float, df: float, level: float) -> float:
    """Smallest true effect detected four times in five with this standard error."""
    return error * errors_to_pass(-student_t.ppf(level, df), df)


def errors_to_pass(threshold: float, df: float) -> float:
    """True effect that passes a threshold four times in five, both in standard errors."""
    return threshold * (1 - 1 / (4 * df)) + _Z_POWER * math.sqrt(1 + threshold**2 / (2 * df))


def satterthwaite(*parts: tuple[float, float]) -> tuple[float, float]:
    """Standard error from independent ones, and its degrees of freedom; each part has its own.

    Source: Satterthwaite (1946), An approximate distribution of estimates of variance components.
    """
    error = math.hypot(*(part for part, _ in parts))
    if not error:
        return 0.0, max(1.0, *(df for _, df in parts))
    # As shares, because the square of a variance may be too small for a number.
    shares = (((part / error) ** 2, max(1, df)) for part, df in parts)
    return error, 1 / math.fsum(share**2 / df for share, df in shares)


def error_of_mean(
    sd: float | None, pairs: int, widening: float, examples: Examples | None
) -> tuple[float, float]:
    """Standard error of a mean of paired differences, and its degrees of freedom.

    `sd` is None where every run gives the same, `examples` where scores alone are judged.
    Satterthwaite's number is too large where a few seeds vary little by chance, so it is used only
    where most of the variance comes from the examples; elsewhere the seeds' own number is
    (docs/benchmarks.md).
    """
    if examples is None:
        return (0.0, 0) if sd is None else (standard_error(sd, pairs, widening), pairs - 1)
    rows = math.sqrt(examples.variance * (1 + widening)), examples.count - 1
    if sd is None:
        return rows
    error, df = satterthwaite(rows, (sd / math.sqrt(pairs), pairs - 1))
    return error, df if rows[0] >= math.sqrt(_MOSTLY_ROWS) * error else max(1, pairs - 1)
