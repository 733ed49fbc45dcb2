"""When the next block of a baseline is due, and when it shows that the first was unlucky."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gitexp.rules.verdict import unlucky
from gitexp.rules.verdict.criterion import Criterion, Scale
from gitexp.rules.verdict.unlucky import (
    Decided,
    in_doubt,
    is_unlucky,
    least_block,
    next_block_due,
    one_sided,
    spared,
)

START = 500_000
NEXT = START + 1_000
GAIN = Criterion("accuracy", 0.005, higher_is_better=True)
LOSS = Criterion("loss", 0.005, higher_is_better=False)
PERCENT = Criterion("loss", 2.0, higher_is_better=False, scale=Scale.PERCENT)


def decided(
    number: int,
    effect: float = 0.01,
    *,
    confirmed: bool = False,
    seed: int = START,
    condition: str = "c",
) -> Decided:
    """Experiment `number` on the baseline; each ends before the next one begins."""
    began = 100.0 * number
    return Decided(
        f"{number:040x}", seed, condition, began - 10, began, began + 1, effect, confirmed
    )


def several(better: int, worse: int = 0, zero: int = 0) -> list[Decided]:
    """Experiments with effects of these signs, none of them confirmed."""
    effects = [0.01] * better + [-0.01] * worse + [0.0] * zero
    return [decided(number, effect) for number, effect in enumerate(effects)]


@pytest.mark.parametrize(
    ("better", "worse", "due"),
    [(7, 0, False), (8, 0, True), (0, 8, True), (9, 1, False), (11, 1, True), (12, 2, False)],
)
def test_effects_of_one_sign_are_too_many_by_a_sign_test(
    better: int, worse: int, due: bool
) -> None:
    assert one_sided(several(better, worse, zero=3)) is due
    p = stats.binomtest(better, better + worse).pvalue
    assert due is bool(p <= 0.01 and better + worse >= 8)


def test_the_next_block_is_due_for_a_second_confirmation_and_not_for_the_first() -> None:
    first, second = decided(1, confirmed=True), decided(2, confirmed=True)
    assert not next_block_due(first, [second])
    assert next_block_due(second, [first])
    assert not next_block_due(replace(second, confirmed=False), [first])
    elsewhere = decided(1, confirmed=True, condition="d")
    assert not next_block_due(second, [elsewhere])


def test_a_confirmation_on_one_block_makes_the_next_due_on_every_other() -> None:
    assert next_block_due(decided(2, confirmed=True, seed=NEXT), [decided(1, confirmed=True)])


def test_an_experiment_sees_only_what_was_decided_before_its_deciding_record_started() -> None:
    mine = decided(2, confirmed=True)
    beside = replace(decided(1, confirmed=True), ended=mine.began)
    assert not next_block_due(mine, [beside])
    assert next_block_due(mine, [replace(beside, ended=mine.began - 0.001)])


def test_the_eighth_effect_of_one_sign_makes_the_next_block_due_whatever_its_verdict() -> None:
    assert next_block_due(decided(8), several(7))
    assert not next_block_due(decided(8, -0.01), several(7))
    # The runs of another block are other runs.
    assert not next_block_due(decided(8, seed=NEXT), several(7))


def test_who_has_not_begun_is_in_doubt_once_another_was_confirmed_or_signs_agree() -> None:
    assert not in_doubt(START, several(4, 3))
    assert in_doubt(START, [*several(4, 3), decided(9, confirmed=True)])
    assert in_doubt(START, several(8))
    assert not in_doubt(NEXT, several(8))


@pytest.mark.parametrize(
    ("known", "block"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([decided(1, confirmed=True)], 0, id="one confirmed"),
        pytest.param([decided(1, confirmed=True), decided(2, confirmed=True)], 1, id="two"),
        pytest.param(several(8), 1, id="one sign"),
        pytest.param([decided(n, confirmed=True, seed=NEXT) for n in (1, 2)], 2, id="on the next"),
        pytest.param(
            [*several(8), decided(9, confirmed=True), decided(10, confirmed=True, seed=NEXT)],
            2,
            id="one on each",
        ),
    ],
)
def test_new_experiments_leave_a_block_behind_once_it_made_the_next_one_due(
    known: list[Decided], block: int
) -> None:
    assert least_block(START, known) == block


def test_of_two_first_confirmations_the_later_in_the_order_was_spared() -> None:
    one, other = decided(1, confirmed=True), replace(decided(1, confirmed=True), commit="f" * 40)
    assert not spared(one, [other])
    assert spared(other, [one])
    assert not spared(replace(other, doubted=True), [one])
    long = replace(decided(1, confirmed=True), began=900.0, ended=901.0)
    quick = decided(2, confirmed=True)
    assert not spared(quick, [long])  # the long one saw it
    assert spared(long, [quick])


# --- the two blocks -----------------------------------------------------------------------------


def scores(mean: float, sd: float = 0.01, runs: int = 12) -> list[float]:
    """Scores with exactly this mean and standard deviation."""
    drawn = np.random.default_rng(runs).normal(size=runs)
    return [*map(float, mean + sd * (drawn - drawn.mean()) / drawn.std(ddof=1))]


@pytest.mark.parametrize("sizes", [(5, 5), (12, 20), (3, 24)])
@pytest.mark.parametrize("apart", [0.0, 0.004, 0.02])
def test_blocks_are_compared_by_welch(sizes: tuple[int, int], apart: float) -> None:
    first, second = scores(0.9, runs=sizes[0]), scores(0.9 + apart, 0.02, runs=sizes[1])
    expected = stats.ttest_ind(first, second, equal_var=False).pvalue
    assert unlucky.welch(first, second) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("criterion", "first", "second", "found"),
    [
        pytest.param(GAIN, 0.90, 0.902, False, id="close"),
        pytest.param(GAIN, 0.90, 0.92, True, id="low at first"),
        pytest.param(GAIN, 0.92, 0.90, True, id="high at first"),
        pytest.param(LOSS, 0.92, 0.90, True, id="a loss"),
        pytest.param(PERCENT, 0.92, 0.90, True, id="percent"),
    ],
)
def test_a_baseline_is_unlucky_if_its_blocks_differ(
    criterion: Criterion, first: float, second: float, found: bool
) -> None:
    assert is_unlucky(criterion, scores(first), scores(second)) is found


@pytest.mark.parametrize(
    ("criterion", "candidate", "found"),
    [
        # Both blocks together give 0.902.
        pytest.param(GAIN, 0.9065, True, id="below the bar"),
        pytest.param(GAIN, 0.907, False, id="at the bar"),
        pytest.param(GAIN, 0.9075, False, id="above the bar"),
        pytest.param(LOSS, 0.8975, True, id="a loss below the bar"),
        pytest.param(LOSS, 0.8965, False, id="a loss above the bar"),
        pytest.param(PERCENT, 0.885, True, id="percent, below"),
        pytest.param(PERCENT, 0.883, False, id="percent, above"),
    ],
)
def test_a_candidate_must_beat_both_blocks_together_by_the_bar(
    criterion: Criterion, candidate: float, found: bool
) -> None:
    first, second = scores(0.900), scores(0.904)
    assert is_unlucky(criterion, first, second, scores(candidate, 1e-6)) is found


@pytest.mark.parametrize("same", [0.0, 0.9, 1e6])
def test_blocks_without_any_spread_differ_only_if_their_scores_do(same: float) -> None:
    assert unlucky.welch([same] * 3, [same] * 3) == 1.0
    assert unlucky.welch([same] * 3, [same + 1] * 3) < 1e-20


def test_a_percentage_of_nothing_bears_nothing_out() -> None:
    assert is_unlucky(PERCENT, scores(0.9), [*scores(0.9), 0.0], scores(0.1))


def test_blocks_of_two_runs_tell_nothing() -> None:
    assert not is_unlucky(GAIN, [0.1, 0.2], [0.8, 0.9], [0.0, 0.0])
