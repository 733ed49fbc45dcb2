"""The verdict on an experiment, from its registration and its records."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from gitexp.rules.documents.record import PROOF
from gitexp.rules.verdict.attempts import count_attempts, given_up
from gitexp.rules.verdict.code_below import code_altered, held_against_code, say_code
from gitexp.rules.verdict.failed_runs import (
    FAILED_RUNS,
    Suspects,
    say_without_score,
    say_worst,
    suspects,
)
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.next_block import UNLUCKY, held_against_next_block
from gitexp.rules.verdict.objections import AT_ONCE, first_objection
from gitexp.rules.verdict.objections.conflict import in_conflict, in_opposition
from gitexp.rules.verdict.objections.evidence import Evidence, Objection
from gitexp.rules.verdict.objections.moved import baseline_moved
from gitexp.rules.verdict.objections.remarks import remarks
from gitexp.rules.verdict.one_run import judge_one_run
from gitexp.rules.verdict.pairs import compared, first_good, inputs_of
from gitexp.rules.verdict.ties import Ties, repeatable_metrics, ties_of
from gitexp.rules.verdict.verdict import Design, Examples, Judgement, Pair, Verdict, close

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.example_spread import ExampleSpread
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.failed_runs import SuspectsAt


def judge_records(
    registration: Registration,
    baseline: Iterable[Record],
    records: Iterable[Record],
    spreads: Iterable[ExampleSpread] = (),
    checks: Iterable[Check] = (),
    contested: Sequence[tuple[Record, ...]] = (),
    opposed: Sequence[tuple[Record, Record]] = (),
) -> Judgement:
    """Pair records by seed and condition, and judge them by the rules that were registered.

    Under rules 2, what is on record beside the scores may object to a verdict. `contested` are
    groups of records of one run of which nobody can tell which was first, and `opposed` are records
    of one run of which one has to be wrong.
    """
    baseline, records = list(baseline), list(records)
    spreads, checks = list(spreads), list(checks)
    judgement = _judge_once(registration, baseline, records, spreads, checks)
    if registration.rules < 2 or judgement.verdict is None or not (contested or opposed):
        return judgement

    def chosen(choice: Sequence[Record]) -> Judgement:
        dropped = {one.line() for group in contested for one in group if one not in choice}
        left = [[r for r in arm if r.line() not in dropped] for arm in (baseline, records)]
        return _judge_once(registration, left[0], left[1], spreads, checks)

    seeds = registration.registered_seeds()[: judgement.pairs]
    compared = [record for record in records if record.ok and record.seed in seeds]
    objection = in_opposition(opposed, compared) or in_conflict(contested, judgement, chosen)
    if objection is None:
        return judgement
    return _inconclusive(objection, judgement.look, judgement.pairs)


def _judge_once(
    registration: Registration,
    baseline: Sequence[Record],
    records: Sequence[Record],
    spreads: Sequence[ExampleSpread],
    checks: Sequence[Check],
) -> Judgement:
    """Judge by the records as they are, whatever else might have been chosen."""
    metric = registration.criterion.metric
    paired, failed = _paired(registration, baseline, records)
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
    design = design_of(registration)
    suspected = _suspects(registration, records, checks)
    examples = _examples(registration, paired, spreads)
    ties = _ties(registration, paired, baseline)
    if registration.borrowed:
        judgement = judge_one_run(
            design,
            paired[0][1].metrics[metric] if paired else None,
            [base.metrics[metric] for base, _ in paired],
            examples.get(registration.borrowed),
            failed=bool(failed),
            identical=ties(metric, 1).identical if paired else False,
        )
        # Alone, it has no pair that is worse.
        if judgement.verdict is Verdict.CONFIRMED and suspected(1).seeds:
            judgement = close(judgement, Verdict.INCONCLUSIVE, FAILED_RUNS)
    else:
        judgement = judge(
            design,
            _pairs_on(paired, metric),
            failed,
            guards=guards,
            examples=examples,
            ties=ties,
            baseline=_whole_baseline(design, registration, paired, baseline),
            suspects=suspected,
        )
    if registration.rules < 2:
        return judgement
    return _heard(judgement, registration, paired, baseline, records, tuple(checks))


def _suspects(
    registration: Registration, records: Sequence[Record], checks: Sequence[Check]
) -> SuspectsAt:
    """Tell the seeds of a look whose scores failed runs may have chosen; rules 1 suspect none."""

    def among(count: int) -> Suspects:
        if registration.rules < 2:
            return Suspects()
        seeds = {*registration.registered_seeds()[:count]}
        return suspects([record for record in records if record.seed in seeds], checks)

    return among


def _paired(
    registration: Registration, baseline: Sequence[Record], records: Sequence[Record]
) -> tuple[list[tuple[Record, Record]], list[int]]:
    """The pairs that are compared, and the seeds that failed; rules 2 compare none behind such."""
    paired, failed = compared(registration, baseline, records)
    if registration.rules < 2:
        return paired, failed
    failed = given_up(registration.registered_seeds(), records, registration.criterion.metric)
    lost = next((at for at, (_, mine) in enumerate(paired) if mine.seed in failed), None)
    return paired[:lost], failed


def _examples(
    registration: Registration,
    paired: Sequence[tuple[Record, Record]],
    spreads: Iterable[ExampleSpread],
) -> dict[int, Examples]:
    """What the examples say at each look, where it was computed from just these pairs."""
    known = {(spread.pairs, spread.inputs): spread for spread in spreads}
    return {
        count: Examples(spread.count, spread.variance)
        for count in (registration.comparisons if known else ())
        if (spread := known.get((count, inputs_of(paired[:count]))))
    }


def _ties(
    registration: Registration,
    paired: Sequence[tuple[Record, Record]],
    baseline: Sequence[Record],
) -> Callable[[str, int], Ties]:
    """What is known of equal scores, computed where it is asked for."""
    limits = (registration.criterion, *(guard.limit for guard in registration.guards))
    scales = {limit.metric: limit.scale for limit in limits}

    def ties(metric: str, count: int) -> Ties:
        repeatable = repeatable_metrics(_repeats(baseline))
        return ties_of(paired[:count], metric, scales[metric], repeatable)

    return ties


def _repeats(baseline: Iterable[Record]) -> list[tuple[Record, Record]]:
    """Runs of the baseline that were made twice: same seed, same condition."""
    first: dict[tuple[int, str], Record] = {}
    twice = []
    for record in baseline:
        if record.ok:
            known = first.setdefault((record.seed, record.condition), record)
            twice += [(known, record)] if known is not record else []
    return twice


def _whole_baseline(
    design: Design,
    registration: Registration,
    paired: Sequence[tuple[Record, Record]],
    baseline: Sequence[Record],
) -> list[float]:
    """The baseline's scores on all registered seeds in the condition of the pairs, if needed."""
    if not design.needs_whole_baseline:
        return []
    metric, seeds = registration.criterion.metric, registration.registered_seeds()
    conditions = list(dict.fromkeys(mine.condition for _, mine in paired))
    found = first_good(baseline, seeds, metric, conditions)
    return [record.metrics[metric] for record in found.values()]


