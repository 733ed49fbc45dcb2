"""One interval for several tries: apart, they add up; on the same runs, they do not."""

from __future__ import annotations

import pytest
from scipy import stats

from gitexp.rules.verdict.pooling import Estimate, pool


def tried(
    effect: float, error: float = 0.02, *, seeds: tuple[int, int] = (1, 5), base: str = "a"
) -> Estimate:
    return Estimate(effect, error, 5, base, seeds)


def test_one_alone_keeps_its_interval() -> None:
    mean, reach = pool([tried(0.01)])
    assert mean == 0.01
    assert reach == pytest.approx(stats.t.ppf(0.975, 4) * 0.02)


def test_fresh_seeds_add_up() -> None:
    mean, reach = pool([tried(0.01), tried(0.03, seeds=(6, 10)), tried(0.02, base="b")])
    assert mean == pytest.approx(0.02)
    assert reach == pytest.approx(stats.t.ppf(0.975, 12) * 0.02 / 3**0.5)


def test_the_surer_one_counts_more() -> None:
    mean, _ = pool([tried(0.01, 0.01), tried(0.06, 0.02, seeds=(6, 10))])
    assert mean == pytest.approx(0.02)


def test_the_same_runs_tell_no_more_however_often_they_are_asked() -> None:
    _, once = pool([tried(0.02)])
    for times in (2, 10):
        assert pool([tried(0.02)] * times)[1] == pytest.approx(once)
    assert pool([tried(0.02), tried(0.02, seeds=(5, 9))])[1] == pytest.approx(once)
