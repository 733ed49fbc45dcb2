"""What a verdict costs in runs, by rules 1 and by rules 2: `python -m tests.bench.night`.

gitexp's own code judges simulated scores: normal, paired, with a standard deviation of 1 for the
difference of a pair ("unit"). Nothing is asserted here; shares come with their standard error.
"""

from __future__ import annotations

import argparse
import math
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gitexp.rules.plan.ranking import WeighedIdea, ranked_ideas
from gitexp.rules.plan.shrinkage import Prior, noise_of, shrunk
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.verdict import Design, Judgement, Pair, Verdict

BAR = 0.5  # units; what counts as success
LEVEL = 0.005  # of the first experiment in a campaign of 20
SPLIT_LOOKS, FIXED_LOOKS = (5, 10, 20), (4, 6, 9, 13, 18, 24)
# What `gitexp start` calls enough for a gain of two units, and what it would not.
SHORT_FIXED, SHORT_SPLIT = (4, 6, 9), (5, 10)
SHARED = 0.5  # correlation of the two runs of a pair
REDRAWN = 0.2  # correlation of differences where a seed redraws the split
EFFECTS = (-1, 0, 0.5, 1, 2, 3, 4)
# One idea in five works, by one to four units.
MIX = {0: 0.8, 1: 0.05, 2: 0.05, 3: 0.05, 4: 0.05}
RUNS, IDEAS, GAINS, GAIN, PLANNED, BUDGET = 96, 40, 4, 2.0, 20, 0.10


@dataclass(frozen=True, slots=True)
class Way:
    """A set of rules with the looks that it proposes."""

    name: str
    rules: int
    looks: tuple[int, ...]
    widening: float = 0.0

    def design(self, level: float = LEVEL, bar: float = BAR) -> Design:
        """The design that `start` would register."""
        criterion = Criterion("score", bar, higher_is_better=True)
        return Design(criterion, self.looks, level, self.widening, rules=self.rules)


WAYS = (
    Way("fixed split, rules 1, looks 5/10/20", 1, SPLIT_LOOKS),
    Way("fixed split, rules 2, looks 5/10/20", 2, SPLIT_LOOKS),
    Way("fixed split, rules 2, looks 4/6/9/13/18/24", 2, FIXED_LOOKS),
    Way("fixed split, rules 2, --repeats 9", 2, SHORT_FIXED),
    Way("redrawn split, rules 1, looks 5/10/20", 1, SPLIT_LOOKS, 0.25),
    Way("redrawn split, rules 2, looks 5/10/20", 2, SPLIT_LOOKS, 0.25),
    Way("redrawn split, rules 2, --repeats 10", 2, SHORT_SPLIT, 0.25),
)


