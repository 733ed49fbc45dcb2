"""Scores of both arms, drawn so that the true effect is known.

Effects are counted in units: one unit is the standard deviation of a paired difference, of one
score where a constant is asked for, and two bars where a metric is a share of few rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from gitexp.rules.documents.record import Record
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.ties import Ties, ties_of
from gitexp.rules.verdict.verdict import Examples, Pair

RUNS = 24  # pairs of the longest experiment
GROUP = 10  # experiments that share the runs of a baseline
BAR = 0.5  # units

Rng = np.random.Generator
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Runs:
    """What the runs of one experiment gave.

    `examples` is the same at every look. `outputs` are those of both arms by seed and `rows` how
    many were tested, where predictions are stored.
    """

    baseline: Floats
    candidate: Floats
    examples: Examples | None = None
    guarded: tuple[Floats, Floats] | None = None
    outputs: tuple[tuple[str, str], ...] = ()
    rows: int = 0

    def pairs(self, count: int) -> list[Pair]:
        """The first pairs."""
        return _paired(self.baseline, self.candidate, count)

    def guards(self, count: int) -> dict[str, list[Pair]]:
        """The first pairs of the guarded metric, where there is one."""
        return {} if self.guarded is None else {"guarded": _paired(*self.guarded, count)}

    def ties(self, metric: str, count: int) -> Ties:
        """What the records of the first pairs would tell of ties."""
        arms = (self.baseline, self.candidate) if metric == "score" else self.guarded or ()
        paired = [
            (self._record(metric, seed, one, 0), self._record(metric, seed, other, 1))
            for seed, (one, other) in enumerate(zip(*arms, strict=True))
        ]
        return ties_of(paired[:count], metric, Scale.DIFFERENCE, frozenset())

    def _record(self, metric: str, seed: int, score: float, arm: int) -> Record:
        output = self.outputs[seed][arm] if self.outputs else ""
        return Record(seed, 1, "c", "e", {metric: float(score)}, "2026-01-01T00:00:00Z", 1.0, 0,
                      tested=self.rows, output=output)  # fmt: skip


def _paired(baseline: Floats, candidate: Floats, count: int) -> list[Pair]:
    rows = zip(baseline[:count].tolist(), candidate[:count].tolist(), strict=True)
    return [Pair(seed, *row) for seed, row in enumerate(rows)]


# Experiments of one group whose true effect is so many units.
Draw = Callable[[Rng, float], Iterator[Runs]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of project: what its scores are like, and what is registered.

    `unit` is one unit of effect as the criterion counts, `bar` the bar in units, `widening` is
    n_test / n_train where a seed redraws the split. `by_examples` asks for evidence per example.
    """

    name: str
    draw: Draw = field(repr=False)
    unit: float = 1.0
    bar: float = BAR
    scale: Scale = Scale.DIFFERENCE
    widening: float = 0.0
    by_examples: bool = False


# --- scores -------------------------------------------------------------------------------------


def _correlated(rng: Rng, rho: float) -> Floats:
    """Normal scores of one arm, all of which share so much of their variance."""
    noise = math.sqrt(rho) * rng.normal() + math.sqrt(1 - rho) * rng.normal(size=RUNS)
    return np.asarray(math.sqrt(0.5) * noise)


def _sequence(rng: Rng, phi: float) -> Floats:
    """Normal scores of one arm whose seeds follow on each other, AR(1)."""
    noise = rng.normal(size=RUNS)
    for n in range(1, RUNS):
        noise[n] = phi * noise[n - 1] + math.sqrt(1 - phi * phi) * noise[n]
    return np.asarray(math.sqrt(0.5) * noise)


def on_one_baseline(arm: Callable[[Rng, float], Floats], much: float) -> Draw:
    """Experiments whose candidates are compared with the same runs of a baseline."""

    def draw(rng: Rng, effect: float) -> Iterator[Runs]:
        baseline = arm(rng, much)
        for _ in range(GROUP):
            yield Runs(baseline, arm(rng, much) + effect)

    return draw


def of_differences(differences: Callable[[Rng], Floats]) -> Draw:
    """Experiments drawn by their paired differences, of mean 0 and standard deviation 1."""

    def draw(rng: Rng, effect: float) -> Iterator[Runs]:
        for _ in range(GROUP):
            baseline = rng.normal(size=RUNS)
            yield Runs(baseline, baseline + differences(rng) + effect)

    return draw


def _left_skewed(rng: Rng) -> Floats:
    return np.asarray(1 - rng.gamma(1, size=RUNS))


def _heavy_tailed(rng: Rng) -> Floats:
    return np.asarray(rng.standard_t(3, RUNS) / math.sqrt(3))


def _noisier_arm(rng: Rng) -> Floats:
    return np.asarray((3 * rng.normal(size=RUNS) - rng.normal(size=RUNS)) / math.sqrt(10))


def _diverging(rng: Rng) -> Floats:
    """One candidate run in ten falls by nine, the others gain one: the mean stays."""
    falls = rng.random(RUNS) < 0.1
    d = np.where(falls, -9.0, 1.0) + 0.5 * rng.normal(size=RUNS)
    return np.asarray(d / math.sqrt(9 + 0.25))


def _percent(rng: Rng, effect: float) -> Iterator[Runs]:
    """A loss that varies by some percent from run to run; effects are logarithms."""
    baseline = 0.02 * _correlated(rng, 0)
    for _ in range(GROUP):
        candidate = 0.02 * _correlated(rng, 0) - effect
        yield Runs(0.4 * np.exp(baseline), 0.4 * np.exp(candidate))


