"""A band is what NumPy computes by hand at each step, and never more than the runs reported."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gitexp.rules.documents.series import Series
from gitexp.statistics.curves import Band, bands


def series(points: dict[int, float], seed: int = 1) -> Series:
    return Series(seed, 1, "9f3c2a", "loss", tuple(points), tuple(points.values()))


def band(*runs: dict[int, float], most: int = 200) -> Band:
    found, *_ = bands([[series(points, seed) for seed, points in enumerate(runs)]], most)
    assert found is not None
    return found


def test_runs_of_the_same_steps_are_averaged_as_numpy_does() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(5, 30))
    found = band(*({3 * n: v for n, v in enumerate(map(float, row))} for row in values))
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
    assert found.steps == tuple(range(0, 90, 3))
    assert found.mean == pytest.approx(mean)
    assert found.low == pytest.approx(mean - sd)
    assert found.high == pytest.approx(mean + sd)
    assert found.runs == (5,) * 30


def test_a_run_counts_between_its_own_steps_and_not_beyond_them() -> None:
    found = band({0: 0.0, 10: 10.0, 20: 0.0}, {5: 7.0, 15: 9.0})
    assert found.steps == (0, 5, 10, 15, 20)
    assert found.runs == (1, 2, 2, 2, 1)
    assert found.mean == pytest.approx((0, 6, 9, 7, 0))
    # Of two values the standard deviation is their distance / sqrt(2); of one there is none.
    half = np.array([0, 2, 2, 4, 0]) / math.sqrt(2)
    assert found.low == pytest.approx(np.array(found.mean) - half)
    assert found.high == pytest.approx(np.array(found.mean) + half)


def test_both_arms_are_read_at_the_same_steps() -> None:
    mine, base = bands([[series({0: 1.0, 4: 3.0})], [series({0: 2.0, 2: 4.0})]])
    assert (mine and mine.steps, base and base.steps) == ((0, 2, 4), (0, 2))
    assert mine is not None
    assert mine.mean == pytest.approx((1, 2, 3))


def test_what_was_logged_out_of_order_is_sorted_and_the_last_value_of_a_step_counts() -> None:
    once = Series(1, 1, "", "loss", (3, 1, 2, 1), (3.0, 9.0, 2.0, 1.0))
    (found,) = bands([[once]])
    assert found is not None
    assert (found.steps, found.mean) == ((1, 2, 3), (1.0, 2.0, 3.0))


def test_of_many_steps_some_are_read_evenly_by_rank_with_both_ends() -> None:
    # Steps that grow by a factor stay dense at the start.
    long = {2**n: float(n) for n in range(50)}
    found = band(long, long, most=8)
    assert found.steps == tuple(2**n for n in (0, 7, 14, 21, 28, 35, 42, 49))
    assert found.mean == (0, 7, 14, 21, 28, 35, 42, 49)


def test_numbers_near_the_largest_stay_finite() -> None:
    found = band({0: 1.7e308, 1: 1.0}, {0: -1.7e308, 1: 1.0}, {0: 1.7e308, 1: 1.0})
    assert all(map(math.isfinite, (*found.mean, *found.low, *found.high)))
    assert found.mean == pytest.approx((1.7e308 / 3, 1))


def test_an_arm_without_series_has_no_band() -> None:
    assert bands([[], [series({})]]) == [None, None]
    mine, base = bands([[series({0: 1.0})], []])
    assert mine == Band((0,), (1.0,), (1.0,), (1.0,), (1,))
    assert base is None
