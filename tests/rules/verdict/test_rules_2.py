"""What rules 2 decide otherwise than rules 1: futility, ties, constants, per-example evidence."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gitexp.rules.documents.record import Record
from gitexp.rules.verdict.criterion import Criterion, Guard, Scale
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.ties import Ties, repeatable_metrics, ties_of
from gitexp.rules.verdict.verdict import Design, Examples, Judgement, Pair, Verdict

LOOKS = (5, 10, 20)


def a_design(bar: float = 0.005, *looks: int, level: float = 0.005, rules: int = 2) -> Design:
    return Design(Criterion("score", bar, True), looks or LOOKS, level, 0.0, rules=rules)


def pairs_of(differences: Sequence[float], baseline: float = 0.9) -> tuple[Pair, ...]:
    return tuple(Pair(seed, baseline, baseline + d) for seed, d in enumerate(differences))


def decided(judgement: Judgement) -> tuple[Verdict | None, str]:
    return judgement.verdict, judgement.reason


# --- futility -----------------------------------------------------------------------------------


def chance_to_confirm(
    d: Sequence[float], bar: float, looks: tuple[int, ...], level: float, widening: float = 0.0
) -> float:
    """Phi((mean - goal) / ahead), by SciPy."""
    n, last = len(d), looks[-1]
    mean, sd = statistics.fmean(d), statistics.stdev(d)
    share = (last - looks[-2]) / last
    goal = max(bar, stats.t.isf(level * share, last - 1) * sd * math.sqrt(1 / last + widening))
    return float(stats.norm.cdf((mean - goal) / (sd * math.sqrt(1 / n - 1 / last))))


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.floats(-1, 1), min_size=5, max_size=5).filter(lambda d: statistics.stdev(d) > 0.01),
    st.floats(0.01, 1),
    st.sampled_from((0.0, 0.25)),
)
def test_futile_is_what_the_last_look_would_hardly_confirm(
    d: list[float], bar: float, widening: float
) -> None:
    design = replace(a_design(bar), widening=widening)
    found = judge(design, pairs_of(d))
    chance = chance_to_confirm(d, bar, LOOKS, 0.005, widening)
    if found.verdict is None:
        assert chance >= 0.05 - 1e-9
    elif found.reason == "futile":
        assert chance < 0.05 + 1e-9


def test_a_change_that_does_nothing_ends_sooner_than_by_rules_1() -> None:
    d = [0.010, -0.010, 0.012, -0.012, 0.0]
    assert decided(judge(a_design(rules=1), pairs_of(d))) == (None, "")
    assert decided(judge(a_design(), pairs_of(d))) == (Verdict.INCONCLUSIVE, "futile")


def test_futility_allows_for_what_examples_add_to_the_last_error() -> None:
    d = [0.010, 0.012, 0.008, 0.011, 0.009]
    design = replace(a_design(), by_examples=True)
    sure, unsure = Examples(500, 1e-7), Examples(500, 1e-4)
    assert judge(design, pairs_of(d), examples={5: sure}).verdict is Verdict.CONFIRMED
    assert decided(judge(design, pairs_of(d), examples={5: unsure})) == (
        Verdict.INCONCLUSIVE, "futile",
    )  # fmt: skip


# --- two sources of variance ----------------------------------------------------------------------


@pytest.mark.parametrize("widening", [0.0, 0.25])
@pytest.mark.parametrize("variance", [1e-7, 1e-5, 1.8e-5, 1e-3])
def test_degrees_of_freedom_are_satterthwaites_where_most_comes_from_the_rows(
    variance: float, widening: float
) -> None:
    d = [0.010, 0.022, 0.008, 0.021, 0.009]
    design = replace(a_design(0.005, 5, level=0.05), by_examples=True, widening=widening)
    found = judge(design, pairs_of(d), examples={5: Examples(400, variance)})
    rows, seeds = variance * (1 + widening), statistics.variance(d) / 5
    df = (rows + seeds) ** 2 / (rows**2 / 399 + seeds**2 / 4)
    df = df if rows / (rows + seeds) >= 2 / 3 else 4
    assert found.p == pytest.approx(
        stats.t.sf(statistics.fmean(d) / math.sqrt(rows + seeds), df), rel=1e-9
    )
    assert found.upper == pytest.approx(
        statistics.fmean(d) + stats.t.isf(0.05, df) * math.sqrt(rows + seeds), rel=1e-9
    )


# --- ties -----------------------------------------------------------------------------------------


def tied(known: Ties, *looks: int, bar: float = 0.005) -> Judgement:
    pairs = pairs_of((0.0,) * 5)
    return judge(a_design(bar, *(looks or (5,))), pairs, ties=lambda _, __: known)


def test_equal_scores_rule_out_only_what_they_leave_no_room_for() -> None:
    # Five ties on 100 rows: 1 - 0.05 ** (1 / 5) of a row, 0.0045, may hide in them.
    assert decided(tied(Ties(step=0.01))) == (Verdict.RULED_OUT, "equal scores")
    assert tied(Ties(step=0.01)).upper == pytest.approx(0.01 * (1 - 0.05**0.2))
    assert decided(tied(Ties(step=0.02))) == (Verdict.INCONCLUSIVE, "too coarse")
    assert decided(tied(Ties(step=0.02), 5, 10)) == (None, "")
    assert decided(tied(Ties())) == (Verdict.INCONCLUSIVE, "too coarse")
    assert decided(tied(Ties(identical=True))) == (Verdict.RULED_OUT, "identical output")


def test_one_difference_in_all_pairs_ends_an_experiment_early_only_if_no_score_varies() -> None:
    vary = tuple(Pair(seed, 0.9 + seed / 100, 0.92 + seed / 100) for seed in range(5))
    assert decided(judge(a_design(0.005, 5, 10), vary)) == (None, "")
    assert decided(judge(a_design(0.005, 5), vary)) == (Verdict.INCONCLUSIVE, "zero variance")
    flat = judge(a_design(0.005, 3, 5, 10), pairs_of((0.02,) * 5))
    assert (*decided(flat), flat.look) == (Verdict.INCONCLUSIVE, "zero variance", 2)


def test_tiny_scores_are_not_taken_for_equal_ones() -> None:
    criterion = Criterion("mse", 2, False, Scale.PERCENT)
    design = Design(criterion, (5,), 0.05, 0.0, rules=2)
    scale = (1.0, 1.1, 0.9, 1.05, 0.95)
    pairs = [Pair(n, 2e-13 * s, 1e-13 * s * (1 + n / 100)) for n, s in enumerate(scale)]
    assert decided(judge(design, pairs)) == (Verdict.CONFIRMED, "strong")


def a_run(score: float, **fields: object) -> Record:
    metrics = {"score": score, **{k: v for k, v in fields.items() if isinstance(v, float)}}
    texts = {k: v for k, v in fields.items() if not isinstance(v, float)}
    made = Record(1, 1, "c", "e", metrics, "2026-01-01T00:00:00Z", 1.0, 0)
    return made._replace(**texts)  # type: ignore[arg-type]


def both(one: Record, other: Record) -> list[tuple[Record, Record]]:
    return [(one, other)] * 5


def test_outputs_are_identical_by_their_predictions_or_three_metrics_that_repeat() -> None:
    repeat = frozenset({"score", "loss", "auc"})
    three = a_run(0.9, loss=0.3, auc=0.95, seconds=1.0)
    also = a_run(0.9, loss=0.3, auc=0.95, seconds=1.2)
    table = [
        (a_run(0.9, output="a"), a_run(0.9, output="a"), frozenset(), True),
        (a_run(0.9, output="a"), a_run(0.9, output="b"), repeat, False),
        (a_run(0.9, output="a"), a_run(0.9), repeat, False),
        (three, also, repeat, True),
        (three, also, frozenset({"score", "loss"}), False),
        (three, a_run(0.9, loss=0.31, auc=0.95), repeat, False),
        (a_run(0.9), a_run(0.9), repeat, False),
    ]
    for one, other, repeats, same in table:
        found = ties_of(both(one, other), "score", Scale.DIFFERENCE, repeats)
        assert found.identical is same, (one, other)


def test_wall_time_is_never_comparable() -> None:
    first = a_run(0.9, loss=0.3, seconds=1.0)
    again = a_run(0.9, loss=0.3 + 1e-15, seconds=1.01)
    assert repeatable_metrics([(first, again)]) == {"score", "loss"}
    assert repeatable_metrics([]) == frozenset()


@pytest.mark.parametrize(
    ("runs", "scale", "step"),
    [
        # the coarser of the last decimal and one row
        ([(0.9123, 0.9123)], Scale.DIFFERENCE, (200, 1 / 200)),
        ([(0.91, 0.91)], Scale.DIFFERENCE, (200, 0.01)),
        # without rows: what scores differ by
        ([(0.91, 0.91), (0.93, 0.93)], Scale.DIFFERENCE, (0, 0.02)),
        ([(0.91, 0.91), (0.91, 0.91)], Scale.DIFFERENCE, (0, None)),
        ([(2.0, 2.0), (4.0, 4.0)], Scale.PERCENT, (0, math.log(2))),
        ([(0.5, 0.5)], Scale.PERCENT, (100, 0.1 / 0.5)),
    ],
)
def test_the_step_is_the_smallest_difference_that_shows(
    runs: list[tuple[float, float]], scale: Scale, step: tuple[int, float | None]
) -> None:
    rows, expected = step
    paired = [(a_run(a, tested=rows), a_run(b, tested=rows)) for a, b in runs]
    assert ties_of(paired, "score", scale, frozenset()).step == (
        None if expected is None else pytest.approx(expected)
    )


def test_scores_without_a_logarithm_have_no_step_in_percent() -> None:
    paired = [(a_run(0.0, tested=100), a_run(0.0, tested=100))]
    assert ties_of(paired, "score", Scale.PERCENT, frozenset()) == Ties(identical=False)
    same = [(a_run(0.0, output="a"), a_run(0.0, output="a"))]
    assert ties_of(same, "score", Scale.PERCENT, frozenset()) == Ties(identical=True)


@pytest.mark.parametrize(
    ("known", "holds"),
    [(Ties(step=0.001), True), (Ties(step=0.05), None), (Ties(), None),
     (Ties(decimal=0.001), True), (Ties(identical=True), True)],
)  # fmt: skip
def test_a_guard_with_ties_holds_as_far_as_its_metric_can_show(
    known: Ties, holds: bool | None
) -> None:
    guard = Guard(Criterion("recall", 0.01, higher_is_better=False))
    design = replace(a_design(0.005, 5, level=0.05), guards=(guard,))
    gain = pairs_of((0.02, 0.021, 0.019, 0.02, 0.022))
    found = judge(design, gain, guards={"recall": pairs_of((0.0,) * 5)}, ties=lambda _, __: known)
    assert found.guards[0].holds is holds
    assert found.verdict is (Verdict.CONFIRMED if holds else Verdict.INCONCLUSIVE)


# --- constants ------------------------------------------------------------------------------------


def against_a_constant(scores: Sequence[float], baseline: Sequence[float]) -> Judgement:
    criterion = Criterion("score", 0.9, True, Scale.CONSTANT)
    design = Design(criterion, (5, 10), 0.05, 0.0, rules=2)
    pairs = [Pair(n, b, k) for n, (b, k) in enumerate(zip(baseline, scores, strict=False))]
    return judge(design, pairs, baseline=baseline)


def test_a_constant_is_judged_by_the_larger_of_its_own_and_the_pooled_deviation() -> None:
    baseline = [0.89, 0.91, 0.87, 0.92, 0.88, 0.90, 0.86, 0.93, 0.89, 0.91]
    scores = [0.911, 0.912, 0.911, 0.912, 0.911]
    found = against_a_constant(scores, baseline)
    pooled = math.sqrt((4 * statistics.variance(scores) + 9 * statistics.variance(baseline)) / 13)
    assert found.sd == pytest.approx(pooled)
    t = (statistics.fmean(scores) - 0.9) / (pooled / math.sqrt(5))
    assert found.p == pytest.approx(stats.t.sf(t, 4), rel=1e-9)
    wild = [0.99, 0.91, 0.80, 0.95, 0.85]
    assert against_a_constant(wild, baseline).sd == pytest.approx(statistics.stdev(wild))


def test_a_constant_waits_for_the_whole_baseline() -> None:
    found = against_a_constant([0.95, 0.96, 0.94, 0.95, 0.96], [0.89, 0.91, 0.87, 0.92, 0.88])
    assert (found.verdict, found.due) == (None, 5)


# --- one bad run of the baseline ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("baseline", "candidate", "named"),
    [
        ((0.90, 0.91, 0.60, 0.90, 0.91), (0.903, 0.913, 0.90, 0.903, 0.913), True),  # it fell
        ((0.90, 0.91, 0.90, 0.90, 0.91), (0.903, 0.913, 1.20, 0.903, 0.913), False),  # it rose
        ((0.90, 0.91, 0.60, 0.90, 0.91), (0.93, 0.94, 0.92, 0.93, 0.94), False),  # without it, too
    ],
)
def test_a_gain_that_one_bad_run_of_the_baseline_carries_names_its_seed(
    baseline: Sequence[float], candidate: Sequence[float], named: bool
) -> None:
    pairs = [Pair(n, *row) for n, row in enumerate(zip(baseline, candidate, strict=True), 1)]
    found = judge(a_design(0.005, 5, level=0.4), pairs)
    assert found.verdict is Verdict.CONFIRMED
    assert ("without seed 3" in found.detail) is named
    assert not judge(a_design(0.005, 5, level=0.4, rules=1), pairs).detail
