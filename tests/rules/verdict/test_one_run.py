"""One run of the experiment against several of the baseline: figures by SciPy, and what decides."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import pytest
from scipy import stats

from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.one_run import BORROWED, ONLY_IF_STEADY, judge_one_run
from gitexp.rules.verdict.verdict import Design, Examples, Verdict

BASELINE = (0.900, 0.903, 0.897, 0.901, 0.899)
MANY = Examples(10_000, 4e-6)
LEVEL = 0.005


def a_design(criterion: str = "accuracy +0.005", level: float = LEVEL) -> Design:
    """One run of the experiment, compared with five of the baseline."""
    asked = Criterion.parse(criterion)
    return Design(asked, (1,), level, 0.0, by_examples=True, borrowed=5, rules=2)


@pytest.mark.parametrize("criterion", ["accuracy +0.005", "accuracy +0.5%"])
def test_its_error_has_the_examples_the_run_and_the_baselines_mean(criterion: str) -> None:
    design = a_design(criterion)
    judgement = judge_one_run(design, 0.93, BASELINE, MANY)
    units = [math.log(x) if "%" in criterion else x for x in (0.93, *BASELINE)]
    effect = units[0] - statistics.fmean(units[1:])
    of_seeds = statistics.variance(units[1:]) * (1 + 1 / 5)
    error = math.sqrt(MANY.variance + of_seeds)
    df = error**4 / (MANY.variance**2 / (MANY.count - 1) + of_seeds**2 / 4)
    assert judgement.effect == pytest.approx(effect, rel=1e-12)
    assert judgement.standard_error == pytest.approx(error, rel=1e-12)
    assert judgement.p == pytest.approx(stats.t.sf(effect / error, df), rel=1e-9)
    assert judgement.lower == pytest.approx(effect - stats.t.isf(LEVEL, df) * error, rel=1e-9)
    assert judgement.upper == pytest.approx(effect + stats.t.isf(0.05, df) * error, rel=1e-9)
    assert (judgement.verdict, judgement.reason) == (Verdict.CONFIRMED, BORROWED)
    assert (judgement.pairs, judgement.examples, judgement.due) == (1, 10_000, None)


@pytest.mark.parametrize(
    ("score", "level", "verdict", "reason"),
    [
        # Between what passes with a steady change and with one that is twice as noisy.
        (0.9105, 0.005, Verdict.INCONCLUSIVE, ONLY_IF_STEADY),
        (0.925, 0.005, Verdict.CONFIRMED, BORROWED),
        (0.904, 0.05, Verdict.INCONCLUSIVE, "too noisy"),
        (0.9065, 0.005, Verdict.INCONCLUSIVE, "passes alone but not at its level"),
        (0.899, 0.005, Verdict.INCONCLUSIVE, ONLY_IF_STEADY),
        (0.88, 0.005, Verdict.RULED_OUT, "harmful"),
    ],
)
def test_a_verdict_must_hold_for_a_change_that_is_twice_as_noisy(
    score: float, level: float, verdict: Verdict, reason: str
) -> None:
    judgement = judge_one_run(a_design(level=level), score, BASELINE, MANY)
    assert (judgement.verdict, judgement.reason) == (verdict, reason)


def test_it_is_confirmed_from_the_critical_value_of_cochran_and_cox_on() -> None:
    design = a_design("accuracy +0.001")
    examples = Examples(10, 1e-6)
    of_seeds = statistics.variance(BASELINE) * (2**2 + 1 / 5)
    critical = (1e-6 * stats.t.isf(LEVEL, 9) + of_seeds * stats.t.isf(LEVEL, 4)) / math.sqrt(
        1e-6 + of_seeds
    )
    mean = statistics.fmean(BASELINE)
    above, below = (
        judge_one_run(design, mean + critical * (1 + by), BASELINE, examples)
        for by in (1e-9, -1e-9)
    )
    assert (above.verdict, below.verdict) == (Verdict.CONFIRMED, Verdict.INCONCLUSIVE)


def test_a_real_gain_under_the_bar_is_not_confirmed_and_never_strong() -> None:
    quiet = Examples(10_000, 1e-12)
    baseline = [0.9 + 1e-5 * n for n in range(5)]
    small = judge_one_run(a_design(), 0.9045, baseline, quiet)
    assert (small.verdict, small.reason) == (Verdict.RULED_OUT, "below the bar")
    huge = judge_one_run(a_design(), 0.99, baseline, quiet)
    assert (huge.verdict, huge.reason) == (Verdict.CONFIRMED, BORROWED)


def test_equal_predictions_and_a_spread_of_nothing_are_named() -> None:
    same = judge_one_run(a_design(), 0.9, BASELINE, MANY, identical=True)
    assert (same.verdict, same.reason) == (Verdict.RULED_OUT, "identical output")
    flat = judge_one_run(a_design(), 0.92, (0.9,) * 5, MANY)
    assert (flat.verdict, flat.reason) == (Verdict.INCONCLUSIVE, "zero variance")
    percent = judge_one_run(a_design("accuracy +1%"), 0.92, (0.0, *BASELINE[1:]), MANY)
    assert (percent.verdict, percent.reason) == (Verdict.INCONCLUSIVE, "not positive")


def test_nothing_is_decided_before_all_runs_are_there() -> None:
    design = a_design()
    for score, baseline, examples in (
        (None, (), None), (0.92, BASELINE[:4], MANY), (0.92, BASELINE, None),
    ):  # fmt: skip
        waiting = judge_one_run(design, score, baseline, examples)
        assert (waiting.verdict, waiting.due, waiting.pairs) == (None, 1, 0)
    failed = judge_one_run(design, None, (), None, failed=True)
    assert (failed.verdict, failed.reason) == (Verdict.INCONCLUSIVE, "repeats failed")


def test_the_detectable_effect_is_what_is_confirmed() -> None:
    judgement = judge_one_run(a_design(), 0.904, BASELINE, MANY)
    assert judgement.detectable is not None
    score = statistics.fmean(BASELINE) + judgement.detectable
    assert judge_one_run(a_design(), score, BASELINE, MANY).verdict is Verdict.CONFIRMED
    easier = judge_one_run(a_design(level=0.05), 0.904, BASELINE, MANY)
    assert easier.detectable is not None
    assert easier.detectable < judgement.detectable


def test_a_design_of_one_run_waits_for_the_whole_baseline() -> None:
    assert a_design().needs_whole_baseline
    assert not replace(a_design(), borrowed=0).needs_whole_baseline
