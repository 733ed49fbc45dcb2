"""How often one run of a change is wrong: `python -m tests.bench.single [DRAWS]`.

gitexp's own rule judges one run of a change that does nothing against 5 or 10 runs of the baseline,
with scores drawn from a normal distribution and with real scikit-learn trainings. Runs of the
change vary one to two times as much as the baseline's, which nobody can see in a single run. Shares
are in per cent with their standard error, beside those of the plain formula, which takes the change
to be as steady as the baseline.
"""

from __future__ import annotations

import functools
import math
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gitexp.rules.documents.outcomes import Outcomes
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.one_run import judge_one_run
from gitexp.rules.verdict.verdict import Design, Examples, Judgement, Verdict
from gitexp.statistics.examples import example_variance
from tests.bench import trained

LEVELS = (0.05, 0.02, 0.005)
ROWS = 500  # of a test set
PARTS, SEEDS, SAMPLE = 6, 24, 20_000  # training sets, trainings of both arms, rows of a huge sample
_BAR = 100.0  # far above 0, so that only a gain as large is at the bar


def a_design(level: float, lenders: int, bar: float = 0.0) -> Design:
    """Accuracy must rise by at least `bar` in one run, compared with so many of the baseline."""
    criterion = Criterion("accuracy", bar, higher_is_better=True)
    return Design(criterion, (1,), level, 0.0, by_examples=True, borrowed=lenders, rules=2)


@dataclass(frozen=True, slots=True)
class Draw:
    """One run of a change that does nothing, and what it is compared with."""

    candidate: float
    baseline: list[float]
    examples: Examples

    def judged(self, level: float, gain: float = 0.0, bar: float = 0.0) -> Judgement:
        """Judge it as if the change gained so much."""
        design = a_design(level, len(self.baseline), bar)
        return judge_one_run(design, self.candidate + gain, self.baseline, self.examples)


def drawn(
    rng: np.random.Generator, lenders: int, share: float, noise: float, draws: int
) -> Iterator[Draw]:
    """Draws in which seeds make up `share` of the variance, if the change is as steady."""
    of_seed, of_examples = math.sqrt(share / (1 + 1 / lenders)), 1 - share
    for _ in range(draws):
        luck = rng.normal(0, math.sqrt(of_examples))
        estimate = of_examples * rng.chisquare(ROWS - 1) / (ROWS - 1)
        yield Draw(
            rng.normal(0, noise * of_seed) + luck,
            rng.normal(0, of_seed, lenders).tolist(),
            Examples(ROWS, estimate),
        )


def real(name: str, rng: np.random.Generator, lenders: int, draws: int) -> Iterator[Draw]:
    """Draws of trainings that are as good on all data, tested on one set of rows each."""

    @functools.cache
    def stored(part: int, seed: int, arm: int, at: int) -> tuple[float, Outcomes]:
        predicted, true = trained.twins(name, part=part, seeds=SEEDS, train=2_000, rows=SAMPLE)
        told, truth = predicted[seed, arm, at : at + ROWS], true[at : at + ROWS]
        columns = {"y_true": tuple(map(str, truth)), "y_pred": tuple(map(str, told))}
        rows = Outcomes(tuple(map(str, range(at, at + ROWS))), columns, ROWS)
        return float(np.mean(told == truth)), rows

    for number in range(draws):
        part, arm = number % PARTS, int(rng.integers(2))
        at = ROWS * int(rng.integers(SAMPLE // ROWS))
        one, *others = (int(seed) for seed in rng.choice(SEEDS, lenders + 1, replace=False))
        candidate, mine = stored(part, one, 1 - arm, at)
        baseline, theirs = zip(*(stored(part, seed, arm, at) for seed in others), strict=True)
        variance, count = example_variance("accuracy", theirs, [mine] * lenders)
        yield Draw(candidate, [*baseline], Examples(count, variance))


def _wrong(draws: list[Draw]) -> str:
    """Shares confirmed by level, with the plain formula's in brackets, and ruled out at the bar."""
    cells = []
    for level in LEVELS:
        found = [draw.judged(level) for draw in draws]
        confirmed = sum(one.verdict is Verdict.CONFIRMED for one in found)
        plain = sum(one.p is not None and one.p <= level for one in found)
        cells.append(f"{_share(confirmed, len(found), level)} ({100 * plain / len(found):.1f})")
    lost = sum(one.judged(0.05, _BAR, _BAR).verdict is Verdict.RULED_OUT for one in draws)
    cells.append(_share(lost, len(draws), 0.05))
    return "".join(f"{cell:>20}" for cell in cells)


def _share(number: int, of: int, most: float) -> str:
    share = number / of
    error = math.sqrt(max(share, 1 / of) * (1 - share) / of)
    missed = "!" if share - 2 * error > most else ""
    return f"{missed}{100 * share:.2f} ±{100 * error:.2f}"


def _found(rng: np.random.Generator, lenders: int, share: float, draws: int) -> str:
    """How often the minimum detectable effect is confirmed at each level."""
    cells = []
    for level in LEVELS:
        some = list(drawn(rng, lenders, share, 1.0, draws))
        could = np.median([draw.judged(level).detectable or 0.0 for draw in some])
        found = sum(draw.judged(level, float(could)).verdict is Verdict.CONFIRMED for draw in some)
        cells.append(f"{100 * found / draws:.0f} at {could:.1f}")
    return "".join(f"{cell:>20}" for cell in cells)


def main(draws: int) -> None:
    """Print all rows."""
    columns = [*(f"at {100 * level:g} %" for level in LEVELS), "ruled out at bar"]
    print("Do-nothing changes that are confirmed (by the plain formula)")
    print(f"{'':42}" + "".join(f"{column:>20}" for column in columns), flush=True)
    rng = np.random.default_rng(7)
    for lenders in (5, 10):
        for share in (0.1, 0.5, 0.9):
            for noise in (1.0, 1.5, 2.0):
                what = f"{lenders} runs, seeds {100 * share:.0f} %, noise {noise:g}"
                print(f"{what:42}{_wrong(list(drawn(rng, lenders, share, noise, draws)))}",
                      flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault(trained.KEPT, folder)
        for name in ("SGD", "forest", "random tree"):
            for lenders in (5, 10):
                some = list(real(name, rng, lenders, draws // 5))
                print(f"{f'{lenders} runs, {name}':42}{_wrong(some)}", flush=True)
    print("\nGains of the median minimum detectable effect that are confirmed, and its size")
    for lenders in (5, 10):
        for share in (0.1, 0.5, 0.9):
            what = f"{lenders} runs, seeds {100 * share:.0f} %"
            print(f"{what:42}{_found(rng, lenders, share, draws // 10)}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 10_000)