def draw(
    rng: np.random.Generator, effect: float, runs: int, *, redrawn: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of baseline and candidate on the same seeds."""
    common = rng.normal(size=runs)
    each = math.sqrt(0.5 / (1 - SHARED))
    baseline = each * (math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * rng.normal(size=runs))
    return baseline, against(rng, baseline, common, effect, redrawn=redrawn)


def against(
    rng: np.random.Generator,
    baseline: np.ndarray,
    common: np.ndarray,
    effect: float,
    *,
    redrawn: bool,
) -> np.ndarray:
    """Scores of one more candidate on the seeds of a baseline."""
    runs = len(baseline)
    if redrawn:
        d = math.sqrt(REDRAWN) * rng.normal() + math.sqrt(1 - REDRAWN) * rng.normal(size=runs)
        return np.asarray(baseline + effect + d)
    each = math.sqrt(0.5 / (1 - SHARED))
    own = math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * rng.normal(size=runs)
    return np.asarray(each * own + effect)


def judged(design: Design, baseline: np.ndarray, candidate: np.ndarray) -> Judgement:
    """Judge as `gitexp run` does: the first look that decides ends it."""
    rows = zip(baseline.tolist(), candidate.tolist(), strict=True)
    pairs = [Pair(seed, *row) for seed, row in enumerate(rows)]
    return judge(design, pairs[: design.looks[-1]])


def share(values: Sequence[bool]) -> str:
    """A share in per cent with its standard error."""
    p, n = float(np.mean(values)), len(values)
    return f"{100 * p:.2f} ±{100 * math.sqrt(max(p * (1 - p), 1 / n) / n):.2f}"


def costs(experiments: int) -> None:
    """False confirmations, power, and how many runs a verdict takes."""
    print(f"\n{experiments} experiments each; level {LEVEL}, bar {BAR} unit")
    print(f"{'':44}{'false %':>13}{'at the bar, out %':>19}{'power at 1 %':>15}{'at 2 %':>14}"
          f"{'runs at -1':>12}{'at 0':>7}{'mix':>7}")  # fmt: skip
    for way in WAYS:
        found: dict[float, list[Judgement]] = {}
        for effect in EFFECTS:
            rng = np.random.default_rng([7, EFFECTS.index(effect)])
            found[effect] = [
                judged(way.design(), *draw(rng, effect, 24, redrawn=bool(way.widening)))
                for _ in range(experiments)
            ]
        confirmed = {e: [j.verdict is Verdict.CONFIRMED for j in js] for e, js in found.items()}
        out = [j.verdict is Verdict.RULED_OUT for j in found[0.5]]
        runs = {e: float(np.mean([j.pairs for j in js])) for e, js in found.items()}
        mix = sum(weight * runs[effect] for effect, weight in MIX.items())
        print(f"{way.name:44}{share(confirmed[0]):>13}{share(out):>19}{share(confirmed[1]):>15}"
              f"{share(confirmed[2]):>14}{runs[-1]:>12.1f}{runs[0]:>7.1f}{mix:>7.1f}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Idea:
    """One of a night's ideas: its true effect in units, and the chance that was stated for it."""

    effect: float
    chance: float


def in_order_of_next(rng: np.random.Generator) -> list[Idea]:
    """Forty ideas in the order of `gitexp next`.

    All state the same gain; chances are stated with an error, as in tests.bench.ideas.
    """
    ideas = {}
    for number, effect in enumerate([GAIN] * GAINS + [0.0] * (IDEAS - GAINS)):
        chance = min(0.95, max(0.02, rng.normal(0.35 if effect else 0.15, 0.12)))
        ideas[f"idea-{number}"] = Idea(effect, chance)
    weighed = (
        WeighedIdea(n, "", "", GAIN, i.chance, 1.0, i.chance * GAIN, "a gap", True, ())
        for n, i in ideas.items()
    )
    return [ideas[idea.name] for idea in ranked_ideas(weighed)]


def in_random_order(rng: np.random.Generator) -> list[Idea]:
    """Forty ideas of which nobody knows more than how many work."""
    effects = rng.permutation([GAIN] * GAINS + [0.0] * (IDEAS - GAINS)).tolist()
    return [Idea(effect, GAINS / IDEAS) for effect in effects]


@dataclass(frozen=True, slots=True)
class Night:
    """What came of a night: ideas with a verdict, gains found, false confirmations."""

    answered: int
    found: int
    false: int


def one_night(way: Way, ideas: Sequence[Idea], rng: np.random.Generator, *, screen: bool) -> Night:
    """Judge ideas one after the other until the runs are spent.

    With `screen`, each is run once beside the baseline first, on a seed of its own, and what that
    says puts them in order.
    """
    runs, redrawn = 1 + way.looks[-1], bool(way.widening)
    common = rng.normal(size=runs)
    each = math.sqrt(0.5 / (1 - SHARED))
    baseline = each * (math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * rng.normal(size=runs))
    scores = [against(rng, baseline, common, idea.effect, redrawn=redrawn) for idea in ideas]
    order, left = list(range(len(ideas))), RUNS
    if screen:
        order = screened(ideas, [float(one[0] - baseline[0]) for one in scores])
        left -= 1 + len(ideas)
    measured = confirmed = answered = found = false = 0
    for place, number in enumerate(order):
        if place % PLANNED == 0:
            confirmed = 0  # the next campaign
        design = way.design(campaign_level(BUDGET, PLANNED, confirmed))
        judgement = judged(design, baseline[1:], scores[number][1:])
        left -= judgement.pairs + max(0, judgement.pairs - measured)
        if left < 0:
            break
        measured, answered = max(measured, judgement.pairs), answered + 1
        if judgement.verdict is Verdict.CONFIRMED:
            works = ideas[number].effect > 0
            confirmed, found, false = confirmed + 1, found + works, false + (not works)
    return Night(answered, found, false)


def screened(ideas: Sequence[Idea], measured: Sequence[float]) -> list[int]:
    """The order of `gitexp next` after one screening run of each idea."""
    runs = [1] * len(ideas)
    noise = noise_of(measured, runs, [GAIN] * len(ideas))
    priors = [Prior(GAIN, idea.chance) for idea in ideas]
    expected = [mean for mean, _ in shrunk(priors, measured, runs, noise)]
    return sorted(range(len(ideas)), key=lambda number: -expected[number])


def night(nights: int) -> None:
    """What a night of 96 runs makes of forty ideas, one after the other."""
    for name, order in (("the order of next", in_order_of_next), ("random order", in_random_order)):
        print(f"\n{nights} nights of {RUNS} runs; {IDEAS} ideas in {name}, {GAINS} of them gain"
              f" {GAIN:g} units\n{'':56}{'verdicts':>14}{'found':>14}{'false':>14}")  # fmt: skip
        for way in WAYS:
            for screen in (False, True)[: way.rules]:
                told = []
                for number in range(nights):
                    rng = np.random.default_rng([9, number])
                    told.append(one_night(way, order(rng), rng, screen=screen))
                print(f"{way.name + ', screened first' * screen:56}"
                      + _mean(one.answered for one in told) + _mean(one.found for one in told)
                      + _mean(one.false for one in told))  # fmt: skip


def _mean(values: Iterable[float]) -> str:
    found = [*values]
    error = float(np.std(found, ddof=1)) / math.sqrt(len(found))
    return f"{f'{np.mean(found):.2f} ±{error:.2f}':>14}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="too few to conclude, in seconds")
    parser.add_argument("--nights", action="store_true", help="no table of false confirmations")
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}")
    if not asked.nights:
        costs(200 if asked.quick else 10_000)
    night(50 if asked.quick else 1_000)


if __name__ == "__main__":
    main()
