"""The error budget over a series of experiments: levels by campaign (LOND with uniform levels).

Fifty changes that do nothing, tried one after the other on one validation set, look like 4.8 points
of progress if whatever went up is kept; with the budget below they look like a quarter of a point.
Source: Javanmard & Montanari (2018), section 2, with the number of experiments planned beforehand.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, NamedTuple, Self

from gitexp.rules.plan.seeds import APART, REGISTERED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Verdict


class Member(NamedTuple):
    """An experiment as its campaign counts it; it takes its place with its first record.

    `project` to `level` are as registered, `seed` is the first of its seeds and `changed` the
    file and the key that it changes. `base` is its baseline commit; unless it is `current`, the
    protocol has changed since.
    """

    project: str
    metric: str
    campaign: int
    level: float
    seed: int
    changed: str
    measured: bool
    verdict: Verdict | None
    base: str = ""
    current: bool = True

    @classmethod
    def of(
        cls, registration: Registration, verdict: Verdict | None, base: str = "", *, measured: bool
    ) -> Self:
        """Take from a registration what its campaign asks for."""
        return cls(
            registration.project, registration.criterion.metric, registration.campaign,
            registration.level, registration.seeds[0], registration.change.place,
            measured, verdict, base,
        )  # fmt: skip

    @property
    def discovery(self) -> tuple[str, str]:
        """What it found if it was confirmed: that this key of this baseline can be improved.

        Commits that alter no run make no other baseline: they leave its seeds as they are.
        """
        base = self.base
        if self.seed >= REGISTERED[0]:
            base = str(self.seed % APART)  # the same in all of its blocks
        return base, self.changed


def member_text(member: Member | None) -> str:
    """Write what a member has of its registration as JSON, which `parse_member` reads."""
    if member is None:
        return ""
    return json.dumps(
        [
            member.project, member.metric, member.campaign, member.level, member.seed,
            member.changed, member.measured,
        ]
    )  # fmt: skip


def parse_member(text: str, verdict: Verdict | None, base: str) -> Member | None:
    """Read a member back; None where there was none."""
    if not text:
        return None
    project, metric, campaign, level, seed, changed, measured = json.loads(text)
    return Member(
        project, metric, campaign, level, seed, changed, measured=measured, verdict=verdict,
        base=base,
    )  # fmt: skip


class Place(NamedTuple):
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
    mine = [m for m in members if m.metric == metric]
    latest = max((m.campaign for m in mine), default=0)
    campaign = max((m.campaign for m in mine if m.current), default=latest + 1)
    taken, _ = count_places(mine, metric, campaign)
    if taken >= planned:
        return Place(latest + 1, 1, campaign_level(budget, planned, 0))
    # A replication, or a further value of the same key, takes a place but discovers nothing new.
    found = {
        m.discovery
        for m in mine
        if m.current and m.measured and m.campaign == campaign and m.verdict == "CONFIRMED"
    }
    return Place(campaign, taken + 1, campaign_level(budget, planned, len(found)))


def count_places(members: Iterable[Member], metric: str, campaign: int) -> tuple[int, int]:
    """Count places taken and experiments confirmed in one campaign; exploratory ones take none."""
    within = [m for m in members if m.measured and m.campaign == campaign and m.metric == metric]
    if not within:
        return 0, 0
    # Loaded late: a hook does not need it if nothing was measured.
    from gitexp.rules.verdict.verdict import Verdict

    return (
        sum(m.verdict is not Verdict.EXPLORATORY for m in within),
        sum(m.verdict is Verdict.CONFIRMED for m in within),
    )


def count_confirmed(rules: int, confirmed: Iterable[Member]) -> int:
    """Count confirmed members of a campaign as these rules do.

    Under rules 1 every experiment counts, under rules 2 every discovery.
    """
    members = list(confirmed)
    return len(members) if rules < 2 else len({m.discovery for m in members})


def false_expected(members: Iterable[Member], metric: str) -> float:
    """Number of false confirmations to expect at most, over all campaigns on a metric.

    That is the sum of the levels spent: what would be confirmed if no change did anything.
    """
    return math.fsum(
        m.level for m in members if m.measured and m.metric == metric and m.verdict != "EXPLORATORY"
    )
