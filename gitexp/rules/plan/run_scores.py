"""Scores of runs, and the interval of their mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.paired_t import FEWEST_PAIRS, standard_deviation, standard_error
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.documents.record import Record


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
