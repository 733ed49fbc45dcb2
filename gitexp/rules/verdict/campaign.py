"""The error budget over a stream of experiments: levels by campaign (LOND with uniform levels).

Fifty do-nothing changes tried one after the other on one validation set look like 4.8 points of
progress when whatever went up is kept; with the budget below they look like a quarter of a point.
Source: Javanmard & Montanari (2018), section 2, with the number of experiments planned beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """An experiment as the campaign counts it; it takes its place with its first record."""

    registration: Registration
    measured: bool
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next experiment stands: campaign, its place in it (from 1) and its level."""

    campaign: int
    number: int
    level: float


def campaign_level(budget: float, planned: int, confirmed: int) -> float:
    """One-sided level of the next experiment in a campaign with `confirmed` confirmations so far.

    Each confirmation pays for more, as it lets one more false one stay within the share `budget` of
    all that is confirmed; the level never exceeds `budget`.

    Raises:
        ValueError: `budget` is not above 0 and at most 0.5, `planned` under 1, `confirmed` under 0.

    Source: LOND with uniform levels, Javanmard & Montanari (2015).
    """
    if not 0 < budget <= 0.5:
        raise ValueError(f"an error budget lies above 0 and at most at 0.5, not at {budget}")
    if planned < 1 or confirmed < 0:
        raise ValueError(f"no campaign has {planned} planned and {confirmed} confirmed experiments")
    return min(budget, budget * (confirmed + 1) / planned)


def next_place(standings: Iterable[Standing], metric: str, *, planned: int, budget: float) -> Place:
    """Find the next place among all experiments on the metric known so far."""
    mine = [s for s in standings if s.registration.criterion.metric == metric]
    campaign = max((s.registration.campaign for s in mine), default=1)
    taken, confirmed = count(mine, metric, campaign)
    if taken >= planned:
        campaign, taken, confirmed = campaign + 1, 0, 0
    return Place(campaign, taken + 1, campaign_level(budget, planned, confirmed))


def count(standings: Iterable[Standing], metric: str, campaign: int) -> tuple[int, int]:
    """Count places taken and experiments confirmed in one campaign; exploratory ones take none."""
    within = [
        s
        for s in standings
        if s.measured
        and s.registration.campaign == campaign
        and s.registration.criterion.metric == metric
    ]
    if not within:
        return 0, 0
    from gitexp.rules.verdict.verdict import (
        Verdict,  # a hook where nothing was measured does without
    )

    return (
        sum(s.verdict is not Verdict.EXPLORATORY for s in within),
        sum(s.verdict is Verdict.CONFIRMED for s in within),
    )


def error_bound(taken: int, *, planned: int, budget: float) -> float:
    """Most that the share of false ones among a campaign's confirmations may be, in the long run.

    Within the plan that is the budget; where clones overran it, every place beyond adds its part.
    """
    return min(1.0, budget * max(1.0, taken / planned))
