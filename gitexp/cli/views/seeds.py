"""The scores of an experiment seed by seed, as its criterion compares them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitexp.rules.verdict import effects, figures
from gitexp.rules.verdict.criterion import Criterion, Scale

if TYPE_CHECKING:
    from gitexp.lab.log.seed_runs import SeedScores
    from gitexp.rules.verdict.verdict import Judgement


def seed_table(
    seeds: Iterable[SeedScores], criterion: Criterion, judgement: Judgement
) -> list[str]:
    """A line for each seed, to the decimals that the standard deviation supports.

    Differences are in percent where the criterion is.
    """
    sd, percent = judgement.sd or 0.0, criterion.scale is Scale.PERCENT
    # The standard deviation of logarithms is a share of the mean.
    of_scores = sd * abs(judgement.baseline_mean or 0.0) if percent else sd
    lines = [f"  {'seed':>6} {'baseline':>12} {'experiment':>12} {'difference':>12}"]
    for seed, one, other in seeds:
        before, after = (
            "-" if score is None else figures.rounded_like(score, of_scores)
            for score in (one, other)
        )
        difference = "-"
        if one is not None and other is not None:
            difference = _difference(one, other, sd, percent=percent)
        lines.append(f"  {seed:>6} {before:>12} {after:>12} {difference:>12}")
    return lines


def _difference(one: float, other: float, sd: float, *, percent: bool) -> str:
    if not percent:
        return figures.rounded_like(other - one, sd, sign=True)
    if min(one, other) <= 0:
        return "-"
    return f"{figures.rounded_like(100 * (other / one - 1), 100 * sd, sign=True)}%"


def deviation(criterion: Criterion, judgement: Judgement) -> str:
    """The standard deviation that a verdict rests on, and what can be detected with it."""
    of, what, unit, sd = "differences", "effect", "", judgement.sd or 0.0
    if criterion.scale is Scale.PERCENT:
        unit, sd = "%", 100 * math.expm1(sd)
    elif criterion.scale is Scale.CONSTANT:
        of, what = "scores", "score"
    said = f"standard deviation of the {of} {figures.rough(sd)}{unit}"
    if judgement.detectable is None:
        return said
    could = effects.detectable(criterion, judgement.detectable)
    return f"{said}; minimum detectable {what} {could}"
