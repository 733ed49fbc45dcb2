"""Orders in which ideas could be tried, under one time budget: `python -m tests.bench.ideas`.

Sixty ideas, sixty hours. One in four works; its gain, its cost and what is said of it beforehand
are drawn: chances are stated with an error, gains too large. Every order goes through the code that
`gitexp next` uses, and banks the true gains of what fits into the budget.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.plan.ranking import WeighedIdea, chosen_within, ranked_ideas, weigh
from gitexp.rules.verdict.criterion import Criterion

IDEAS, HOURS, WORLDS, SEED = 60, 60.0, 2000, 7


@dataclass(frozen=True, slots=True)
class Drawn:
    """An idea as it is weighed, and the gain that it turns out to bring."""

    idea: WeighedIdea
    gain: float


def draw(number: int, rng: random.Random) -> Drawn:
    """Draw an idea with what its author says of it; the author sees the truth through noise."""
    works = rng.random() < 0.25
    size = rng.lognormvariate(-5.3, 0.8)  # of the gain if it works: median 0.005
    hint = 0.35 if works else 0.15
    chance = min(0.95, max(0.02, rng.gauss(hint, 0.12)))
    stated = size * rng.lognormvariate(0.4, 0.5)  # half as much again as what comes, on average
    hours = rng.lognormvariate(0.7, 0.9)  # median two hours
    registration = Registration(
        hypothesis="because",
        name=f"idea-{number}",
        change=parse_change(f"config.toml: k{number} = 1 -> 2"),
        criterion=Criterion("accuracy", 0.001, higher_is_better=True),
        repeats=(5,),
        seeds=(1, 5),
        widening=0.0,
        campaign=1,
        level=0.005,
        extra=(
            ("Evidence", "a gap"), ("Gain", f"{stated:.6g}"), ("Chance", f"{chance:.6g}"),
            ("Cost", f"{hours * 60:.3f}m"),
        ),
    )  # fmt: skip
    idea = weigh(
        registration.name, registration, confirmed=0, decided=2, seconds=None, detectable=None
    )
    return Drawn(idea, size if works else 0.0)


Order = Callable[[Sequence[Drawn], random.Random], Sequence[WeighedIdea]]


def by(key: Callable[[Drawn], float]) -> Order:
    """Order by a key, least first."""
    return lambda drawn, _rng: [one.idea for one in sorted(drawn, key=key)]


def by_next(drawn: Sequence[Drawn], _rng: random.Random) -> Sequence[WeighedIdea]:
    """Order as `gitexp next` does."""
    return ranked_ideas(one.idea for one in drawn)


def by_chance_and_gain(drawn: Sequence[Drawn], _rng: random.Random) -> Sequence[WeighedIdea]:
    """Order by chance x gain alone: the same code, with every idea at one cost."""
    alike = [replace(one.idea, worth=one.idea.worth * one.idea.seconds) for one in drawn]
    return ranked_ideas(alike)


def at_random(drawn: Sequence[Drawn], rng: random.Random) -> Sequence[WeighedIdea]:
    """Order by lot."""
    ideas = [one.idea for one in drawn]
    rng.shuffle(ideas)
    return ideas


ORDERS: dict[str, Order] = {
    "at random": at_random,
    "cheapest first": by(lambda one: one.idea.seconds),
    "largest stated gain": by(lambda one: -one.idea.gain),
    "chance x gain": by_chance_and_gain,
    "chance x gain / cost (gitexp next)": by_next,
    "oracle: true gain / cost": by(lambda one: -one.gain / one.idea.seconds),
}


def main() -> None:
    """Print what each order banks, with its Monte Carlo error, beside the oracle's."""
    rng = random.Random(SEED)
    banked: dict[str, list[float]] = {name: [] for name in ORDERS}
    for _ in range(WORLDS):
        drawn = [draw(number, rng) for number in range(IDEAS)]
        gains = {one.idea.name: one.gain for one in drawn}
        for name, order in ORDERS.items():
            chosen = chosen_within(order(drawn, rng), HOURS * 3600)
            banked[name].append(sum(gains[idea.name] for idea in chosen))
    best = statistics.fmean(banked["oracle: true gain / cost"])
    print(f"{IDEAS} ideas, {HOURS:g} hours, {WORLDS} worlds, seed {SEED}")
    for name, values in banked.items():
        mean, error = statistics.fmean(values), statistics.stdev(values) / len(values) ** 0.5
        print(f"{name:36}{mean:.4f} ± {error:.4f}   {100 * mean / best:3.0f} % of the oracle")


if __name__ == "__main__":
    main()
