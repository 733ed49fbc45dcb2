"""Where a project stands as a whole: its campaign, gains claimed and measured, its test sets."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import Change
from gitexp.rules.documents.settings import Settings
from gitexp.rules.plan.evidence import EvidenceCount, count_evidence
from gitexp.rules.verdict import figures, student_t
from gitexp.rules.verdict.campaign import Member, count_places, false_expected, next_place
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.documents.summary import Summary

# Parts of words by which people name what a key is about; the first topic that matches counts.
_TOPICS = (
    ("data", ("data", "augment", "split", "sampl", "balance", "class_weight")),
    ("features", ("feature", "input", "preprocess", "token", "vocab", "scal", "encod")),
    ("training", ("train", "optim", "lr", "learning", "sched", "batch", "epoch", "loss", "warm")),
    ("model", ("model", "net", "arch", "layer", "hidden", "kernel", "head", "dropout", "preset")),
)


@dataclass(frozen=True, slots=True)
class LadderGains:
    """Gains of accepted experiments, in the project's metric.

    `claimed` is the sum of the effects with which they were confirmed. `measured` is the mean at
    the present tip less the mean where the first of them began, `within` its 95 % half-width; None
    until both ends have 3 runs in one condition.
    """

    accepted: int
    claimed: float
    measured: float | None
    within: float | None

    @property
    def claimed_said(self) -> str:
        """What was claimed, rounded as what was measured."""
        if self.measured is None:
            return figures.rough(self.claimed, sign=True)
        return figures.rounded_like(self.claimed, self.within or 0.0, sign=True)


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the project's own campaign, its ladder, and its test sets.

    `all_confirmed` counts over all campaigns on the metric, and `false_expected` is how many of
    these may be false, `added` how many the campaign adds to them. `asked` is the number of
    experiments that used the most used set of examples, `sets` the number of such sets; None if
    records do not name them. `shares` divides the confirmed gain by the kind of change, `evidence`
    counts the verdicts by what the hypotheses rested on.
    """

    metric: str
    campaign: int
    taken: int
    planned: int
    confirmed: int
    next_level: float
    all_confirmed: int
    false_expected: float
    added: float
    ladder: LadderGains | None
    asked: int | None
    sets: int | None
    shares: dict[str, float]
    evidence: tuple[EvidenceCount, ...]


Past = tuple["Registration | None", "Summary"]  # one experiment


def sum_up(
    settings: Settings,
    members: Sequence[Member],
    past: Sequence[Past],
    ladder: LadderGains | None,
) -> Standing:
    """Sum up all experiments of a project."""
    metric, planned, budget = settings.metric, settings.planned, settings.error_budget
    place = next_place(members, metric, planned=planned, budget=budget)
    mine = [member for member in members if member.current and _is_on(member, metric)]
    # A campaign that is full is shown as it is, until the next one has begun.
    is_full = place.number == 1 and any(member.campaign == place.campaign - 1 for member in mine)
    campaign = place.campaign - is_full
    taken, confirmed = count_places(members, metric, campaign)
    within = [member for member in members if member.campaign == campaign]
    uses = _uses_of_examples([summary for _, summary in past], fixed=settings.vary != "split")
    return Standing(
        metric=metric,
        campaign=campaign,
        taken=taken,
        planned=planned,
        confirmed=confirmed,
        next_level=place.level,
        all_confirmed=sum(m.verdict == "CONFIRMED" for m in members if _is_on(m, metric)),
        false_expected=false_expected(members, metric),
        added=false_expected(within, metric),
        ladder=ladder,
        asked=None if uses is None else max(uses.values(), default=0),
        sets=None if uses is None else len(uses),
        shares=_gain_shares(past, metric),
        evidence=count_evidence(
            (dict(registration.extra).get("Evidence", ""), summary.verdict is Verdict.CONFIRMED)
            for registration, summary in past
            if registration is not None and summary.verdict is not None
        ),
    )


def _is_on(member: Member, metric: str) -> bool:
    return member.measured and member.metric == metric


def _gain_shares(past: Iterable[Past], metric: str) -> dict[str, float]:
    """Shares of the confirmed gain by kind of change, largest first."""
    gains: dict[str, float] = {}
    for registration, summary in past:
        effect = _effect_on(metric, registration, summary)
        if registration and effect and summary.verdict is Verdict.CONFIRMED:
            kind = topic_of(registration.change)
            gains[kind] = gains.get(kind, 0.0) + effect
    total = sum(gains.values())
    order = sorted(gains, key=lambda kind: -gains[kind])
    return {kind: gains[kind] / total for kind in order}


def _uses_of_examples(summaries: Iterable[Summary], *, fixed: bool) -> Counter[str] | None:
    """In how many experiments each set of examples was used."""
    measured = [summary for summary in summaries if summary.seconds]
    if any(summary.ids for summary in measured):
        return Counter(name for summary in measured for name in summary.ids)
    # Without names there is one set where the split is fixed, and nothing to count where it is not.
    return Counter({"": len(measured)}) if fixed and measured else None


def _effect_on(metric: str, registration: Registration | None, summary: Summary) -> float | None:
    """Effect on a metric in its own unit, positive where it is better; None for other criteria."""
    if registration is None or summary.judgement is None:
        return None
    criterion = registration.criterion
    if (criterion.metric, criterion.scale) != (metric, Scale.DIFFERENCE):
        return None
    return summary.judgement.effect


def claims_gain(metric: str, registration: Registration | None, summary: Summary) -> bool:
    """Whether an accepted experiment claims a gain in the metric."""
    return _effect_on(metric, registration, summary) is not None


def ladder_gains(
    metric: str, rungs: Sequence[Past], before: Sequence[Record], after: Sequence[Record]
) -> LadderGains:
    """Add up what accepted experiments claimed, and compare the ladder's two ends."""
    claimed = math.fsum(
        registration.criterion.sign * (_effect_on(metric, registration, summary) or 0.0)
        for registration, summary in rungs
        if registration
    )
    return LadderGains(len(rungs), claimed, *(_difference(before, after, metric) or (None, None)))


def _difference(
    before: Sequence[Record], after: Sequence[Record], metric: str
) -> tuple[float, float] | None:
    """Difference of means over runs that share a condition, not seeds, and its 95 % half-width.

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


def topic_of(change: Change) -> str:
    """Return the topic of a change, judged by the names in its key."""
    # The last name says most: `model.class_weight` is about the data.
    for name in reversed(change.spelled_key.lower().split(".")):
        for topic, parts in _TOPICS:
            if any(part in name for part in parts):
                return topic
    return "other"
