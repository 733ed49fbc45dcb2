"""Per-example evidence, computed again from the outcomes that the runs stored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.audit.inventory import Inventory, label_of, name_of
from gitexp.lab.measuring.evidence import weigh_examples
from gitexp.lab.progress import counted_off
from gitexp.rules.documents.example_spread import ExampleSpread, parse_spreads
from gitexp.rules.documents.outcomes import Key, Outcomes, parse_outcomes
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted
from gitexp.rules.verdict.pairs import compared, inputs_of
from gitexp.store.notes import each_note
from gitexp.store.refs import BULK

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.statistics.resampling import Resampler

_CLOSE = 1e-6  # relative; what examples say is stored with at least six digits


def about_examples(inventory: Inventory) -> Iterator[Finding]:
    """Find stored per-example figures that do not follow from the outcomes of their runs."""
    asked: dict[str, list[_Claim]] = {}
    for result in inventory.held:
        if claim := _claim(result):
            asked.setdefault(result.entry.base, []).append(claim)
    if not asked:
        return
    from gitexp.statistics.resampling import Resampler  # NumPy

    # The baseline's outcomes are read once for all experiments on it.
    order = [c for base, claims in asked.items() for c in (base, *(c.commit for c in claims))]
    texts = (text for _, text in each_note(inventory.project.repository, BULK, order))
    resampler, every = Resampler(), [claim for claims in asked.values() for claim in claims]
    counted_claims = counted_off("checking per-example evidence", every, len(every))
    for claims in asked.values():
        baseline = parse_outcomes(next(texts), {key for claim in claims for key in claim.baseline})
        for claim in islice(counted_claims, len(claims)):
            candidate = parse_outcomes(next(texts), {*claim.candidate})
            for spread in claim.spreads:
                if finding := _recomputed(claim, spread, baseline, candidate, resampler):
                    yield finding


@dataclass(frozen=True, slots=True)
class _Claim:
    """What an experiment's examples are said to show, and the runs of both arms, pair by pair."""

    result: Result
    criterion: Criterion
    spreads: tuple[ExampleSpread, ...]
    baseline: tuple[Key, ...]
    candidate: tuple[Key, ...]

    @property
    def commit(self) -> str:
        """The experiment's commit."""
        return self.result.entry.commit


def _claim(result: Result) -> _Claim | None:
    """What a verdict relies on; None where examples play no part."""
    registration = result.registration
    if registration is None or not registration.by_examples:
        return None
    pairs, _ = compared(registration, result.baseline_held.records, result.held.records)
    used = tuple(
        spread
        for spread in parse_spreads(result.entry.runs)
        if 0 < spread.pairs <= len(pairs) and spread.inputs == inputs_of(pairs[: spread.pairs])
    )
    if not used:
        return None
    baseline, candidate = (
        tuple((r.seed, r.attempt, r.condition) for r in arm) for arm in zip(*pairs, strict=True)
    )
    return _Claim(result, registration.criterion, used, baseline, candidate)


def _recomputed(
    claim: _Claim,
    spread: ExampleSpread,
    baseline: Mapping[Key, Outcomes],
    candidate: Mapping[Key, Outcomes],
    resampler: Resampler,
) -> Finding | None:
    """Compute one look's figures again, and compare them with the stored ones."""
    look = f"{label_of(claim.result)} at {counted(spread.pairs, 'pair')}"
    try:
        before = [baseline[key] for key in claim.baseline[: spread.pairs]]
        after = [candidate[key] for key in claim.candidate[: spread.pairs]]
    except KeyError:
        return Finding(
            "V7",
            f"the per-example outcomes behind {look} are not here, so what they say cannot be"
            " recomputed",
            "gitexp sync fetches them, if a remote has them",
            advice=True,
        )
    try:
        variance, count = weigh_examples(claim.criterion, before, after, resampler)
    except NotReady as error:
        given = error.message
    else:
        if count == spread.count and math.isclose(variance, spread.variance, rel_tol=_CLOSE):
            return None
        given = _figures(variance, count)
    return Finding(
        "V6",
        f"what the examples say of {look} is not what its outcomes give\n"
        f"  note:     {_figures(spread.variance, spread.count)}\n  outcomes: {given}",
        f"git notes --ref=gitexp-runs edit {claim.commit[:10]} lets you delete the line; then"
        f" gitexp run {name_of(claim.result)} computes it again",
    )


def _figures(variance: float, count: int) -> str:
    return f"variance {variance:.6g} over {counted(count, 'example')}"
