"""The error budget over a series of experiments: levels by campaign (LOND with uniform levels).

Fifty changes that do nothing, tried one after the other on one validation set, look like 4.8 points
of progress if whatever went up is kept; with the budget below they look like a quarter of a point.
Source: Javanmard & Montanari (2018), section 2, with the number of experiments planned beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.plan.seeds import APART, REGISTERED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Member:
    """An experiment as its campaign counts it; it takes its place with its first record.

    `base` is its baseline commit; unless it is `current`, the protocol has changed since.
    """

    registration: Registration
    measured: bool
    verdict: Verdict | None
    base: str = ""
    current: bool = True

    @property
    def discovery(self) -> tuple[str, str]:
        """What it found if it was confirmed: that this key of this baseline can be improved.

        Commits that alter no run make no other baseline: they leave its seeds as they are.
        """
        first, base = self.registration.seeds[0], self.base
        if first >= REGISTERED[0]:
            base = str(first % APART)  # the same in all of its blocks
        return base, self.registration.change.place


@dataclass(frozen=True, slots=True)
class Place:
    """Place of the next experiment: its campaign, its number there (from 1) and its level."""

    campaign: int
    number: int
    level: float


def campaign_level(budget: float, planned: int, confirmed: int) -> float:
    """One-sided level of the next experiment in a campaign with `confirmed` confirmations so far.

    Each confirmation raises it: among more confirmations, more false ones stay within the share
    `budget`. The level never exceeds `budget`.

    Raises:
        ValueError: `budget` is not above 0 and at most 0.5, `planned` under 1, `confirmed` under 0.

    Source: LOND with uniform levels, Javanmard & Montanari (2015).
    """
    if not 0 < budget <= 0.5:
        raise ValueError(f"an error budget is above 0 and at most 0.5, not {budget}")
    if planned < 1 or confirmed < 0:
        raise ValueError(f"a campaign cannot plan {planned} and confirm {confirmed} experiments")
    return min(budget, budget * (confirmed + 1) / planned)


def next_place(members: Iterable[Member], metric: str, *, planned: int, budget: float) -> Place:
    """Find the next place among all experiments on the metric known so far.

    A change of protocol opens a new campaign: what was confirmed before it says nothing about
    results after it.
    """
    mine = [m for m in members if m.registration.criterion.metric == metric]
    latest = max((m.registration.campaign for m in mine), default=0)
    campaign = max((m.registration.campaign for m in mine if m.current), default=latest + 1)
    taken, _ = count_places(mine, metric, campaign)
    if taken >= planned:
        return Place(latest + 1, 1, campaign_level(budget, planned, 0))
    # A replication, or a further value of the same key, takes a place but discovers nothing new.
    found = {
        m.discovery
        for m in mine
        if m.current
        and m.measured
        and m.registration.campaign == campaign
        and m.verdict == "CONFIRMED"
    }
    return Place(campaign, taken + 1, campaign_level(budget, planned, len(found)))


def count_places(members: Iterable[Member], metric: str, campaign: int) -> tuple[int, int]:
    """Count places taken and experiments confirmed in one campaign; exploratory ones take none."""
    within = [
        m
        for m in members
        if m.measured
        and m.registration.campaign == campaign
        and m.registration.criterion.metric == metric
    ]
    if not within:
        return 0, 0
    # Loaded late: a hook does not need it if nothing was measured.
    from gitexp.rules.verdict.verdict import Verdict

    return (
        sum(m.verdict is not Verdict.EXPLORATORY for m in within),
        sum(m.verdict is Verdict.CONFIRMED for m in within),
    )


def count_confirmed(registration: Registration, confirmed: Iterable[Member]) -> int:
    """Count confirmed members of a campaign as the rules of this registration do.

    Under rules 1 every experiment counts, under rules 2 every discovery.
    """
    members = list(confirmed)
    return len(members) if registration.rules < 2 else len({m.discovery for m in members})


def false_expected(members: Iterable[Member], metric: str) -> float:
    """Number of false confirmations to expect at most, over all campaigns on a metric.

    That is the sum of the levels spent: what would be confirmed if no change did anything.
    """
    return math.fsum(
        m.registration.level
        for m in members
        if m.measured and m.registration.criterion.metric == metric and m.verdict != "EXPLORATORY"
    )
