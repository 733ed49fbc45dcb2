"""The verdict on an experiment, from its registration and its records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.rules.documents.record import PROOF
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.pairs import first_good, inputs_of, pair
from gitexp.rules.verdict.verdict import Design, Examples, Judgement, Pair, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.rules.documents.example_spread import ExampleSpread
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration


def judge_records(
    registration: Registration,
    baseline: Iterable[Record],
    records: Iterable[Record],
    spreads: Iterable[ExampleSpread] = (),
) -> Judgement:
    """Pair records by seed and condition, and judge them by the rules that were registered."""
    baseline = list(baseline)
    metric = registration.criterion.metric
    paired, failed = pair(registration.registered_seeds(), baseline, records, metric)
    exact: frozenset[str] | None = None
    if not registration.seeded:
        exact = exact_metrics(baseline, metric)
        if exact is None:
            paired = []
        elif metric not in exact:
            return Judgement(Verdict.INCONCLUSIVE, "not deterministic", 0, 0, None)
    guards = {
        guard.metric: _pairs_on(paired, guard.metric)
        for guard in registration.guards
        # A single run shows a guard only if it would show the same again.
        if exact is None or guard.metric in exact
    }
    known = {(spread.pairs, spread.inputs): spread for spread in spreads}
    examples = {
        count: Examples(spread.count, spread.variance)
        for count in (registration.repeats if known else ())
        if (spread := known.get((count, inputs_of(paired[:count]))))
    }
    return judge(
        design_of(registration),
        _pairs_on(paired, metric),
        failed,
        guards=guards,
        examples=examples,
    )


def as_explored(judgement: Judgement, why: str) -> Judgement:
    """Make the verdict EXPLORATORY where the runs skipped the gate, for the reason `why`."""
    if not why or judgement.verdict is None:
        return judgement
    return replace(judgement, verdict=Verdict.EXPLORATORY, reason=f"not gated: {why}")


def design_of(registration: Registration) -> Design:
    """What a registration asks of the runs."""
    return Design(
        criterion=registration.criterion,
        looks=registration.repeats,
        level=registration.level,
        widening=registration.widening,
        guards=registration.guards,
        seeded=registration.seeded,
        by_examples=registration.by_examples,
    )


def exact_metrics(baseline: Iterable[Record], metric: str) -> frozenset[str] | None:
    """Metrics that were the same when a trainer without seeds ran twice; None before it did."""
    runs = list(baseline)
    conditions = {record.condition for record in runs}
    twice = [
        found
        for condition in conditions
        if len(found := first_good(runs, PROOF, metric, [condition])) == len(PROOF)
    ]
    if not twice:
        return None
    return frozenset.intersection(
        *(
            frozenset(dict(both[PROOF[0]].metrics.items() & both[PROOF[1]].metrics.items()))
            for both in twice
        )
    )


def _pairs_on(paired: Iterable[tuple[Record, Record]], metric: str) -> list[Pair]:
    return [
        Pair(mine.seed, partner.metrics[metric], mine.metrics[metric])
        for partner, mine in paired
        if metric in partner.metrics and metric in mine.metrics
    ]
