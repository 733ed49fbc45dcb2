"""Curves of several runs as one: their mean from step to step, and how far the runs lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gitexp.rules.documents.series import Series

    Floats = NDArray[np.float64]

_MOST = 200  # steps: more than the columns of a terminal, and enough for a picture
_LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True, slots=True)
class Band:
    """The mean of some runs at each of `steps`, and one standard deviation below and above it.

    `runs` counts the runs that reach a step, at least one. Where it is one, `low` and `high` are
    the mean itself.
    """

    steps: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    runs: tuple[int, ...]


def bands(arms: Sequence[Sequence[Series]], most: int = _MOST) -> list[Band | None]:
    """The band of each arm, whose series are those of one metric; None for an arm without any.

    All arms are read at the same steps: those at which any run reported, or `most` of them, evenly
    by rank. Between two of its own steps a run is taken as the straight line, so that runs that
    reported at different steps can be averaged; before its first and after its last step it does
    not count. Of several values at one step the last counts. With x_1 ... x_n the runs at a step:

        mean = sum(x_j) / n,    sd = sqrt(sum((x_j - mean)^2) / (n - 1)),    band = mean -+ sd

    The band says how far runs lie apart. It is not an interval for the mean, and two bands are not
    a test: runs are compared in pairs, and a pair's seed moves both.
    """
    lines = [[_by_step(one) for one in arm if one.steps] for arm in arms]
    every = [steps for arm in lines for steps, _ in arm]
    if not every:
        return [None for _ in arms]
    steps = np.unique(np.concatenate(every))
    if len(steps) > most:
        steps = steps[np.linspace(0, len(steps) - 1, most).round().astype(np.intp)]
    return [_band(steps, arm) for arm in lines]


def _by_step(one: Series) -> tuple[Floats, Floats]:
    """Steps in ascending order, each once, and their values."""
    steps, last = np.unique(np.array(one.steps[::-1], np.float64), return_index=True)
    return steps, np.array(one.values[::-1], np.float64)[last]


def _band(steps: Floats, arm: Sequence[tuple[Floats, Floats]]) -> Band | None:
    if not arm:
        return None
    values = np.array([np.interp(steps, *one, left=np.nan, right=np.nan) for one in arm])
    runs = np.count_nonzero(~np.isnan(values), axis=0)
    steps, values, runs = steps[runs > 0], values[:, runs > 0], runs[runs > 0]
    with np.errstate(over="ignore"):  # of numbers near the largest that a float can hold
        mean = np.nansum(values / runs, axis=0)
        sd = np.sqrt(np.nansum((values - mean) ** 2, axis=0) / np.maximum(runs - 1, 1))
        low, high = (np.clip(mean + side * sd, -_LARGEST, _LARGEST) for side in (-1, 1))
    return Band(
        tuple(map(int, steps)), _floats(mean), _floats(low), _floats(high), tuple(map(int, runs))
    )


def _floats(row: Floats) -> tuple[float, ...]:
    return tuple(map(float, row))
