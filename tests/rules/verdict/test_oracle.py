"""Both versions of the rules against a second implementation, in NumPy and SciPy.

The second one follows docs/verdict.md and shares no code with the first. It judges experiments
drawn at random, so that every line of the table decides some of them.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gitexp.rules.verdict.criterion import Criterion, Guard, Scale
from gitexp.rules.verdict.futility import is_futile
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.ties import Ties
from gitexp.rules.verdict.verdict import Design, Examples, Judgement, Pair

Floats = np.ndarray[Any, np.dtype[np.float64]]
LOOKS = ((5,), (5, 10, 20), (4, 6, 9, 13, 18, 24), (3, 8), (2, 6))


@dataclass(frozen=True)
class Drawn:
    """An experiment: what was registered, and what its runs gave."""

    design: Design
    baseline: Floats
    candidate: Floats
    guarded: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)
    examples: dict[int, Examples] = field(default_factory=dict)
    step: float | None = None

    def judged(self) -> Judgement:
        def pairs(baseline: Floats, candidate: Floats) -> list[Pair]:
            rows = zip(baseline.tolist(), candidate.tolist(), strict=True)
            return [Pair(seed, *row) for seed, row in enumerate(rows, start=1)]

        return judge(
            self.design,
            pairs(self.baseline, self.candidate),
            guards={name: pairs(*arms) for name, arms in self.guarded.items()},
            examples=self.examples,
            ties=lambda _metric, _count: Ties(step=self.step),
            baseline=self.baseline.tolist(),
        )


def better(limit: Criterion, baseline: Floats, candidate: Floats) -> Floats:
    """Differences as a criterion counts them."""
    sign = 1 if limit.higher_is_better else -1
    if limit.scale is Scale.CONSTANT:
        return sign * (candidate - limit.amount)
    if limit.scale is Scale.PERCENT:
        return sign * np.log(candidate / baseline)
    return sign * (candidate - baseline)


def bar_of(limit: Criterion) -> float:
    match limit.scale:
        case Scale.CONSTANT:
            return 0.0
        case Scale.PERCENT:
            sign = 1 if limit.higher_is_better else -1
            return sign * math.log(1 + sign * limit.amount / 100)
    return limit.amount


def error_of(one: Drawn, sd: float, n: int) -> tuple[float, float]:
    """Standard error and degrees of freedom of a mean over n pairs."""
    c, known = one.design.widening, next(iter(one.examples.values()), None)
    if known is None:
        return sd * math.sqrt(1 / n + c), n - 1
    rows, seeds = known.variance * (1 + c), sd**2 / n
    freedom = (rows + seeds) ** 2 / (rows**2 / (known.count - 1) + seeds**2 / (n - 1))
    mostly_rows = one.design.rules > 1 and rows / (rows + seeds) >= 2 / 3
    return math.sqrt(rows + seeds), freedom if mostly_rows else n - 1


def state_of(one: Drawn, guard: Guard, n: int, level: float) -> bool | None:
    """Whether a guard holds."""
    baseline, candidate = one.guarded[guard.metric]
    d = better(guard.limit, baseline[:n], candidate[:n])
    if guard.limit.scale is not Scale.CONSTANT:
        d = -d
    margin = bar_of(guard.limit)
    reach = stats.t.isf(level, n - 1) * d.std(ddof=1) * math.sqrt(1 / n + one.design.widening)
    return True if d.mean() - reach >= -margin else False if d.mean() + reach < -margin else None


def spread_of(one: Drawn, d: Floats) -> float:
    """Standard deviation that a look judges with."""
    sd, n, all_runs = float(d.std(ddof=1)), len(d), len(one.baseline)
    if one.design.criterion.scale is not Scale.CONSTANT or one.design.rules < 2:
        return sd
    squares = (n - 1) * sd**2 + (all_runs - 1) * one.baseline.var(ddof=1)
    return max(sd, math.sqrt(squares / (n + all_runs - 2)))


Decided = tuple[str | None, str]


def all_alike(one: Drawn, d: Floats, w: float, found: dict[str, float]) -> Decided:
    """What a look says of pairs that differ by nothing, or all by the same."""
    n, bar = len(d), bar_of(one.design.criterion)
    if d.any():
        return "INCONCLUSIVE", "zero variance"
    if one.design.rules < 2:
        return "RULED OUT", "identical output"
    if one.step is not None:
        found["upper"] = one.step * (1 - (0.05 * w) ** (1 / n))
    if found.get("upper", math.inf) < bar:
        return "RULED OUT", "equal scores"
    return "INCONCLUSIVE", "too coarse"


def weighed(one: Drawn, d: Floats, sd: float, w: float, found: dict[str, float]) -> Decided:
    """What a look says of pairs that vary, as if it were the last."""
    design, n, mean = one.design, len(d), float(d.mean())
    bar, old = bar_of(design.criterion), design.rules < 2
    error, df = error_of(one, sd, n)
    p = float(stats.t.sf(mean / error, df))
    lower = mean - stats.t.isf(design.level * w, df) * error
    upper = mean + stats.t.isf(0.05 * w, df) * error
    found |= {"sd": sd, "standard_error": error, "p": p, "lower": lower, "upper": upper}
    states = [state_of(one, guard, n, 0.05 * w) for guard in design.guards]
    may_harm = design.criterion.scale is not Scale.CONSTANT
    real = "real but below the bar" if old else "real, size uncertain"
    reaches, small = mean >= bar, p <= design.level * w
    lines = [
        (reaches and small and all(states), "CONFIRMED", "strong" if lower >= bar else ""),
        (upper < bar, "RULED OUT", "harmful" if upper < 0 and may_harm else "below the bar"),
        (False in states, "RULED OUT", "guard broken"),
        (reaches and small, "INCONCLUSIVE", "guard not shown"),
        (small, "INCONCLUSIVE", real),
        (reaches and p <= 0.05 * w, "INCONCLUSIVE", "passes alone but not at its level"),
        (True, "INCONCLUSIVE", "too noisy"),
    ]
    return next((verdict, reason) for applies, verdict, reason in lines if applies)


def chance_of(one: Drawn, d: Floats, sd: float) -> float:
    """Chance that the last look confirms; under rules 1, that its mean reaches the bar."""
    looks, n = one.design.looks, len(d)
    goal = bar_of(one.design.criterion)
    if one.design.rules > 1:
        error, df = error_of(one, sd, looks[-1])
        w = (looks[-1] - looks[-2]) / looks[-1]
        goal = max(goal, stats.t.isf(one.design.level * w, df) * error)
    ahead = sd * math.sqrt(1 / n - 1 / looks[-1])
    return float(stats.norm.cdf((d.mean() - goal) / ahead))


def by_the_table(one: Drawn) -> tuple[str | None, str, int, dict[str, float]]:
    """Verdict, reason, look and figures, by docs/verdict.md."""
    looks, old = one.design.looks, one.design.rules < 2
    every = better(one.design.criterion, one.baseline, one.candidate)
    for at, n in enumerate(looks):
        last, w, d = n == looks[-1], (n - (0, *looks)[at]) / looks[-1], every[:n]
        if n < 3:
            continue
        sd, found = spread_of(one, d), {"effect": float(d.mean())}
        if sd < 1e-12:
            verdict, reason = all_alike(one, d, w, found)
            flat = n >= 4 and d.any() and np.ptp(one.baseline[:n]) == 0
            goes_on = verdict == "INCONCLUSIVE" and not old and not flat
        else:
            verdict, reason = weighed(one, d, sd, w, found)
            goes_on = verdict == "INCONCLUSIVE"
            if goes_on and not last and chance_of(one, d, sd) < 0.05:
                reason, goes_on = "futile", False
        if last or not goes_on:
            return verdict, reason, at + 1, found
    raise AssertionError("the last look decides")


def drawn(rng: np.random.Generator, kind: str) -> Drawn:
    """An experiment of a kind, whose effect lies anywhere from -1 to 3 standard deviations."""
    looks = LOOKS[rng.integers(len(LOOKS))]
    n, higher = looks[-1], bool(rng.integers(2))
    level, c = rng.choice([0.05, 0.025, 0.005]), rng.choice([0.0, 0.25])
    gain = (1 if higher else -1) * rng.choice([-1.0, 0, 0.5, 1, 2, 3]) * 0.02
    baseline = 0.7 + 0.02 * rng.normal(size=n)
    candidate = baseline + gain + 0.02 * rng.normal(size=n)
    design = Design(Criterion("score", rng.choice([0.005, 0.01, 0.025]), higher), looks, level, c)
    match kind:
        case "percent":
            limit = Criterion("score", 1.5, higher, Scale.PERCENT)
            return Drawn(replace(design, criterion=limit), baseline, candidate)
        case "constant":
            limit = Criterion("score", 0.7, higher, Scale.CONSTANT)
            return Drawn(replace(design, criterion=limit), baseline, candidate)
        case "examples":
            variance = 10 ** rng.uniform(-6, -3)
            known = Examples(int(rng.integers(20, 2000)), variance)
            design = replace(design, by_examples=True)
            return Drawn(design, baseline, candidate, examples=dict.fromkeys(looks, known))
        case "guards":
            slower = 100 + rng.choice([-2, 0, 3, 5, 9]) + 2 * rng.normal(size=(2, n))
            guard = Guard.parse(["ms +5", "ms +5%", "ms <= 104"][rng.integers(3)])
            arms = {"ms": (np.full(n, 100.0) + slower[0] / 100, slower[1])}
            return Drawn(replace(design, guards=(guard,)), baseline, candidate, guarded=arms)
        case "ties":
            step = rng.choice([0.005, 0.02, 0.05])
            rows = np.round(baseline / step) * step
            moved = step * rng.binomial(1, rng.choice([0.0, 0.2, 0.8, 1.0]), n)
            known_step = None if rng.random() < 0.2 else float(step)
            return Drawn(design, rows, rows + moved, step=known_step)
    return Drawn(design, baseline, candidate)


REACHED: dict[str, set[str]] = {
    "scores": {"strong", "", "harmful", "below the bar", "futile", "real, size uncertain",
               "passes alone but not at its level", "too noisy"},
    "percent": {"strong", "below the bar", "futile"},
    "constant": {"strong", "below the bar", "too noisy", "futile"},
    "examples": {"strong", "", "below the bar", "futile", "too noisy"},
    "guards": {"strong", "guard broken", "guard not shown"},
    "ties": {"equal scores", "too coarse", "zero variance", "strong"},
}  # fmt: skip


@pytest.mark.parametrize("kind", REACHED)
def test_both_rules_agree_with_a_second_implementation(kind: str) -> None:
    rng, reasons = np.random.default_rng(12), Counter[str]()
    for number in range(150):
        one = drawn(rng, kind)
        for rules in (1, 2):
            asked = replace(one, design=replace(one.design, rules=rules))
            verdict, reason, look, figures = by_the_table(asked)
            found = asked.judged()
            assert (found.verdict, found.reason, found.look) == (verdict, reason, look), number
            for name, value in figures.items():
                expected = pytest.approx(value, rel=1e-9, abs=1e-15)
                assert getattr(found, name) == expected, (number, rules, name)
            reasons[reason] += rules > 1
    assert (+reasons).keys() >= REACHED[kind]


@pytest.mark.parametrize(("pairs", "last"), [(4, 24), (5, 20), (10, 20), (19, 20)])
def test_futile_starts_at_one_case_in_twenty(pairs: int, last: int) -> None:
    ahead = 0.02 * math.sqrt(1 / pairs - 1 / last)
    for chance in (0.0499, 0.0501):
        effect = 0.01 + stats.norm.ppf(chance) * ahead
        assert is_futile(effect, 0.01, 0.02, pairs, last) is (chance < 0.05)
