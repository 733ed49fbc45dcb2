"""What screening before confirming finds, and what it costs: `python -m tests.bench.screen`.

gitexp's own code screens, ranks and judges simulated scores: normal, paired, with a standard
deviation of 1 for the difference of a pair ("unit"). Thirty ideas, of which four gain two units.
Nothing is asserted here; means come with their standard error.
"""

from __future__ import annotations

import argparse
import math
import platform
from dataclasses import dataclass

import numpy as np

from gitexp.rules.plan.screening import promising
from gitexp.rules.plan.shrinkage import Prior, noise_of, shrunk
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Design, Verdict
from tests.bench.night import (
    BAR,
    BUDGET,
    FIXED_LOOKS,
    PLANNED,
    SHARED,
    against,
    judged,
    share,
)
from tests.bench.night import WAYS as WAYS_OF_NIGHT

IDEAS, GAINS, GAIN = 30, 4, 2.0
EACH = math.sqrt(0.5 / (1 - SHARED))  # standard deviation of one score


@dataclass(frozen=True, slots=True)
class Way:
    """How thirty ideas are tested: screened `runs` times (0: not at all), with a stated chance."""

    name: str
    runs: int
    chance: float = GAINS / IDEAS


WAYS = (
    Way("all confirmed", 0),
    Way("1 screening run", 1),
    Way("1 screening run, chance 50 % stated", 1, 0.5),
    Way("2 screening runs", 2),
    Way("3 screening runs", 3),
)


def project(way: Way, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Gains found, false confirmations, experiments confirmed or not, and runs of one project."""
    effects = rng.permutation([GAIN] * GAINS + [0.0] * (IDEAS - GAINS)).tolist()
    order, spent = list(range(IDEAS)), 0
    if way.runs:
        order = _screened(way, effects, rng)
        spent = way.runs * (IDEAS + 1)
    common = rng.normal(size=FIXED_LOOKS[-1])
    own = math.sqrt(1 - SHARED) * rng.normal(size=FIXED_LOOKS[-1])
    baseline = EACH * (math.sqrt(SHARED) * common + own)
    found = false = confirmed = measured = 0
    for place, number in enumerate(order):
        if place % PLANNED == 0:
            confirmed = 0  # the next campaign
        level = campaign_level(BUDGET, PLANNED, confirmed)
        design = Design(
            Criterion("score", BAR, higher_is_better=True), FIXED_LOOKS, level, 0.0, rules=2
        )
        candidate = against(rng, baseline, common, effects[number], redrawn=False)
        judgement = judged(design, baseline, candidate)
        spent += judgement.pairs + max(0, judgement.pairs - measured)
        measured = max(measured, judgement.pairs)
        if judgement.verdict is Verdict.CONFIRMED:
            confirmed += 1
            found, false = found + (effects[number] > 0), false + (effects[number] == 0)
    return found, false, len(order), spent


def _screened(way: Way, effects: list[float], rng: np.random.Generator) -> list[int]:
    """Ideas that are worth confirming by screening runs on seeds of their own, the best first."""
    common = rng.normal(size=way.runs)
    own = math.sqrt(1 - SHARED) * rng.normal(size=way.runs)
    baseline = EACH * (math.sqrt(SHARED) * common + own)
    scores = [against(rng, baseline, common, effect, redrawn=False) for effect in effects]
    measured = [float((score - baseline).mean()) for score in scores]
    priors = [Prior(GAIN, way.chance)] * IDEAS
    noise = noise_of(measured, [way.runs] * IDEAS, [GAIN] * IDEAS)
    expected = [mean for mean, _ in shrunk(priors, measured, [way.runs] * IDEAS, noise)]
    ranked = sorted(range(IDEAS), key=lambda number: -expected[number])
    return ranked[: promising([expected[number] for number in ranked], [BAR] * IDEAS)]


def redrawn(screenings: int) -> None:
    """How often changes that do nothing are confirmed where verdict and screening share rows."""
    way = next(one for one in WAYS_OF_NIGHT if one.widening and one.rules > 1)
    for level in (0.005, 0.02):
        design, rng = way.design(level, bar=0.01), np.random.default_rng(18)
        every: list[bool] = []
        best: list[bool] = []
        for _ in range(screenings):
            baseline = math.sqrt(0.5) * rng.normal(size=1 + way.looks[-1])
            first, confirmed = [], []
            for _ in range(IDEAS):
                scores = against(rng, baseline, baseline, 0.0, redrawn=True)
                first.append(float(scores[0] - baseline[0]))
                verdict = judged(design, baseline[1:], scores[1:]).verdict
                confirmed.append(verdict is Verdict.CONFIRMED)
            ranked = sorted(range(IDEAS), key=lambda number: -first[number])
            every += confirmed
            best += [confirmed[number] for number in ranked[: IDEAS // 3]]
        print(f"level {level}: all {share(every)} %, best third {share(best)} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="too few to conclude, in seconds")
    projects = 50 if parser.parse_args().quick else 1_000
    print(f"Python {platform.python_version()}, NumPy {np.__version__}")
    print(f"{projects} projects; {GAINS} of {IDEAS} ideas gain {GAIN:g} units; bar {BAR} unit")
    heads = ("found", "false", "tested", "runs")
    print(f"{'':40}{''.join(f'{head:>14}' for head in heads)}{'of all':>9}{'found':>11}")
    whole: list[float] = []
    for way in WAYS:
        told = [project(way, np.random.default_rng([17, number])) for number in range(projects)]
        means = np.mean(told, axis=0)
        errors = np.std(told, axis=0, ddof=1) / math.sqrt(projects)
        whole = whole or means.tolist()
        cells = "".join(f"{f'{m:.2f} ±{e:.2f}':>14}" for m, e in zip(means, errors, strict=True))
        print(f"{way.name:40}{cells}{100 * means[3] / whole[3]:>7.0f} %"
              f"{100 * means[0] / whole[0]:>9.1f} %")  # fmt: skip
    print("\nchanges that do nothing, where a seed redraws the split: confirmed")
    redrawn(projects * 2 // 5)


if __name__ == "__main__":
    main()
