"""Scores of runs, and their mean with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict import figures, student_t
from gitexp.rules.verdict.paired_t import FEWEST_PAIRS, standard_deviation, standard_error
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record


@dataclass(frozen=True, slots=True)
class Score:
    """What a commit scores in a metric: the mean of its runs, one a seed.

    `sd` is their standard deviation, None for a single run; `within` is the mean's 95 % half-width,
    None for fewer than 3.
    """

    mean: float
    sd: float | None
    within: float | None
    runs: int

    def __str__(self) -> str:
        """Write it for people: `0.9896 ± 0.0042 (5 runs)`."""
        return f"{figures.within(self.mean, self.within)} ({counted(self.runs, 'run')})"


def mean_score(records: Iterable[Record], metric: str, widening: float) -> Score | None:
    """The score of a commit by the records of its runs; None if no run measured the metric.

    `widening` is as in `half_width`.
    """
    values = scores(records, metric)
    if not values:
        return None
    return Score(
        mean=math.fsum(values) / len(values),
        sd=standard_deviation(values) if len(values) > 1 else None,
        within=half_width(values, widening),
        runs=len(values),
    )


def scores(records: Iterable[Record], metric: str) -> list[float]:
    """Return the scores of successful runs, one per seed."""
    runs = list(records)
    return [r.metrics[metric] for r in first_good(runs, {r.seed for r in runs}, metric).values()]


def half_width(values: Sequence[float], widening: float) -> float | None:
    """Half-width of a mean's 95 % interval by Student's t; None for fewer than 3 runs.

    `widening` is n_test/n_train where a seed redraws the split, as in a verdict.
    """
    n = len(values)
    if n < FEWEST_PAIRS:
        return None
    return -student_t.ppf(0.025, n - 1) * standard_error(standard_deviation(values), n, widening)
