"""The runs of an experiment and of its baseline that count, by seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from gitexp.lab.result import Result
    from gitexp.rules.documents.record import Record


class SeedRuns(NamedTuple):
    """Runs by seed, each the attempt that counts; a seed may be missing on either side."""

    baseline: dict[int, Record]
    experiment: dict[int, Record]


def seed_runs(result: Result) -> SeedRuns:
    """Find the runs that count, at the seeds that were registered; none without a registration."""
    registration = result.registration
    if registration is None:
        return SeedRuns({}, {})
    metric, seeds = registration.criterion.metric, registration.registered_seeds()
    mine = first_good(result.held.records or result.records, seeds, metric)
    conditions = list({record.condition for record in mine.values()})
    base = first_good(result.baseline_held.records, seeds, metric, conditions)
    # Where a single run borrows its standard deviation, every run that lends it is compared.
    return SeedRuns(
        {seed: run for seed, run in base.items() if seed in mine or registration.borrowed}, mine
    )
