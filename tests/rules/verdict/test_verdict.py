from __future__ import annotations

import json
import math
import random
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict import judge as rule
from gitexp.rules.verdict import student_t, words
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.criterion import Criterion, Guard, Scale
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.paired_t import smallest_detectable_effect
from gitexp.rules.verdict.ties import Ties
from gitexp.rules.verdict.verdict import Design, Examples, Judgement, Pair, Verdict

# Worked with R's pt and qt, cross-checked with SciPy, statsmodels and baycomp.
CASES: dict[str, Any] = {
    case["id"]: case
    for case in json.loads(Path(__file__).with_name("verdict_cases.json").read_text())
}
SCORED = sorted(name for name in CASES if name[:2] <= "13")

unhurried = settings(deadline=None)


def a_design(
    bar: float = 0.005,
    *looks: int,
    higher_is_better: bool = True,
    level: float = 0.05,
    widening: float = 0.0,
) -> Design:
    return Design(Criterion("score", bar, higher_is_better), looks or (5,), level, widening)


def pairs_of(*differences: float, baseline: float = 0.0) -> tuple[Pair, ...]:
    return tuple(Pair(seed, baseline, baseline + d) for seed, d in enumerate(differences))


def pairs_in(case: dict[str, Any]) -> tuple[Pair, ...]:
    rows = zip(case["baseline"], case["candidate"], strict=True)
    return tuple(Pair(seed, *scores) for seed, scores in enumerate(rows))


def decided(judgement: Judgement) -> tuple[Verdict | None, str]:
    return judgement.verdict, judgement.reason


def without_means(judgement: Judgement) -> Judgement:
    return judgement._replace(baseline_mean=None, candidate_mean=None)


