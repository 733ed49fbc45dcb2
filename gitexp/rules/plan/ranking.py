"""Planned experiments in the order of their expected gain per hour.

Of sixty simulated ideas and a budget of sixty hours, taking the largest chance x gain / cost first
yields 86 % of what perfect knowledge would; the cheapest first 67 %, a random order 38 %
(docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.plan.evidence import is_grounded
from gitexp.rules.plan.prediction import prediction_of
from gitexp.rules.verdict import effects
from gitexp.rules.verdict.power import how_often_missed

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.plan.shrinkage import Screened

_HOUR = 3600.0  # seconds
_CONFIRMED_BEFORE = 0.8  # what a design detects four times in five, once it is there


@dataclass(frozen=True, slots=True)
class WeighedIdea:
    """A planned experiment as it is ranked: `worth` is chance x gain per hour of runs.

    `answerable` says whether its design would detect a gain of that size. `doubts` say which
    numbers were assumed, and why the others may be too optimistic. `before` is the experiment that
    was confirmed with this change on an older baseline, "" if there is none. Where it was
    `screened`, the gain that is expected since then takes the place of chance x gain. Gains are
    positive; `sign` says which way they move the metric, 1 up and -1 down. `fits` says whether it
    fits the time; unless it is `trusted`, its code runs only after `gitexp trust NAME`.
    """

    name: str
    hypothesis: str
    change: str
    gain: float
    chance: float
    seconds: float
    worth: float
    evidence: str
    answerable: bool
    doubts: tuple[str, ...]
    before: str = ""
    screened: Screened | None = None
    sign: int = 1
    fits: bool = True
    trusted: bool = True

    @property
    def bet(self) -> str:
        """Chance and gain in words, as the metric would move."""
        return f"{100 * self.chance:.0f} % x {self.sign * self.gain:+.2g}"


def usual_chance(confirmed: int, decided: int) -> float:
    """The chance of an idea that states none, by how many of those decided were confirmed.

    Source: Laplace's rule of succession: one half before there is any history, never quite 0 or 1.
    """
    return (confirmed + 1) / (decided + 2)


def weigh(
    name: str,
    registration: Registration,
    *,
    confirmed: int,
    decided: int,
    seconds: float | None,
    detectable: float | None,
    unit: float = 1.0,
    before: str = "",
    screened: Screened | None = None,
) -> WeighedIdea:
    """Weigh a planned experiment; what it does not predict comes from its criterion and the past.

    `confirmed` of the `decided` experiments so far were confirmed, `seconds` is the time of its
    missing runs, `detectable` the smallest effect that its design confirms four times in five, as
    the criterion counts it; one unit of that is `unit` in the metric's.
    """
    prediction = prediction_of(registration)
    doubts = []
    gain, chance = prediction.gain, prediction.chance
    if gain is None:
        gain = registration.criterion.bar * unit
        doubts.append("no --gain: assuming the criterion")
    if chance is None and before:
        chance = _CONFIRMED_BEFORE
        doubts.append(f"no --chance: assuming {100 * chance:.0f} % (exp/{before} was confirmed)")
    elif chance is None:
        chance = usual_chance(confirmed, decided)
        history = f"{confirmed} of {decided} were confirmed" if decided else "no history yet"
        doubts.append(f"no --chance: assuming {100 * chance:.0f} % ({history})")
    cost = prediction.cost or seconds
    if cost is None:
        cost = _HOUR
        doubts.append("no --cost and no earlier runs: assuming 1 hour")
    if screened is None and not is_grounded(prediction.evidence):
        what = "only a hunch" if prediction.evidence else "no --evidence"
        doubts.append(f"{what}: ranked last")
    if prediction.ceiling is not None and gain > prediction.ceiling:
        doubts.append(f"a gain of {gain:g} is more than the gap could give: {prediction.ceiling:g}")
    answerable = detectable is None or gain >= detectable * unit
    if detectable is not None and not answerable:
        found = effects.detectable(registration.criterion, detectable)
        doubts.append(
            f"a gain this small would {how_often_missed(gain, detectable * unit)} be missed;"
            f" {found} would be found 4 times in 5"
        )
    worth = (chance * gain if screened is None else screened.expected) / cost * _HOUR
    return WeighedIdea(
        name, registration.hypothesis, registration.change.brief, gain, chance, cost, worth,
        prediction.evidence, answerable, tuple(doubts), before, screened,
        registration.criterion.sign,
    )  # fmt: skip


def ranked_ideas(ideas: Iterable[WeighedIdea]) -> list[WeighedIdea]:
    """Best first: confirmed before, with evidence, decidable by a verdict, and then by worth.

    To have been screened is as good as evidence; a hunch is none. Equal ones stay in their order.
    """
    return sorted(
        ideas,
        key=lambda idea: (
            not idea.before, not (idea.screened or is_grounded(idea.evidence)), not idea.answerable,
            -idea.worth,
        ),
    )  # fmt: skip


def chosen_within(ideas: Sequence[WeighedIdea], seconds: float) -> list[WeighedIdea]:
    """Fill a time budget in the order of rank; an idea that no longer fits is skipped."""
    chosen, left = [], seconds
    for idea in ideas:
        if idea.seconds <= left:
            chosen.append(idea)
            left -= idea.seconds
    return chosen
