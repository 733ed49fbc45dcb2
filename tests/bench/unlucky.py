"""How often an unlucky baseline confirms several changes that do nothing: `python -m
tests.bench.unlucky`.

gitexp's own code judges projects of twenty experiments on one baseline, registered and run one
after the other, without a second look at the baseline and with its next blocks of seeds. Scores are
normal, with a standard deviation of 1 for the difference of a pair ("unit"). Nothing is asserted
here; shares come with their standard error.

Where no idea works, several false confirmations are rare. So half of the blocks are drawn two
standard errors too low there, and projects are weighted accordingly (importance sampling).
"""

from __future__ import annotations

import argparse
import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gitexp.rules.plan.seeds import APART
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.unlucky import Decided, is_unlucky, least_block, next_block_due
from gitexp.rules.verdict.verdict import Judgement, Verdict
from tests.bench.night import BUDGET, FIXED_LOOKS, PLANNED, SHARED, SPLIT_LOOKS, Way, judged

GAIN, GAINS = 2.0, 4  # units; how many of twenty ideas work, where some do
LOW = 2.0  # standard errors that half of the blocks are drawn too low by
# How many of twenty ideas work, the bar and the looks.
ROWS = (
    (0, 0.5, FIXED_LOOKS),
    (0, 0.0, FIXED_LOOKS),
    (GAINS, 0.5, FIXED_LOOKS),
    (0, 0.5, SPLIT_LOOKS),
)
DAY = 10.0  # from one experiment to the next, longer than any takes


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a project: its weight, false and true confirmations, runs of both arms."""

    weight: float
    false: int
    true: int
    runs: int
    baseline: int


@dataclass(slots=True)
class Baseline:
    """A baseline's runs by block, drawn as they are needed."""

    rng: np.random.Generator
    most: int
    low: float
    shared: float
    weight: float = 1.0
    measured: dict[int, int] = field(default_factory=dict)
    _blocks: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def block(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """What all runs of a block's seeds share, and the baseline's scores."""
        if number not in self._blocks:
            common, own = self.rng.normal(size=(2, self.most))
            low = self.rng.normal() - self.low * self.rng.integers(2)
            drawn = (math.exp(-0.5 * low**2) + math.exp(-0.5 * (low + self.low) ** 2)) / 2
            self.weight *= math.exp(-0.5 * low**2) / drawn
            own += low / math.sqrt(self.most) - own.mean()
            self._blocks[number] = common, self._run(common, own)
        return self._blocks[number]

    def candidate(self, number: int, effect: float) -> np.ndarray:
        """Scores of a candidate on a block's seeds."""
        return self._run(self.block(number)[0], self.rng.normal(size=self.most)) + effect

    def scores(self, number: int, runs: int) -> list[float]:
        """The first so many scores of a block, which are run if they were not."""
        self.measured[number] = max(self.measured.get(number, 0), runs)
        return [*map(float, self.block(number)[1][:runs])]

    def _run(self, common: np.ndarray, own: np.ndarray) -> np.ndarray:
        each = math.sqrt(0.5 / (1 - self.shared))  # standard deviation of a run
        return np.asarray(
            each * (math.sqrt(self.shared) * common + math.sqrt(1 - self.shared) * own)
        )


def project(
    way: Way, bar: float, gains: int, seed: int, *, guarded: bool, shared: float = SHARED
) -> Told:
    """Run twenty experiments; `guarded` asks for next blocks, as gitexp does.

    The two runs of a pair correlate at `shared`.
    """
    rng = np.random.default_rng([11, seed])
    baseline = Baseline(rng, way.looks[-1], 0.0 if gains else LOW, shared)
    confirmed, runs, count = 0, 0, {True: 0, False: 0}
    decided: list[Decided] = []
    for number, effect in enumerate(rng.permutation([GAIN] * gains + [0.0] * (PLANNED - gains))):
        block = least_block(0, decided) if guarded else 0
        candidate = baseline.candidate(block, effect)
        design = way.design(campaign_level(BUDGET, PLANNED, confirmed), bar)
        judgement = judged(design, baseline.block(block)[1], candidate)
        baseline.scores(block, judgement.pairs)
        runs += judgement.pairs
        mine = _decided(judgement, number, block)
        if guarded and next_block_due(mine, decided):
            first = baseline.scores(block, baseline.measured[block])
            second = baseline.scores(block + 1, len(first))
            scores = [*map(float, candidate[: judgement.pairs])]
            unlucky = mine.confirmed and is_unlucky(design.criterion, first, second, scores)
            mine = replace(mine, doubted=mine.confirmed, unlucky=unlucky)
        decided.append(mine)
        if mine.confirmed and not mine.unlucky:
            confirmed += 1
            count[effect > 0] += 1
    return Told(baseline.weight, count[False], count[True], runs, sum(baseline.measured.values()))


def _decided(judgement: Judgement, number: int, block: int) -> Decided:
    assert judgement.effect is not None
    began = DAY * number
    return Decided(
        f"{number:040x}", APART * block, "", began, began, began + 1, judgement.effect,
        judgement.verdict is Verdict.CONFIRMED,
    )  # fmt: skip


def _share(told: Sequence[Told], least: int) -> str:
    """Projects with at least so many false confirmations, in per cent."""
    return _mean([100 * t.weight * (t.false >= least) for t in told], 3)


def _mean(values: Sequence[float], digits: int) -> str:
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return f"{np.mean(values):.{digits}f} ±{error:.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="too few to conclude, in seconds")
    parser.add_argument("--projects", type=int, default=4_000)
    parser.add_argument("--shared", type=float, default=SHARED, help="how runs of a pair correlate")
    given = parser.parse_args()
    projects = 100 if given.quick else given.projects
    print(f"Python {platform.python_version()}, NumPy {np.__version__}")
    print(f"{projects} projects of {PLANNED} experiments; budget {BUDGET:g}")
    print(f"{'':52}" + "".join(f"{head:>16}" for head in (
        "1 false, %", "2, %", "3, %", "true", "runs", "of the baseline",
    )))  # fmt: skip
    for gains, bar, looks in ROWS:
        for guarded in (True, False):
            way = Way("", 2, looks)
            told = [
                project(way, bar, gains, seed, guarded=guarded, shared=given.shared)
                for seed in range(projects)
            ]
            weights = [t.weight for t in told]
            cells = [
                *(_share(told, least) for least in (1, 2, 3)),
                _mean([t.weight * t.true for t in told], 2),
                *(
                    f"{np.average([getattr(t, name) for t in told], weights=weights):.1f}"
                    for name in ("runs", "baseline")
                ),
            ]
            what = f"{gains} of {PLANNED} work, bar {bar:g}, {'/'.join(map(str, looks))}"
            what += "" if guarded else ", one block"
            print(f"{what:52}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