def _per_example(rows: int, share: float, rng: Rng, effect: float) -> Iterator[Runs]:
    """Differences of which so large a share of the variance over five runs comes from the rows."""
    for _ in range(GROUP):
        baseline = rng.normal(size=RUNS)
        common = rng.normal() * math.sqrt(share / 5)
        own = math.sqrt(1 - share) * rng.normal(size=RUNS)
        estimate = share / 5 * rng.chisquare(rows - 1) / (rows - 1)
        yield Runs(baseline, baseline + common + own + effect, Examples(rows, estimate))


def _few_rows(rows: int, back: float, stored: bool, rng: Rng, effect: float) -> Iterator[Runs]:
    """Accuracy on few rows: predictions that the change puts right, and a share that it spoils.

    Where predictions are stored, outputs differ as soon as one of them does.
    """
    for _ in range(GROUP):
        baseline = rng.binomial(rows, 0.9, RUNS)
        spoiled = rng.poisson(rows * back, RUNS)
        mended = rng.poisson(rows * (effect + back), RUNS)
        outputs = tuple(("same", "other" if n else "same") for n in (spoiled + mended).tolist())
        yield Runs(
            baseline / rows, (baseline + mended - spoiled) / rows,
            outputs=outputs if stored else (), rows=rows if stored else 0,
        )  # fmt: skip


def _constant(skewed: bool, calmer: float, rng: Rng, effect: float) -> Iterator[Runs]:
    """Scores around a constant of 0, and a baseline one unit below; it varies `calmer` as much."""

    def noise() -> Floats:
        return _left_skewed(rng) if skewed else np.asarray(rng.normal(size=RUNS))

    baseline = calmer * noise() - 1
    for _ in range(GROUP):
        yield Runs(baseline, noise() + effect)


def kinds() -> Iterator[Kind]:
    """Every kind of project that the tables have."""
    for c, rho in ((0.0, 0.0), (0.25, 0.2), (0.5, 1 / 3)):
        yield Kind(f"scores, c = {c:g}", on_one_baseline(_correlated, rho), widening=c)
    yield Kind("percent", _percent, 0.02, scale=Scale.PERCENT)
    for rows, share in ((500, 0.1), (500, 0.6), (500, 0.9), (500, 0.99), (30, 0.9)):
        name = f"per example, {rows} rows, {100 * share:.0f} % from rows"
        yield Kind(name, partial(_per_example, rows, share), by_examples=True)
    for rows, back, stored in (
        (20, 0.0, False), (50, 0.0, False), (100, 0.0, False), (50, 0.005, True), (20, 0.0, True),
    ):  # fmt: skip
        name = f"accuracy on {rows} rows" + (", predictions" if stored else "")
        name += ", some spoiled" if back else ""
        yield Kind(name, partial(_few_rows, rows, back, stored), 0.01)
    for name, skewed, calmer in (
        ("normal", False, 1.0), ("left-skewed", True, 1.0), ("normal, baseline calmer", False, 0.5),
    ):  # fmt: skip
        draw = partial(_constant, skewed, calmer)
        yield Kind(f"constant, {name}", draw, bar=0.0, scale=Scale.CONSTANT)
    yield Kind("Student's t, 3 df", of_differences(_heavy_tailed))
    yield Kind("an arm three times as noisy", of_differences(_noisier_arm))
    yield Kind(
        "c = 0.25, but correlated as for 0.43", on_one_baseline(_correlated, 0.3), widening=0.25
    )
    yield Kind("seeds AR(1) 0.3", on_one_baseline(_sequence, 0.3))
    yield Kind("seeds AR(1) 0.6", on_one_baseline(_sequence, 0.6))
    yield Kind("left-skewed differences", of_differences(_left_skewed))
    yield Kind("one candidate run in ten diverges", of_differences(_diverging))


# --- guards -------------------------------------------------------------------------------------

MARGIN = 1.0  # by how much a guarded metric may fall, in its own units


@dataclass(frozen=True, slots=True)
class Guarded:
    """A kind of guarded metric: `draw` gives a gain of four units, and the guarded metric worse."""

    name: str
    draw: Draw = field(repr=False)
    margin: float = MARGIN
    widening: float = 0.0


def _guarded(rho: float, rng: Rng, worse: float) -> Iterator[Runs]:
    for _ in range(GROUP):
        score, guard = _correlated(rng, rho), _correlated(rng, rho)
        better = _correlated(rng, rho) + 4
        yield Runs(score, better, guarded=(guard, _correlated(rng, rho) - worse))


def _guarded_rows(rows: int, rng: Rng, worse: float) -> Iterator[Runs]:
    for runs in _guarded(0.0, rng, 0.0):
        recall = rng.binomial(rows, 0.9, RUNS)
        lost = rng.poisson(rows * worse, RUNS)
        yield Runs(runs.baseline, runs.candidate, guarded=(recall / rows, (recall - lost) / rows))


def guarded() -> Iterator[Guarded]:
    """Every kind of guard that the table has."""
    yield Guarded("normal, c = 0", partial(_guarded, 0.0))
    yield Guarded("normal, c = 0.25", partial(_guarded, 0.2), widening=0.25)
    for rows in (20, 100):
        yield Guarded(f"recall on {rows} rows, margin 0.01", partial(_guarded_rows, rows), 0.01)