def _heard(
    judgement: Judgement,
    registration: Registration,
    paired: Sequence[tuple[Record, Record]],
    baseline: Sequence[Record],
    records: Sequence[Record],
    checks: tuple[Check, ...],
) -> Judgement:
    """Hear what objects to a judgement: it counts up to the look that decides, never beyond."""

    @functools.cache
    def evidence(count: int) -> Evidence:
        seeds = {*registration.registered_seeds()[:count]}
        first, second = (tuple(r for r in a if r.seed in seeds) for a in (baseline, records))
        return Evidence(registration, tuple(paired[:count]), first, second, checks)

    # Most have no code commit and nothing to remark, and a copy takes as long as a look.
    if code := say_code(registration, checks):
        judgement = judgement._replace(code=code)
    ran = registration.code and any(record.ok for record in records)
    if ran and (objection := code_altered(checks)):
        return _inconclusive(objection, judgement.look, judgement.pairs)
    looks = registration.comparisons
    decided = judgement.look if judgement.verdict is not None else len(looks)
    for look, count in enumerate(looks[:decided], start=1):
        if count > len(paired):
            break
        if objection := first_objection(AT_ONCE, evidence(count)):
            return _inconclusive(objection, look, count)
    if judgement.verdict is not None and judgement.look:
        known = evidence(looks[judgement.look - 1])
        if objection := baseline_moved(known) or _chosen(judgement, known):
            return _inconclusive(objection, judgement.look, len(known.pairs))
    judgement = held_against_code(judgement, registration, paired[: judgement.pairs], checks)
    judgement = held_against_next_block(judgement, registration, paired, baseline, checks)
    if judgement.block or judgement.reason == UNLUCKY:
        return judgement
    if judgement.verdict is None:
        # Whatever was compared before, nothing can be compared now.
        objection = baseline_moved(Evidence(registration, (), checks=checks))
        return _inconclusive(objection, 0, 0) if objection else judgement
    # Nothing speaks against the verdict, but whoever reads it should know.
    count = looks[judgement.look - 1] if judgement.look else looks[-1]
    if not (remarked := remarks(evidence(count))):
        return judgement
    return judgement._replace(
        detail="; ".join(filter(None, (judgement.detail, remarked))),
        failed=count_attempts(evidence(count).candidate).failed,
    )


def _chosen(judgement: Judgement, known: Evidence) -> Objection | None:
    """What to say where a gain rests on scores that failed runs may have chosen."""
    if judgement.reason != FAILED_RUNS:
        return None
    said = say_without_score(known.candidate, known.baseline, known.checks)
    seeds = suspects(known.candidate, known.checks).seeds
    return Objection(FAILED_RUNS, f"{said}; no gain is shown where {say_worst(seeds)}")


def _inconclusive(objection: Objection, look: int, pairs: int) -> Judgement:
    """A judgement without figures: what the runs cannot show, no number should seem to."""
    return Judgement(
        Verdict.INCONCLUSIVE, objection.reason, look, pairs, None, detail=objection.detail
    )


def as_explored(judgement: Judgement, why: str) -> Judgement:
    """Make the verdict EXPLORATORY where the runs skipped the gate, for the reason `why`."""
    if not why or judgement.verdict is None:
        return judgement
    return judgement._replace(verdict=Verdict.EXPLORATORY, reason=f"not gated: {why}")


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
        borrowed=registration.borrowed,
        rules=registration.rules,
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
