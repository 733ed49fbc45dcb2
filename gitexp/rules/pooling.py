"""One interval for an idea that was tried several times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules import student_t

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Tried:
    """Effect of one experiment with its standard error, and the runs that it stands on.

    `base` is its baseline commit, `seeds` the first and last one of its pairs.
    """

    effect: float
    error: float
    pairs: int
    base: str
    seeds: tuple[int, int]

    def shares_with(self, other: Tried) -> bool:
        """Whether both were held against some of the same baseline runs."""
        return (
            self.base == other.base
            and self.seeds[0] <= other.seeds[1]
            and other.seeds[0] <= self.seeds[1]
        )


def pool(tried: Sequence[Tried]) -> tuple[float, float]:
    """Mean effect of experiments weighted by precision, and its 95 % half-width.

    What stands on the same baseline runs and the same splits errs together, so it counts as one
    measurement however often it was made: only fresh seeds tell more.

    Source: inverse-variance weights; Student's t on the degrees of freedom of what is independent.
    """
    weights = [1 / one.error**2 for one in tried]
    total = math.fsum(weights)
    mean = math.fsum(w * one.effect for w, one in zip(weights, tried, strict=True)) / total
    shares = [w * one.error / total for w, one in zip(weights, tried, strict=True)]
    variance = math.fsum(
        a * b
        for a, one in zip(shares, tried, strict=True)
        for b, other in zip(shares, tried, strict=True)
        if one.shares_with(other)
    )
    apart: list[Tried] = []
    for one in sorted(tried, key=lambda one: -one.pairs):
        if not any(one.shares_with(other) for other in apart):
            apart.append(one)
    freedom = max(1, sum(one.pairs - 1 for one in apart))
    return mean, -student_t.ppf(0.025, freedom) * math.sqrt(variance)
