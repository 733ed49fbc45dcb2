"""Per-example evidence: how much a difference would vary with other test examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.measuring.stored_outcomes import stored_outcomes
from gitexp.rules.documents.example_spread import ExampleSpread
from gitexp.rules.verdict.criterion import Criterion, Scale
from gitexp.rules.verdict.pairs import compared, inputs_of
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.outcomes import Outcomes
    from gitexp.rules.documents.registration import Registration
    from gitexp.statistics.resampling import Resampler

_SAME_UNIT = 0.01  # relative; how far a reported score may be from the one that outcomes give


def store_evidence(ledger: Ledger, registration: Registration, base: str, commit: str) -> None:
    """Compute and store what the examples say, for each look whose runs are complete.

    Raises:
        NotReady: outcomes are missing, or the two arms have no example in common.
    """
    if not registration.by_examples:
        return
    criterion = registration.criterion
    pairs, _ = compared(registration, ledger.records(base), ledger.records(commit))
    done = {(spread.pairs, spread.inputs) for spread in ledger.spreads}
    lines = []
    for count in registration.comparisons:
        inputs = inputs_of(pairs[:count])
        if count > len(pairs) or (count, inputs) in done:
            continue
        baseline = stored_outcomes(ledger.repository, base, [record for record, _ in pairs[:count]])
        candidate = stored_outcomes(
            ledger.repository, commit, [record for _, record in pairs[:count]]
        )
        _demand_unit(criterion, candidate[0], pairs[0][1].metrics[criterion.metric])
        variance, n = weigh_examples(criterion, baseline, candidate)
        lines.append(ExampleSpread(count, inputs, n, variance).line())
    if lines:
        append_lines(ledger.repository, RUNS, {commit: lines})
        ledger.read(commit)


def weigh_examples(
    criterion: Criterion,
    baseline: Sequence[Outcomes],
    candidate: Sequence[Outcomes],
    resampler: Resampler | None = None,
) -> tuple[float, int]:
    """Variance of the mean difference over examples, and the number of examples.

    Pass one `resampler` for experiments that share runs of a baseline.

    Raises:
        NotReady: these outcomes do not give it.
    """
    from gitexp.statistics.examples import example_variance  # NumPy

    alone = criterion.scale is Scale.CONSTANT
    try:
        return example_variance(
            criterion.metric, None if alone else baseline, candidate,
            percent=criterion.scale is Scale.PERCENT, resampler=resampler,
        )  # fmt: skip
    except ValueError as error:
        raise NotReady(
            f"the examples cannot be used: {error}",
            "give a row the same id in every run (ids= of gitexp.predictions) on the baseline, then"
            " register the change again: gitexp retest",
        ) from None


def _demand_unit(criterion: Criterion, outcomes: Outcomes, reported: float) -> None:
    """Refuse a score in another unit than its own examples give, such as percent.

    Raises:
        NotReady: they differ by more than rounding.
    """
    from gitexp.statistics.recompute import recompute  # scikit-learn

    computed = recompute(criterion.metric, outcomes) if outcomes.complete else None
    if computed is None or math.isclose(computed, reported, rel_tol=_SAME_UNIT, abs_tol=1e-9):
        return
    raise NotReady(
        f"{criterion.metric} was reported as {reported:g}, but the predictions give {computed:g}",
        "report the metric that the predictions give, or remove `predictions` from the settings:"
        " then experiments are judged by their scores",
    )
