"""Earlier experiments like a new one, and what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.finding import Finding
from gitexp.rules.verdict import words
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import Judgement


class Precedent(NamedTuple):
    """An earlier experiment with a verdict; `base` is its baseline commit."""

    name: str
    base: str
    registration: Registration
    judgement: Judgement

    def is_measured_by(self, criterion: Criterion) -> bool:
        """Whether its effect can be compared with one by this criterion."""
        own = self.registration.criterion
        return own.metric == criterion.metric and own.scale is criterion.scale

    @property
    def line(self) -> str:
        """Its verdict, on one line."""
        return words.verdict_line(self.registration, self.judgement)


def verdict_on_this_baseline(found: Precedent) -> Finding:
    """Refuse a change that has a verdict on the same baseline."""
    again = f"; gitexp retest {found.name} tests it again, on fresh seeds"
    return Finding(
        "K1",
        f"this change has a verdict: exp/{found.name} made it on the same baseline\n  {found.line}",
        f"gitexp show {found.name} shows it{again * found.registration.fresh_seeds}",
    )


def verdict_on_older_baseline(found: Precedent) -> Finding:
    """Point to a verdict on the same change that an older baseline has."""
    fresh = " on fresh seeds" * found.registration.fresh_seeds
    return Finding(
        "K2",
        f"exp/{found.name} made the same change on an older baseline\n  {found.line}",
        f"gitexp retest {found.name} registers it again{fresh}, with a reference to the first test",
        advice=True,
    )


def verdict_awaited(name: str, way: str) -> Finding:
    """Point to an experiment that makes the same change and has no verdict; `way` gets one."""
    return Finding(
        "K2",
        f"exp/{name} makes the same change, and has no verdict yet",
        way,
        advice=True,
    )


def lies_between(change: Change, same_key: Sequence[Precedent]) -> Finding | None:
    """Point out a value between two that were ruled out."""
    value = change.number
    if value is None:
        return None
    ruled_out = sorted(
        (number, one.name)
        for one in same_key
        if one.judgement.verdict is Verdict.RULED_OUT
        and (number := one.registration.change.number) is not None
    )
    below = [one for one in ruled_out if one[0] < value]
    above = [one for one in ruled_out if one[0] > value]
    if not below or not above:
        return None
    (low, one), (high, other) = below[-1], above[0]
    return Finding(
        "K4",
        f"{value:g} lies between {low:g} and {high:g}, which exp/{one} and exp/{other} ruled out",
        "say in the hypothesis why it should differ from both",
        advice=True,
    )
