"""Screening: each of many ideas is run a few times, to see which of them to confirm first.

A screening run is not evidence. It has a seed that no verdict uses, so by scores on fixed rows
whoever confirms the best of thirty picked it on runs that its verdict never sees: that costs no
error budget.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.rules.plan.seeds import SCREENING
from gitexp.rules.verdict.due import Due
from gitexp.rules.verdict.due_run import Arm, Run, Why

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration

_COMPARED = (Arm.BASELINE, Arm.EXPERIMENT)
MOST_RUNS = 100  # of one idea; whoever wants more wants a verdict


@dataclass(frozen=True, slots=True)
class Differences:
    """How much better an idea's screening runs were than the baseline's, in the metric's unit.

    `share` is the part of the data that they were given, `baseline` the baseline's mean score.
    `same` says that they reported nothing else than the baseline's did.
    """

    values: tuple[float, ...]
    share: float
    baseline: float
    same: bool = False


def demand_screening(runs: int, share: float) -> None:
    """Refuse numbers of runs, and shares of the data, that nothing can be screened with.

    Raises:
        UsageError: one is out of range.
    """
    if not 1 <= runs <= MOST_RUNS:
        raise UsageError(
            f"--runs must be a number from 1 to {MOST_RUNS}, not {runs}",
            "gitexp run --screen --runs 1",
        )
    if not 0 < share <= 1:
        raise UsageError(
            f"--sample must be a share of the data, above 0 and at most 1, not {share:g}",
            "gitexp run --screen --sample 0.1",
        )


def is_shared(registration: Registration) -> bool:
    """Whether a verdict sees rows or seeds that screening has seen.

    Then whoever confirms what did well when it was screened has chosen by what the verdict rests
    on, so a screened idea takes its place in the campaign. A seed that redraws the split draws from
    the same rows again.
    """
    sees_rows = registration.by_examples or registration.widening > 0
    return sees_rows or not registration.fresh_seeds


def screening_seeds(registration: Registration, runs: int) -> Sequence[int]:
    """Seeds to screen on: those below every verdict's or, where there are no others, its own."""
    if not registration.seeded:
        return registration.registered_seeds()[:1]  # a second run would give the same
    if registration.fresh_seeds:
        return SCREENING[:runs]
    return registration.registered_seeds()[:runs]


def screening_due(
    seeds: Sequence[int],
    share: float,
    metric: str,
    baseline: Sequence[Record],
    records: Sequence[Record],
    known: Collection[Record],
) -> Due:
    """Say which screening runs are missing.

    Where the two runs of a seed do not share their condition, the baseline's is made again, and
    then the other; `known` are the records from before. Two runs that were made since are compared
    whatever their conditions.
    """
    due = []
    for seed in seeds:
        arms = [_good(arm, seed, share, metric) for arm in (baseline, records)]
        lacking = [arm for arm, good in zip(_COMPARED, arms, strict=True) if not good]
        if not lacking and not _conditions(arms[0]) & _conditions(arms[1]):
            old = (all(one in known for one in good) for good in arms)
            lacking = [arm for arm, is_old in zip(_COMPARED, old, strict=True) if is_old][:1]
        due += [Run(arm, seed, Why.SCREEN, share=share) for arm in lacking]
    return Due(tuple(due))


def differences(
    registration: Registration, baseline: Sequence[Record], records: Sequence[Record]
) -> Differences | None:
    """Compare screening runs seed by seed, on the largest part of the data that has pairs.

    Runs of one condition are compared if there are any, the newest first. None without a pair.
    """
    metric, sign = registration.criterion.metric, registration.criterion.sign
    for share in sorted({record.sample for record in records}, reverse=True):
        pairs = []
        for seed in sorted({record.seed for record in records}):
            mine = _good(records, seed, share, metric)
            others = _good(baseline, seed, share, metric)
            both = [(b, m) for m in mine for b in others if b.condition == m.condition]
            pairs += (both or [*zip(others, mine, strict=False)])[:1]
        if pairs:
            before = [one.metrics[metric] for one, _ in pairs]
            found = tuple(sign * (m.metrics[metric] - b.metrics[metric]) for b, m in pairs)
            same = all(m.metrics == b.metrics for b, m in pairs)
            return Differences(found, share, sum(before) / len(before), same)
    return None


def _conditions(records: Iterable[Record]) -> set[str]:
    return {record.condition for record in records}


def _good(records: Iterable[Record], seed: int, share: float, metric: str) -> list[Record]:
    """Runs of one seed on one part of the data that reported the metric, the newest first."""
    found = [
        one
        for one in records
        if one.seed == seed and one.sample == share and one.ok and metric in one.metrics
    ]
    return sorted(found, key=lambda one: one.start, reverse=True)


def promising(expected: Sequence[float], bars: Sequence[float]) -> int:
    """How many of the ideas, the best first, are worth confirming now.

    Those that are expected to gain as much as they must, but no more than the better third: where
    chances were stated too high, nearly all are expected to.
    """
    enough = sum(one >= bar and one > 0 for one, bar in zip(expected, bars, strict=True))
    return min(enough, math.ceil(len(expected) / 3))
