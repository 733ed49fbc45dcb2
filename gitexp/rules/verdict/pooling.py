"""One interval for an idea that was tested several times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.verdict import student_t

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Estimate:
    """Effect of one experiment with its standard error, and the runs that it rests on.

    `base` is its baseline commit, `seeds` the first and last one of its pairs.
    """

    effect: float
    error: float
    pairs: int
    base: str
    seeds: tuple[int, int]

    @property
    def runs(self) -> tuple[str, tuple[int, int]]:
        """The baseline runs that it was compared with."""
        return self.base, self.seeds


def _overlap(one: tuple[str, tuple[int, int]], other: tuple[str, tuple[int, int]]) -> bool:
    (base, (first, last)), (base_, (first_, last_)) = one, other
    return base == base_ and first <= last_ and first_ <= last


def pool(estimates: Sequence[Estimate]) -> tuple[float, float]:
    """Mean effect of experiments weighted by precision, and its 95 % half-width.

    Experiments that share baseline runs have correlated errors, so they count as one measurement
    however many there are: only fresh seeds add information.

    Source: inverse-variance weights; Student's t on the degrees of freedom of what is independent.
    """
    weights = [1 / one.error**2 for one in estimates]
    total = math.fsum(weights)
    mean = math.fsum(w * one.effect for w, one in zip(weights, estimates, strict=True)) / total
    # A thousand experiments on the same runs are one entry here.
    shares: dict[tuple[str, tuple[int, int]], float] = {}
    pairs: dict[tuple[str, tuple[int, int]], int] = {}
    for weight, one in zip(weights, estimates, strict=True):
        shares[one.runs] = shares.get(one.runs, 0.0) + weight * one.error / total
        pairs[one.runs] = max(pairs.get(one.runs, 0), one.pairs)
    variance = math.fsum(
        a * b for one, a in shares.items() for other, b in shares.items() if _overlap(one, other)
    )
    apart: list[tuple[str, tuple[int, int]]] = []
    for runs in sorted(pairs, key=lambda runs: -pairs[runs]):
        if not any(_overlap(runs, other) for other in apart):
            apart.append(runs)
    freedom = max(1, sum(pairs[runs] - 1 for runs in apart))
    return mean, -student_t.ppf(0.025, freedom) * math.sqrt(variance)
