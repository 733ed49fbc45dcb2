"""One interval for several tries of one value: fresh seeds add up, shared runs and rows do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gitexp.rules.verdict.pooling import Estimate, pool

SD = 0.02


def tried(
    effect: float, pairs: int = 5, *, first: int = 1, base: str = "a", **parts: float
) -> Estimate:
    return Estimate(effect, pairs, base, (first, first + pairs - 1), **{"sd": SD, **parts})  # type: ignore[arg-type]


def test_one_alone_keeps_its_interval() -> None:
    mean, reach = pool([tried(0.01)])
    assert mean == 0.01
    assert reach == pytest.approx(stats.t.ppf(0.975, 4) * SD / math.sqrt(5))


def test_fresh_seeds_add_up_and_more_pairs_count_more() -> None:
    mean, reach = pool([tried(0.01), tried(0.04, 10, first=6), tried(0.01, base="b")])
    assert mean == pytest.approx((5 * 0.01 + 10 * 0.04 + 5 * 0.01) / 20)
    assert reach == pytest.approx(stats.t.ppf(0.975, 4 + 9 + 4) * SD / math.sqrt(20))


def test_the_same_runs_tell_no_more_however_often_they_are_asked() -> None:
    _, once = pool([tried(0.02)])
    for times in (2, 10):
        assert pool([tried(0.02)] * times)[1] == pytest.approx(once)
    assert pool([tried(0.02), tried(0.02, first=5)])[1] == pytest.approx(once)


def test_more_tries_do_not_make_the_data_larger() -> None:
    apart = [tried(0.01, first=1 + 5 * k, widening=0.25) for k in range(1000)]
    assert pool(apart)[1] == pytest.approx(1.96 * SD * math.sqrt(0.25), rel=0.01)
    rows = [tried(0.01, first=1 + 5 * k, of_examples=1e-4, examples=400) for k in range(1000)]
    assert pool(rows)[1] == pytest.approx(1.966 * 0.01, rel=0.01)


def test_a_single_deterministic_run_has_the_freedom_of_its_examples() -> None:
    _, reach = pool([Estimate(0.01, 1, "a", (1, 1), of_examples=1e-4, examples=50)])
    assert reach == pytest.approx(stats.t.ppf(0.975, 49) * 0.01)


def test_seeds_and_examples_weigh_in_the_degrees_of_freedom_by_their_variance() -> None:
    first = tried(0.01, sd=0.02, widening=0.25, of_examples=2e-5, examples=200)
    second = tried(0.03, 10, first=6, sd=0.01, of_examples=5e-5, examples=80)
    mean, reach = pool([first, second])
    rows, df = 5e-5, 4 + 9  # the larger of the examples' variances, all seeds
    seeds = (4 * 0.02**2 + 9 * 0.01**2) / df * (1 / 15 + 0.25)
    freedom = (rows + seeds) ** 2 / (rows**2 / 79 + seeds**2 / df)
    assert mean == pytest.approx((5 * 0.01 + 10 * 0.03) / 15)
    assert reach == pytest.approx(stats.t.isf(0.025, freedom) * math.sqrt(rows + seeds), rel=1e-9)


def test_nothing_is_not_pooled() -> None:
    with pytest.raises(ValueError, match="nothing"):
        pool([])


@pytest.mark.parametrize(("tries", "pairs"), [(2, 5), (5, 5), (10, 3)])
def test_the_interval_holds_what_it_promises(tries: int, pairs: int) -> None:
    rng = np.random.default_rng(tries)
    held = 0
    for _ in range(1000):
        d = rng.normal(0, SD, (tries, pairs))
        found = [
            tried(float(row.mean()), pairs, first=1 + pairs * k, sd=float(row.std(ddof=1)))
            for k, row in enumerate(d)
        ]
        mean, reach = pool(found)
        held += abs(mean) <= reach
    assert 0.93 <= held / 1000 <= 0.97
