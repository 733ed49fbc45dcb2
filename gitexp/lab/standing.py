"""Where the whole log stands: places left in the campaign, gains claimed and gains measured."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.design import records_like_tip
from gitexp.lab.log import is_confirmed
from gitexp.lab.results import place_of_next
from gitexp.rules.plan.topic import topic_of
from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.campaign import count, error_bound
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.log import Row
    from gitexp.lab.project import Project
    from gitexp.lab.result import Result
    from gitexp.rules.documents.record import Record


@dataclass(frozen=True, slots=True)
class Ladder:
    """Gains of accepted experiments, in the project's metric.

    `claimed` sums what each was confirmed with; `measured` is the mean at the present tip less the
    mean where the first began, with its 95 % half-width; None until both ends have 3 runs of one
    condition.
    """

    accepted: int
    claimed: float
    measured: float | None
    within: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the project's own campaign, its ladder, and its validation sets.

    `bound` is the share of false confirmations that the campaign allows, more than the budget only
    where clones overran the plan. `asked` is how many experiments the set of examples answered that
    was asked most, `sets` how many sets there were; None where nothing names them. `shares` divides
    the confirmed gain by the kind of change that brought it.
    """

    metric: str
    campaign: int
    taken: int
    planned: int
    confirmed: int
    next_level: float
    bound: float
    ladder: Ladder | None
    asked: int | None
    sets: int | None
    shares: dict[str, float]


def standing(project: Project, rows: Sequence[Row]) -> Standing:
    """Sum up a log that holds all experiments."""
    settings, results = project.settings, [row.result for row in rows]
    place = place_of_next(results, settings.metric, settings)
    members = [member for result in results if (member := result.member())]
    campaign = place.campaign - (place.number == 1 and place.campaign > 1)
    taken, confirmed = count(members, settings.metric, campaign)
    asked = _asked(results, fixed=settings.vary != "split")
    return Standing(
        metric=settings.metric,
        campaign=campaign,
        taken=taken,
        planned=settings.planned,
        confirmed=confirmed,
        next_level=place.level,
        bound=error_bound(taken, planned=settings.planned, budget=settings.error_budget),
        ladder=_ladder(project, [row.result for row in rows if row.state == "accepted"]),
        asked=max(asked.values(), default=0) if asked is not None else None,
        sets=len(asked) if asked is not None else None,
        shares=_shares(results, settings.metric),
    )


def _shares(results: Sequence[Result], metric: str) -> dict[str, float]:
    """Shares of the confirmed gain by kind of change, largest first."""
    gains: dict[str, float] = {}
    for result in results:
        registration, judgement = result.registration, result.judgement
        if registration is None or judgement is None or not is_confirmed(result):
            continue
        criterion = registration.criterion
        if (criterion.metric, criterion.scale) == (metric, Scale.DIFFERENCE) and judgement.effect:
            kind = topic_of(registration.change)
            gains[kind] = gains.get(kind, 0.0) + judgement.effect
    total = sum(gains.values())
    order = sorted(gains, key=lambda kind: -gains[kind])
    return {kind: gains[kind] / total for kind in order}


def _asked(results: Sequence[Result], *, fixed: bool) -> Counter[str] | None:
    """How many experiments each set of examples has answered."""
    measured = [result for result in results if result.summary.seconds]
    named = [result.summary.ids for result in measured]
    if any(named):
        return Counter(name for names in named for name in names)
    # Without names there is one set where the split is fixed, and nothing to count where it is not.
    return Counter({"": len(measured)}) if fixed and measured else None


def _ladder(project: Project, accepted: Sequence[Result]) -> Ladder | None:
    metric = project.settings.metric
    steps = [
        result
        for result in accepted
        if result.registration
        and result.judgement
        and result.judgement.effect is not None
        and result.registration.criterion.metric == metric
        and result.registration.criterion.scale is Scale.DIFFERENCE
    ]
    if not steps:
        return None
    claimed = math.fsum(
        result.registration.criterion.sign * (result.judgement.effect or 0)
        for result in steps
        if result.registration and result.judgement
    )
    gain = _gain(steps[-1].baseline_records, records_like_tip(project), metric)
    return Ladder(len(steps), claimed, *(gain or (None, None)))


def _gain(
    before: Sequence[Record], after: Sequence[Record], metric: str
) -> tuple[float, float] | None:
    """Difference of means over runs that share a condition but no seed, and its 95 % half-width.

    Source: Welch (1947), for two samples of unequal variance.
    """
    both = {record.condition for record in before} & {record.condition for record in after}
    for condition in sorted(both):
        old, new = (
            [r.metrics[metric] for r in first_good(side, seeds, metric, [condition]).values()]
            for side in (before, after)
            for seeds in [{record.seed for record in side}]
        )
        if min(len(old), len(new)) < 3:
            continue
        parts = [statistics.variance(values) / len(values) for values in (old, new)]
        error = math.sqrt(sum(parts))
        mean = statistics.fmean(new) - statistics.fmean(old)
        if not error:
            return mean, 0.0
        freedom = sum(parts) ** 2 / sum(
            part**2 / (len(values) - 1) for part, values in zip(parts, (old, new), strict=True)
        )
        return mean, -student_t.ppf(0.025, max(freedom, 1.0)) * error
    return None