def assert_figures(judgement: Judgement, expect: dict[str, Any]) -> None:
    for figure, name in {
        "effect": "mean",
        "sd": "sd",
        "standard_error": "se",
        "p": "p_superior",
        "lower": "lower_confirm",
        "upper": "upper_rule_out",
    }.items():
        if name in expect:
            assert getattr(judgement, figure) == pytest.approx(expect[name], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("name", SCORED)
def test_single_looks_match_the_worked_cases(name: str) -> None:
    case, expect = CASES[name], CASES[name]["expect"]
    design = Design(
        Criterion("score", case["min_effect"], case["direction"] == "higher"),
        looks=(expect["n"],),
        level=case["alpha_confirm"],
        widening=case["c"],
    )
    judgement = judge(design, pairs_in(case))
    assert decided(judgement) == (expect["verdict"], expect["reason"])
    assert (judgement.look, judgement.pairs, judgement.due) == (1, expect["n"], None)
    assert_figures(judgement, expect)
    if "p_below_bar" in expect:
        assert judgement.effect is not None
        assert judgement.standard_error is not None
        t_of_bar = (judgement.effect - design.criterion.bar) / judgement.standard_error
        assert student_t.sf(-t_of_bar, expect["df"]) == pytest.approx(
            expect["p_below_bar"], rel=1e-9
        )


def test_examples_of_a_deterministic_trainer_match_the_worked_case() -> None:
    case = CASES["14_per_example_cv5"]
    expect = case["expect"]
    rows = zip(case["baseline_correct"], case["candidate_correct"], strict=True)
    differences = [candidate - baseline for baseline, candidate in rows]
    examples = Examples(expect["n"], statistics.variance(differences) / expect["n"])
    design = replace(a_design(0.005, 1, widening=case["c"]), seeded=False, by_examples=True)
    scores = [statistics.fmean(case[f"{side}_correct"]) for side in ("baseline", "candidate")]
    judgement = judge(design, [Pair(1, *scores)], examples={1: examples})
    assert (judgement.verdict, judgement.pairs, judgement.examples) == (expect["verdict"], 1, 60)
    assert_figures(judgement, {name: figure for name, figure in expect.items() if name != "sd"})


def test_sequential_looks_match_the_worked_case() -> None:
    case = CASES["17_sequential_5_10_20"]
    design, pairs = a_design(0.005, *case["looks"]), pairs_in(case)
    first, second, third = case["expect"]

    at_first = judge(design, pairs[:9])
    assert (decided(at_first), at_first.look, at_first.pairs, at_first.due) == (
        (None, ""),
        1,
        5,
        10,
    )
    assert_figures(at_first, first)
    at_second = judge(design, pairs)
    assert (decided(at_second), at_second.look, at_second.due) == ((Verdict.CONFIRMED, ""), 2, None)
    assert_figures(at_second, second)
    # The second look closed the experiment, so the third is judged as a design of its own.
    at_third = judge(replace(design, looks=(20,), level=third["alpha_look"]), pairs)
    assert at_third.verdict == third["verdict"]
    assert_figures(at_third, third)

    levels = [judgement.level for judgement in (at_first, at_second, at_third)]
    assert levels == pytest.approx(case["alpha_looks"], rel=1e-12)


def test_levels_of_a_campaign_match_the_worked_case() -> None:
    case = CASES["15_lond_uniform"]
    confirmed = 0
    for p, level, confirms in zip(case["p"], case["levels"], case["confirmed"], strict=True):
        assert campaign_level(case["q"], case["T"], confirmed) == pytest.approx(level, rel=1e-12)
        confirmed += confirms
        assert (p <= level) == confirms


def test_a_campaign_level_never_exceeds_its_budget() -> None:
    assert campaign_level(0.1, planned=5, confirmed=4) == 0.1
    assert campaign_level(0.1, planned=5, confirmed=50) == 0.1


NOISE = (0.01, -0.01, 0.02, -0.02, 0.0)  # mean 0, sd 0.0158

# By name: what was registered, the paired differences, and what they must come to.
DECISIONS: dict[str, tuple[Design, tuple[float, ...], Verdict | None, str]] = {
    "the lower bound reaches the bar": (
        a_design(0.1), (0.20, 0.21, 0.22, 0.23, 0.24), Verdict.CONFIRMED, "strong",
    ),
    "only the mean reaches the bar": (
        a_design(0.21), (0.20, 0.21, 0.22, 0.23, 0.24), Verdict.CONFIRMED, "",
    ),
    "the mean is exactly the bar in decimal figures": (
        a_design(0.3), (0.1, 0.2, 0.3, 0.4, 0.5), Verdict.CONFIRMED, "",
    ),
    "a gain that is sure but too small": (
        a_design(0.22), (0.19, 0.20, 0.21, 0.22, 0.23), Verdict.INCONCLUSIVE,
        "real but below the bar",
    ),
    "an upper bound below the bar": (a_design(0.1), NOISE, Verdict.RULED_OUT, "below the bar"),
    "an upper bound below zero": (
        a_design(0.1), (-0.2, -0.21, -0.22, -0.23, -0.24), Verdict.RULED_OUT, "harmful",
    ),
    "an effect lost in noise": (a_design(0.005), NOISE, Verdict.INCONCLUSIVE, "too noisy"),
    "a p between the level and 5 %": (
        a_design(0.005, level=0.005), (0.01, 0.03, 0.01, 0.03, 0.0), Verdict.INCONCLUSIVE,
        "passes alone but not at its level",
    ),
    "a p between the level and 5 % with the mean below the bar": (
        a_design(0.02, level=0.005), (0.01, 0.03, 0.01, 0.03, 0.0), Verdict.INCONCLUSIVE,
        "too noisy",
    ),
    "a p that passes alone, but not at the share of its look": (
        a_design(0.005, 3, 5, level=0.005), (0.0, 0.03, 0.01, 0.03, 0.005), Verdict.INCONCLUSIVE,
        "too noisy",
    ),
    "equal outputs": (a_design(), (0.0,) * 5, Verdict.RULED_OUT, "identical output"),
    "equal outputs up to rounding": (
        a_design(), (1e-12, -1e-12, 0.0, 1e-13, 0.0), Verdict.RULED_OUT, "identical output",
    ),
    "outputs that differ by more than rounding": (
        a_design(0.0), (1e-11, 3e-11, 2e-11, 2e-11, 2e-11), Verdict.CONFIRMED, "strong",
    ),
    "the same difference each time": (
        a_design(), (0.1,) * 5, Verdict.INCONCLUSIVE, "zero variance",
    ),
    "equal outputs at the first of three looks": (
        a_design(0.005, 5, 10, 20), (0.0,) * 5, Verdict.RULED_OUT, "identical output",
    ),
    "two pairs and no more to come": (
        a_design(0.005, 2), (0.1, 0.2), Verdict.INCONCLUSIVE, "unreplicated",
    ),
    "two equal outputs and no more to come": (
        a_design(0.005, 2), (0.0, 0.0), Verdict.INCONCLUSIVE, "unreplicated",
    ),
    "two pairs and more to come": (a_design(0.005, 2, 5), (0.1, 0.2), None, ""),
    "no hope of reaching the bar at the last look": (
        a_design(0.02, 5, 10), (0.012, -0.014, 0.024, -0.024, 0.002), Verdict.INCONCLUSIVE,
        "futile",
    ),
    "the same runs while the last look is far": (
        a_design(0.005, 5, 100), (0.012, -0.014, 0.024, -0.024, 0.002), None, "",
    ),
    # What counts is how far one more run can move the mean: z is -1.98, and -0.81 without 1/n_max.
    "one run left, which cannot lift the mean to the bar": (
        a_design(0.005, 5, 6), (0.010, -0.016, 0.022, -0.026, 0.0), Verdict.INCONCLUSIVE, "futile",
    ),
    "the same runs with five more, which can": (
        a_design(0.005, 5, 10), (0.010, -0.016, 0.022, -0.026, 0.0), None, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DECISIONS)
def test_looks_are_decided_by_the_rules_in_order(name: str) -> None:
    design, differences, verdict, reason = DECISIONS[name]
    judgement = judge(design, pairs_of(*differences))
    assert decided(judgement) == (verdict, reason)
    assert (judgement.due is None) == (verdict is not None)


def test_before_the_first_look_no_figure_is_shown() -> None:
    assert judge(a_design(0.005, 5, 10), pairs_of(0.1, 0.2, 0.3, 0.4)) == Judgement(
        verdict=None, reason="", look=0, pairs=0, due=5
    )


def test_figures_that_the_pairs_cannot_support_are_absent() -> None:
    for differences in [(0.1,), (0.1, 0.2), (0.1, 0.1, 0.1)]:
        judgement = judge(a_design(0.005, len(differences)), pairs_of(*differences))
        assert judgement.effect == pytest.approx(sum(differences) / len(differences))
        assert judgement.sd == (pytest.approx(0) if len(differences) > 2 else None)
        assert {judgement.standard_error, judgement.p, judgement.lower, judgement.upper} == {None}


def test_a_failed_seed_leaves_an_undecided_look_inconclusive() -> None:
    design, pairs = a_design(0.005, 5, 10), pairs_of(*NOISE, 0.03)
    assert decided(judge(design, pairs)) == (None, "")
    for known in (pairs[:3], pairs):
        judgement = judge(design, known, failed_seeds=(7,))
        assert decided(judgement) == (Verdict.INCONCLUSIVE, "repeats failed")
        assert judgement.due is None


def test_a_failed_seed_beyond_a_deciding_look_changes_nothing() -> None:
    design, pairs = a_design(0.1, 5, 10), pairs_of(*NOISE)
    assert judge(design, pairs, failed_seeds=(7,)) == judge(design, pairs)


def test_rounding_of_large_scores_is_no_spread() -> None:
    pairs = tuple(Pair(seed, 9e5 + seed / 7, 9e5 + (seed / 7 + 0.1)) for seed in range(5))
    assert len({pair.candidate - pair.baseline for pair in pairs}) > 1
    assert decided(judge(a_design(), pairs)) == (Verdict.INCONCLUSIVE, "zero variance")


@pytest.mark.parametrize(("spread", "said"), [(1, "the seed works"), (0, "the same on every seed")])
def test_a_shift_that_is_always_the_same_is_told_by_the_scores_of_the_baseline(
    spread: float, said: str
) -> None:
    pairs = [Pair(seed, 0.5 + spread * seed / 8, 0.75 + spread * seed / 8) for seed in range(5)]
    design = replace(a_design(), rules=2)
    assert said in judge(design, pairs).detail
    early = judge(replace(design, looks=(3, 5, 6)), pairs)
    assert (early.verdict is None) == (spread > 0)
    assert (said in early.detail) == (spread == 0)


def test_means_are_those_of_the_raw_scores_and_the_effect_is_positive_when_better() -> None:
    pairs = tuple(Pair(seed, 3.0 + seed, 2.0 + seed / 2) for seed in range(4))
    judgement = judge(a_design(0.5, 4, higher_is_better=False), pairs)
    assert (judgement.baseline_mean, judgement.candidate_mean) == (4.5, 2.75)
    assert judgement.effect == 1.75


# Multiples of 1/1024 add and negate without rounding, so that equality can be exact.
fractions = st.integers(-50, 50).map(lambda i: i / 1024)
score_pairs = st.lists(st.tuples(fractions, fractions), max_size=24).map(
    lambda rows: tuple(Pair(seed, *scores) for seed, scores in enumerate(rows))
)
designs = st.builds(
    Design,
    st.builds(
        Criterion,
        metric=st.just("score"),
        amount=st.integers(0, 30).map(lambda i: i / 1024),
        higher_is_better=st.booleans(),
    ),
    looks=st.sets(st.integers(1, 20), min_size=1, max_size=4).map(lambda s: tuple(sorted(s))),
    level=st.sampled_from((0.005, 0.05, 0.1)),
    widening=st.sampled_from((0.0, 0.25)),
)


@unhurried
@given(designs, score_pairs)
def test_the_other_direction_of_negated_scores_gives_the_same_figures(
    design: Design, pairs: tuple[Pair, ...]
) -> None:
    judgement = judge(design, pairs)
    mirrored = judge(
        replace(
            design,
            criterion=replace(
                design.criterion, higher_is_better=not design.criterion.higher_is_better
            ),
        ),
        tuple(Pair(p.seed, -p.baseline, -p.candidate) for p in pairs),
    )
    assert without_means(mirrored) == without_means(judgement)


@unhurried
@given(designs, score_pairs, st.integers(-(10**6), 10**6))
def test_a_constant_added_to_both_arms_changes_nothing(
    design: Design, pairs: tuple[Pair, ...], constant: int
) -> None:
    moved = tuple(Pair(p.seed, p.baseline + constant, p.candidate + constant) for p in pairs)
    assert without_means(judge(design, moved)) == without_means(judge(design, pairs))


@unhurried
@given(designs, score_pairs, score_pairs, st.booleans())
def test_pairs_beyond_a_deciding_look_change_nothing(
    design: Design, pairs: tuple[Pair, ...], others: tuple[Pair, ...], failed: bool
) -> None:
    judgement = judge(design, pairs)
    if judgement.verdict is not None:
        later = tuple(p._replace(seed=1000 + p.seed) for p in others)
        assert judge(design, pairs[: judgement.pairs] + later, (999,) * failed) == judgement


@unhurried
@given(designs, score_pairs)
def test_the_last_look_always_decides_and_earlier_ones_name_the_next(
    design: Design, pairs: tuple[Pair, ...]
) -> None:
    judgement = judge(design, pairs)
    if judgement.verdict is None:
        assert judgement.due == min(n for n in design.looks if n > len(pairs))
        assert judgement.pairs == max((n for n in design.looks if n <= len(pairs)), default=0)
    else:
        assert judgement.pairs == design.looks[judgement.look - 1] <= len(pairs)


@unhurried
@given(designs, score_pairs)
def test_a_confirmation_is_backed_by_its_bound_and_a_rule_out_by_its_own(
    design: Design, pairs: tuple[Pair, ...]
) -> None:
    judgement = judge(design, pairs)
    if judgement.p is None:
        return
    assert judgement.lower is not None
    assert judgement.upper is not None
    if judgement.verdict is Verdict.CONFIRMED:
        assert judgement.lower >= -1e-12
        assert (judgement.reason == "strong") == (judgement.lower >= design.criterion.bar - 1e-12)
    if judgement.verdict is Verdict.RULED_OUT:
        assert judgement.upper < design.criterion.bar
        assert (judgement.reason == "harmful") == (judgement.upper < 0)


def test_p_without_a_redrawn_split_is_scipys_paired_t_test() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(50):
        n = rng.randrange(3, 30)
        pairs = tuple(Pair(i, rng.gauss(0.8, 0.02), rng.gauss(0.81, 0.02)) for i in range(n))
        judgement = judge(a_design(0.005, n), pairs)
        candidate, baseline = [p.candidate for p in pairs], [p.baseline for p in pairs]
        test = stats.ttest_rel(candidate, baseline, alternative="greater")
        assert judgement.p == pytest.approx(test.pvalue, rel=1e-9)
        # SciPy's one-sided 95 % interval ends where ours does.
        assert judgement.lower == pytest.approx(test.confidence_interval(0.95).low, rel=1e-9)


_SIDES: tuple[Literal["less", "greater"], ...] = ("less", "greater")


def drawn_pairs(rng: random.Random, n: int, gain: float = 0.01) -> tuple[Pair, ...]:
    return tuple(Pair(i, rng.gauss(0.8, 0.02), rng.gauss(0.8 + gain, 0.02)) for i in range(n))


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_percent_is_scipys_paired_t_test_on_logarithms(higher_is_better: bool) -> None:
    rng = random.Random(7)
    for n in (3, 5, 20):
        pairs = drawn_pairs(rng, n)
        criterion = Criterion("score", 2, higher_is_better, Scale.PERCENT)
        judgement = judge(Design(criterion, (n,), 0.01, 0.0), pairs)
        arms = [[math.log(p.candidate) for p in pairs], [math.log(p.baseline) for p in pairs]]
        better, worse = arms if higher_is_better else arms[::-1]
        below, above = (stats.ttest_rel(better, worse, alternative=side) for side in _SIDES)
        assert judgement.p == pytest.approx(above.pvalue, rel=1e-9)
        assert judgement.lower == pytest.approx(above.confidence_interval(0.99).low, rel=1e-9)
        assert judgement.upper == pytest.approx(below.confidence_interval(0.95).high, rel=1e-9)


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_a_constant_is_scipys_test_of_one_sample(higher_is_better: bool) -> None:
    rng = random.Random(8)
    for n in (3, 5, 20):
        pairs = drawn_pairs(rng, n)
        criterion = Criterion("score", 0.805, higher_is_better, Scale.CONSTANT)
        judgement = judge(Design(criterion, (n,), 0.05, 0.0), pairs)
        scores = [p.candidate for p in pairs]
        less, greater = (
            stats.ttest_1samp(scores, 0.805, alternative=side).pvalue for side in _SIDES
        )
        assert judgement.p == pytest.approx(greater if higher_is_better else less, rel=1e-9)
        assert judgement.effect == pytest.approx(
            criterion.sign * (statistics.fmean(scores) - 0.805)
        )


@pytest.mark.parametrize("pairs", [3, 4, 5, 10, 20, 60])
@pytest.mark.parametrize("level", [0.00125, 0.0125, 0.05, 0.5])
def test_the_detectable_effect_is_found_four_times_in_five(pairs: int, level: float) -> None:
    effect = smallest_detectable_effect(0.02, pairs, 0.25, level)
    threshold = stats.t.isf(level, pairs - 1)
    in_errors = effect / (0.02 * math.sqrt(1 / pairs + 0.25))
    power = stats.nct.sf(threshold, pairs - 1, in_errors)
    assert 0.8 - 1e-9 <= power < 0.82


def test_a_judgement_carries_the_effect_that_its_look_would_have_found() -> None:
    judgement = judge(a_design(0.005, 5, 20, widening=0.25), pairs_of(*NOISE))
    assert judgement.sd is not None
    assert judgement.detectable == smallest_detectable_effect(judgement.sd, 5, 0.25, 0.0125)


def rate(verdict: Verdict, design: Design, true_effect: float) -> float:
    """Share of 5,000 simulated experiments that end so; its standard error is 0.003 at 0.04."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    count = 0
    for _ in range(5_000):
        pairs = pairs_of(*(rng.gauss(true_effect, 1) for _ in range(design.looks[-1])))
        count += judge(design, pairs).verdict is verdict
    return count / 5_000


def test_looking_three_times_confirms_nothing_more_often_than_registered() -> None:
    assert 0.025 < rate(Verdict.CONFIRMED, a_design(0.0, 5, 10, 20), true_effect=0) < 0.06


def test_looking_three_times_rarely_rules_out_an_effect_at_the_bar() -> None:
    # 0.04 by the bounds alone; stopping the futile ones first leaves 0.02.
    assert 0.005 < rate(Verdict.RULED_OUT, a_design(0.5, 5, 10, 20), true_effect=0.5) < 0.06


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"looks": ()}, "looks"),
        ({"looks": (0, 5)}, "looks"),
        ({"looks": (5, 5)}, "looks"),
        ({"looks": (10, 5)}, "looks"),
        ({"looks": (1, 5), "seeded": False}, "looks"),
        ({"level": 0.0}, "level"),
        ({"level": 0.51}, "level"),
        ({"level": math.nan}, "level"),
        ({"widening": -0.25}, "widening"),
        ({"widening": math.inf}, "widening"),
    ],
)
def test_a_design_out_of_range_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(a_design(), **change)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, 1e301])
def test_scores_that_are_not_finite_are_refused_with_their_seed(score: float) -> None:
    for pair in (Pair(7, score, 0.9), Pair(7, 0.9, score)):
        with pytest.raises(ValueError, match="seed 7"):
            judge(a_design(), (pair,))


def test_scores_of_any_finite_size_are_judged() -> None:
    for size in (1e-9, 1e150, 1e299):
        judgement = judge(a_design(0.0), pairs_of(*(size * d for d in (1, 2, 3, 4, 5))))
        assert decided(judgement) == (Verdict.CONFIRMED, "strong")


def test_a_seed_with_two_pairs_is_refused() -> None:
    with pytest.raises(ValueError, match="seed 0 has two pairs"):
        judge(a_design(), pairs_of(0.1, 0.2) + pairs_of(0.3))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0.1, 2, 0.0, 0.05), "2 pairs"),
        ((-0.1, 5, 0.0, 0.05), "standard deviation"),
        ((math.nan, 5, 0.0, 0.05), "standard deviation"),
        ((0.1, 5, -1.0, 0.05), "widening"),
        ((0.1, 5, 0.0, 0.0), "level"),
    ],
)
def test_a_detectable_effect_needs_a_possible_design(
    arguments: tuple[float, int, float, float], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        smallest_detectable_effect(*arguments)


@pytest.mark.parametrize("arguments", [(0.0, 20, 0), (0.1, 0, 0), (0.1, 20, -1)])
def test_an_impossible_campaign_is_refused(arguments: tuple[float, int, int]) -> None:
    with pytest.raises(ValueError, match=r"budget|campaign"):
        campaign_level(*arguments)


# --- percent, constants, guards, examples ---------------------------------------------------------


GAIN = (0.20, 0.21, 0.22, 0.23, 0.24)  # confirmed against any bar up to its mean
LATENCY = (100.0, 104.0, 98.0, 101.0, 97.0)


def guarded(
    guard: str,
    candidate: Sequence[float],
    *,
    baseline: Sequence[float] = LATENCY,
    looks: tuple[int, ...] = (5,),
) -> Judgement:
    """A clear gain with one guarded metric."""
    design = replace(a_design(0.1, *looks), guards=(Guard.parse(guard),))
    rows = zip(baseline, candidate, strict=True)
    pairs = tuple(Pair(seed, *row) for seed, row in enumerate(rows))
    return judge(design, pairs_of(*GAIN), guards={design.guards[0].metric: pairs})


def by(*steps: float) -> list[float]:
    return [latency + step for latency, step in zip(LATENCY, steps, strict=True)]


# By name: the guard, the guarded metric of the candidate, and what must come of the experiment.
GUARDED: dict[str, tuple[str, Sequence[float], bool | None, Verdict, str]] = {
    "better": ("ms +5", by(-1, -2, -1, -3, -1), True, Verdict.CONFIRMED, "strong"),
    "worse by less than the margin": (
        "ms +5", by(1, 2, 1, 3, 1), True, Verdict.CONFIRMED, "strong",
    ),
    "worse by the margin, each time the same": (
        "ms +5", by(5, 5, 5, 5, 5), True, Verdict.CONFIRMED, "strong",
    ),
    "worse by more than the margin, each time the same": (
        "ms +5", by(6, 6, 6, 6, 6), False, Verdict.RULED_OUT, "guard broken",
    ),
    "surely worse by more": (
        "ms +5", by(9, 10, 9, 11, 9), False, Verdict.RULED_OUT, "guard broken",
    ),
    "perhaps worse by more": (
        "ms +5", by(9, 0, 4, 7, -1), None, Verdict.INCONCLUSIVE, "guard not shown",
    ),
    "worse by some percent": (
        "ms +5%", by(1, 2, 1, 3, 1), True, Verdict.CONFIRMED, "strong",
    ),
    "worse by too many percent": (
        "ms +5%", by(9, 10, 9, 11, 9), False, Verdict.RULED_OUT, "guard broken",
    ),
    "a score of 0 in percent": (
        "ms +5%", [0.0, 1, 1, 1, 1], None, Verdict.INCONCLUSIVE, "guard not shown",
    ),
    "a negative score in percent": (
        "ms +5%", [-1.0, 1, 1, 1, 1], None, Verdict.INCONCLUSIVE, "guard not shown",
    ),
    "under a constant": ("ms <= 110", by(1, 2, 1, 3, 1), True, Verdict.CONFIRMED, "strong"),
    "over a constant": (
        "ms <= 90", by(1, 2, 1, 3, 1), False, Verdict.RULED_OUT, "guard broken",
    ),
    "a metric that may not fall": (
        "ms -5", by(-9, -10, -9, -11, -9), False, Verdict.RULED_OUT, "guard broken",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GUARDED)
def test_a_gain_is_confirmed_only_where_its_guard_holds(name: str) -> None:
    guard, candidate, holds, verdict, reason = GUARDED[name]
    judgement = guarded(guard, candidate)
    assert decided(judgement) == (verdict, reason)
    assert [(str(g.guard), g.holds) for g in judgement.guards] == [(guard, holds)]


# By guard: how much worse a metric got, and how much worse it may get.
WORSE: dict[str, tuple[Callable[[float, float], float], float]] = {
    "ms +5": (lambda baseline, candidate: candidate - baseline, 5),
    "ms +5%": (lambda baseline, candidate: math.log(candidate / baseline), math.log(1.05)),
    "ms <= 105": (lambda _, candidate: candidate - 105, 0),
}


@pytest.mark.parametrize("guard", WORSE)
@pytest.mark.parametrize("looks", [(5,), (5, 20)])
def test_guards_are_held_against_scipys_bounds(guard: str, looks: tuple[int, ...]) -> None:
    rng, seen = random.Random(9), set()
    worse, margin = WORSE[guard]
    # Of the error that all looks may spend, the first has its share; twice that is two-sided.
    sure = 1 - 2 * 0.05 * looks[0] / looks[-1]
    for _ in range(200):
        baseline = [rng.gauss(100, 3) for _ in range(5)]
        shift = rng.choice((-5, 0, 5, 10))
        candidate = [value + rng.gauss(shift, 2) for value in baseline]
        [found] = guarded(guard, candidate, baseline=baseline, looks=looks).guards
        test = stats.ttest_1samp(list(map(worse, baseline, candidate)), 0)
        low, high = test.confidence_interval(sure)
        assert found.lower == pytest.approx(-high, rel=1e-9)
        assert found.holds is (True if high <= margin else False if low > margin else None)
        seen.add(found.holds)
    assert seen == {True, False, None}


def test_a_redrawn_split_widens_a_guards_bound_too() -> None:
    steps = (9.0, 0.0, 4.0, 7.0, -1.0)  # mean 3.8, standard deviation 4.324
    design = replace(a_design(0.1, widening=0.25), guards=(Guard.parse("ms +5"),))
    judgement = judge(design, pairs_of(*GAIN), guards={"ms": pairs_of(*steps)})
    error = statistics.stdev(steps) * math.sqrt(1 / 5 + 0.25)
    assert judgement.guards[0].lower == pytest.approx(-3.8 - stats.t.isf(0.05, 4) * error)


@pytest.mark.parametrize("reported", [0, 4])
def test_a_guard_whose_metric_some_runs_did_not_report_is_not_shown(reported: int) -> None:
    design = replace(a_design(0.1), guards=(Guard.parse("ms +5"),))
    pairs = pairs_of(*(-1.0,) * reported)
    judgement = judge(design, pairs_of(*GAIN), guards={"ms": pairs} if reported else None)
    assert decided(judgement) == (Verdict.INCONCLUSIVE, "guard not shown")
    [found] = judgement.guards
    assert (found.holds, found.effect, found.lower) == (None, None, None)


def test_all_guards_must_hold_and_each_is_named() -> None:
    design = replace(a_design(0.1), guards=(Guard.parse("ms +5"), Guard.parse("mb +1")))
    fine, broken = pairs_of(-1, -2, -1, -2, -1), pairs_of(9, 8, 9, 8, 9)
    judgement = judge(design, pairs_of(*GAIN), guards={"ms": fine, "mb": broken})
    assert decided(judgement) == (Verdict.RULED_OUT, "guard broken")
    assert [(g.guard.metric, g.holds) for g in judgement.guards] == [("ms", True), ("mb", False)]


def test_a_guard_that_is_not_shown_yet_waits_for_the_next_look() -> None:
    design = replace(a_design(0.1, 5, 10), guards=(Guard.parse("ms +5"),))
    unclear = (9.0, 0.0, 4.0, 7.0, -1.0)
    first = judge(design, pairs_of(*GAIN), guards={"ms": pairs_of(*unclear)})
    assert (decided(first), first.due) == ((None, ""), 10)
    calm = pairs_of(*unclear, -9, -8, -9, -8, -9)
    second = judge(design, pairs_of(*GAIN, *GAIN), guards={"ms": calm})
    assert decided(second) == (Verdict.CONFIRMED, "strong")


def test_a_guarded_score_that_is_not_finite_is_refused() -> None:
    design = replace(a_design(), guards=(Guard.parse("ms +5"),))
    with pytest.raises(ValueError, match="seed 0"):
        judge(design, pairs_of(*GAIN), guards={"ms": [Pair(0, 1.0, math.nan)]})


@pytest.mark.parametrize("widening", [0.0, 0.25])
def test_the_error_by_examples_has_both_spreads(widening: float) -> None:
    # Worked by hand: variance of the examples' mean x (1 + c), plus the seeds' variance / J.
    design = replace(a_design(0.01, 5, widening=widening), by_examples=True)
    differences = (0.04, 0.02, 0.03, 0.05, 0.01)  # mean 0.03, variance 0.00025
    judgement = judge(design, pairs_of(*differences), examples={5: Examples(400, 0.0001)})
    error = math.sqrt(0.0001 * (1 + widening) + 0.00025 / 5)
    assert judgement.standard_error == pytest.approx(error, rel=1e-12)
    assert judgement.p == pytest.approx(stats.t.sf(0.03 / error, 4), rel=1e-9)
    assert judgement.lower == pytest.approx(0.03 - stats.t.isf(0.05, 4) * error, rel=1e-9)
    assert judgement.sd == pytest.approx(math.sqrt(0.00025))
    assert judgement.examples == 400


def test_no_spread_over_examples_leaves_the_error_of_the_seeds() -> None:
    design = a_design(0.01, 5)
    pairs = pairs_of(0.04, 0.02, 0.03, 0.05, 0.01)
    alone = judge(design, pairs)
    both = judge(replace(design, by_examples=True), pairs, examples={5: Examples(400, 0.0)})
    assert both.p == pytest.approx(alone.p, rel=1e-12)
    assert both.verdict is alone.verdict
    assert both.lower == pytest.approx(alone.lower, rel=1e-12)


def test_a_look_waits_for_its_examples() -> None:
    design = replace(a_design(0.01, 3, 5), by_examples=True)
    pairs = pairs_of(0.04, -0.02, 0.03, 0.05, 0.01)
    none = judge(design, pairs)
    assert (decided(none), none.due, none.pairs) == ((None, ""), 3, 0)
    first = judge(design, pairs, examples={3: Examples(400, 0.0001)})
    assert (decided(first), first.due, first.pairs) == ((None, ""), 5, 3)
    last = judge(design, pairs, examples={3: Examples(400, 0.0001), 5: Examples(400, 0.0001)})
    assert (last.verdict is not None, last.pairs) == (True, 5)


def test_examples_that_no_look_asks_for_change_nothing() -> None:
    pairs = pairs_of(*GAIN)
    with_others = judge(a_design(0.1, 5), pairs, examples={3: Examples(9, 1.0)})
    assert with_others == judge(a_design(0.1, 5), pairs)


@pytest.mark.parametrize("count", [1, 2])
def test_a_single_run_needs_three_examples(count: int) -> None:
    design = replace(a_design(0.01, 1), seeded=False, by_examples=True)
    judgement = judge(design, pairs_of(0.1), examples={1: Examples(count, 0.0001)})
    assert decided(judgement) == (Verdict.INCONCLUSIVE, "unreplicated")


def a_single_run(d: float, variance: float = 0.0001, count: int = 400) -> Judgement:
    design = replace(a_design(0.05, 1), seeded=False, by_examples=True)
    return judge(design, pairs_of(d), examples={1: Examples(count, variance)})


# Every reason that runs can come to, each by the smallest case.
REASONS: dict[str, Judgement] = {
    "strong": judge(a_design(0.1), pairs_of(*GAIN)),
    "": judge(a_design(0.21), pairs_of(*GAIN)),
    "identical output": judge(a_design(), pairs_of(*(0.0,) * 5)),
    "zero variance": judge(a_design(), pairs_of(*(0.1,) * 5)),
    "unreplicated": judge(a_design(0.005, 2), pairs_of(0.1, 0.2)),
    "repeats failed": judge(a_design(), pairs_of(*NOISE[:3]), failed_seeds=(4,)),
    "below the bar": judge(a_design(0.1), pairs_of(*NOISE)),
    "harmful": judge(a_design(0.1), pairs_of(*(-d for d in GAIN))),
    "futile": judge(a_design(0.02, 5, 10), pairs_of(0.012, -0.014, 0.024, -0.024, 0.002)),
    "real but below the bar": judge(a_design(0.22), pairs_of(0.19, 0.20, 0.21, 0.22, 0.23)),
    "passes alone but not at its level": judge(
        a_design(0.005, level=0.005), pairs_of(0.01, 0.03, 0.01, 0.03, 0.0)
    ),
    "too noisy": judge(a_design(0.005), pairs_of(*NOISE)),
    "not positive": judge(
        Design(Criterion("score", 2, True, Scale.PERCENT), (5,), 0.05, 0.0), pairs_of(*GAIN)
    ),
    "real, size uncertain": judge(
        replace(a_design(0.22), rules=2), pairs_of(0.19, 0.20, 0.21, 0.22, 0.23)
    ),
    "equal scores": judge(
        replace(a_design(), rules=2), pairs_of(*(0.0,) * 5), ties=lambda _, __: Ties(step=0.001)
    ),
    "too coarse": judge(replace(a_design(), rules=2), pairs_of(*(0.0,) * 5)),
    "guard broken": guarded("ms +5", by(9, 10, 9, 11, 9)),
    "guard not shown": guarded("ms +5", by(9, 0, 4, 7, -1)),
}


def a_registration() -> Registration:
    return Registration(
        hypothesis="C raises the score because it is too low",
        name="brave-otter",
        change=parse_change("config.toml: C = 1 -> 2"),
        criterion=Criterion("score", 0.1, higher_is_better=True),
        repeats=(5,),
        seeds=(1, 5),
        widening=0.0,
        campaign=1,
        level=0.05,
    )


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_reached_closes_the_experiment_and_is_explained(reason: str) -> None:
    judgement = REASONS[reason]
    assert judgement.reason == reason
    assert judgement.verdict is not None
    assert judgement.due is None
    meaning = words.meaning(a_registration(), judgement)
    assert " " in meaning
    assert not {*"{}?"} & {*meaning.removesuffix("?")}


def test_no_reason_is_missing_from_the_list() -> None:
    source = Path(rule.__file__).read_text()
    named = set(re.findall(r"\bclose\(\s*\w+,\s*Verdict\.\w+,\s*\"([^\"]+)\"", source))
    named |= {
        "strong",
        "",
        "harmful",
        "below the bar",
        "real but below the bar",
        "real, size uncertain",
    }  # chosen
    assert named == REASONS.keys()


@pytest.mark.parametrize(
    ("d", "verdict", "reason"),
    [
        (0.1, Verdict.CONFIRMED, "strong"),
        (0.06, Verdict.CONFIRMED, ""),
        (0.045, Verdict.INCONCLUSIVE, "real but below the bar"),
        (0.015, Verdict.RULED_OUT, "below the bar"),
        (-0.1, Verdict.RULED_OUT, "harmful"),
        (0.0, Verdict.RULED_OUT, "identical output"),
    ],
)
def test_a_deterministic_trainer_is_judged_by_its_examples_alone(
    d: float, verdict: Verdict, reason: str
) -> None:
    judgement = a_single_run(d)
    assert decided(judgement) == (verdict, reason)
    if d:
        assert judgement.p == pytest.approx(stats.t.sf(d / 0.01, 399), rel=1e-9)
        assert judgement.sd is None


def test_examples_that_never_differ_show_no_variance() -> None:
    assert decided(a_single_run(0.1, 0.0)) == (Verdict.INCONCLUSIVE, "zero variance")


def test_a_constant_is_never_called_harmful() -> None:
    criterion = Criterion("score", 0.9, True, Scale.CONSTANT)
    below = tuple(Pair(seed, 0.5, 0.6 + d) for seed, d in enumerate(NOISE))
    judgement = judge(Design(criterion, (5,), 0.05, 0.0), below)
    # It lies below the constant for sure, which says nothing of whether the change helped.
    assert decided(judgement) == (Verdict.RULED_OUT, "below the bar")


@st.composite
def anything(draw: st.DrawFn) -> tuple[Design, tuple[Pair, ...], dict[str, Any]]:
    """A design of any kind, with whatever runs may have reported."""
    scale, seeded, any_design = draw(st.sampled_from(Scale)), draw(st.booleans()), draw(designs)
    design = replace(
        any_design,
        criterion=Criterion("score", draw(fractions.map(abs)), draw(st.booleans()), scale),
        guards=draw(st.sampled_from(((), *((Guard.parse(guard),) for guard in WORSE)))),
        seeded=seeded,
        by_examples=draw(st.booleans()),
        looks=any_design.looks if seeded else (1,),
    )
    pairs = draw(score_pairs)
    known = draw(st.sets(st.sampled_from(design.looks)))
    variances = st.floats(0, 1e-3)
    examples = {look: Examples(draw(st.integers(1, 500)), draw(variances)) for look in known}
    guards = {"ms": draw(score_pairs)} if draw(st.booleans()) else {}
    return design, pairs, {"examples": examples, "guards": guards}


@unhurried
@given(anything())
def test_whatever_is_reported_is_judged_by_a_reason_that_has_a_name(
    reported: tuple[Design, tuple[Pair, ...], dict[str, Any]],
) -> None:
    design, pairs, more = reported
    judgement = judge(design, pairs, **more)
    if judgement.verdict is None:
        assert (judgement.reason, judgement.due in design.looks) == ("", True)
        return
    assert judgement.reason in REASONS
    assert judgement.pairs in design.looks
    held = [guard.holds for guard in judgement.guards]
    if judgement.verdict is Verdict.CONFIRMED:
        assert held == [True] * len(design.guards)
        assert judgement.effect is not None
        assert judgement.effect >= design.criterion.bar - 1e-12
    if judgement.reason == "guard broken":
        assert False in held
    if judgement.reason == "guard not shown":
        assert None in held
