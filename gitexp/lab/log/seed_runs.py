"""The runs of an experiment and of its baseline that count, by seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.record import Record

# A seed, the baseline's score and the experiment's, None where a run is missing.
SeedScores = tuple[int, float | None, float | None]


class SeedRuns(NamedTuple):
    """Runs by seed, each the attempt that counts; a seed may be missing on either side."""

    baseline: dict[int, Record]
    experiment: dict[int, Record]

    def differences(self, metric: str) -> list[float]:
        """The experiment's scores less the baseline's, at the seeds where both report a metric."""
        pairs = [(self.baseline[s].metrics, mine.metrics) for s, mine in self.experiment.items()
                 if s in self.baseline]  # fmt: skip
        return [
            after[metric] - before[metric]
            for before, after in pairs
            if metric in before and metric in after
        ]


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


def seed_scores(result: Result) -> tuple[SeedScores, ...]:
    """Scores by seed, in the order in which looks use them."""
    if (registration := result.registration) is None:
        return ()
    metric, runs = registration.criterion.metric, seed_runs(result)
    before, after = (
        {seed: run.metrics[metric] for seed, run in arm.items()}
        for arm in (runs.baseline, runs.experiment)
    )
    return tuple(
        (seed, before.get(seed), after.get(seed))
        for seed in registration.registered_seeds()
        if seed in before or seed in after
    )
