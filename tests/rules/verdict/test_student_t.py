from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gitexp.rules.verdict.student_t import normal_cdf, ppf, sf

DEGREES = (1, 2, 3, 4, 5, 9, 10, 19, 30, 39, 40, 41, 59, 100, 999, 10_000, 100_000, 1_000_000)
TAILS = (*(10.0**-k for k in range(1, 13)), 0.2499, 0.25, 0.2501, 0.4, 0.49, 0.499)
PROBABILITIES = (*TAILS, *(1 - tail for tail in TAILS))

degrees = st.floats(min_value=1, max_value=1e6)
probabilities = st.floats(min_value=1e-12, max_value=1 - 1e-12)
unhurried = settings(deadline=None)


def cdf(t: float, df: float) -> float:
    return sf(-t, df)


def close(value: float, expected: float, digits: float = 1e-9) -> bool:
    return math.isclose(value, expected, rel_tol=digits)


def test_quantiles_and_both_tails_agree_with_scipy() -> None:
    cases = [(p, df) for p in PROBABILITIES for df in DEGREES]
    assert [case for case in cases if not agrees_with_scipy(*case)] == []


def agrees_with_scipy(p: float, df: int) -> bool:
    t = float(stats.t.ppf(p, df))
    above, below = float(stats.t.sf(t, df)), float(stats.t.cdf(t, df))
    return close(ppf(p, df), t) and close(sf(t, df), above) and close(cdf(t, df), below)


def test_random_quantiles_and_tails_agree_with_scipy() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(1_000):
        df = 10 ** rng.uniform(0, 6)
        tail = min(10 ** rng.uniform(-12, -0.3), 0.499)
        p = rng.choice((tail, 1 - tail))
        t = float(stats.t.ppf(p, df))
        assert close(ppf(p, df), t), (p, df)
        assert close(sf(t, df), float(stats.t.sf(t, df))), (t, df)


@pytest.mark.parametrize("tail", [1e-100, 1e-12, 1e-3, 0.25, 0.4])
def test_one_degree_of_freedom_is_the_cauchy_distribution(tail: float) -> None:
    t = 1 / math.tan(math.pi * tail)
    assert close(ppf(tail, 1), -t, 1e-13)
    assert close(sf(t, 1), math.atan2(1, t) / math.pi, 1e-13)


def test_the_farthest_tail_has_a_quantile_at_any_degrees_of_freedom() -> None:
    for df in DEGREES:
        assert close(cdf(ppf(1e-100, df), df), 1e-100, 1e-11)
    assert close(sf(1e200, 1), 1e-200 / math.pi, 1e-12)


@pytest.mark.parametrize("beyond_half", [1e-15, 1e-12, 1e-6, 0.1])
def test_quantiles_next_to_the_median_keep_their_digits(beyond_half: float) -> None:
    # SciPy has five digits left at 1e-12, so the closed form of one degree of freedom judges.
    p = 0.5 + beyond_half
    assert close(ppf(p, 1), math.tan(math.pi * (p - 0.5)), 1e-13)


@pytest.mark.parametrize("t", [1e-8, 0.3, 1.0, 1.8, 25.0, 1e6])
def test_two_degrees_of_freedom_have_a_closed_form(t: float) -> None:
    root = math.sqrt(2 + t * t)
    assert close(sf(t, 2), 1 / (root * (root + t)), 1e-13)


@unhurried
@given(probabilities, degrees)
def test_a_quantile_leads_back_to_its_probability(p: float, df: float) -> None:
    assert close(cdf(ppf(p, df), df), p, 1e-11)


@unhurried
@given(st.floats(min_value=-50, max_value=50), degrees)
def test_the_distribution_is_symmetric_and_sums_to_one(t: float, df: float) -> None:
    assert close(cdf(t, df) + sf(t, df), 1, 1e-15)


@unhurried
@given(st.floats(min_value=-20, max_value=20), st.floats(min_value=0, max_value=5), degrees)
def test_a_larger_t_never_has_the_larger_tail(t: float, further: float, df: float) -> None:
    assert sf(t + further, df) <= sf(t, df) * (1 + 1e-13)


@pytest.mark.parametrize("z", [-8.0, -1.6448536269514722, 0.0, 1.0, 8.0])
def test_many_degrees_of_freedom_are_the_normal_distribution(z: float) -> None:
    assert close(normal_cdf(z), float(stats.norm.cdf(z)), 1e-13)
    assert close(cdf(z, 1e15), normal_cdf(z), 1e-11)


def test_the_ends_and_the_middle_are_exact() -> None:
    assert sf(math.inf, 3) == cdf(-math.inf, 3) == 0
    assert sf(-math.inf, 3) == cdf(math.inf, 3) == 1
    assert sf(0, 3) == cdf(0, 3) == 0.5
    assert ppf(0.5, 3) == 0


@pytest.mark.parametrize("df", [0, 0.5, -1, math.inf, math.nan])
def test_impossible_degrees_of_freedom_are_refused(df: float) -> None:
    for call in (sf, cdf, ppf):
        with pytest.raises(ValueError, match="degrees of freedom"):
            call(0.3, df)


@pytest.mark.parametrize("p", [0, 1, -0.1, 1.1, 1e-101, math.nan])
def test_a_quantile_of_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="probability between"):
        ppf(p, 4)


def test_t_that_is_not_a_number_is_refused() -> None:
    for call in (sf, cdf):
        with pytest.raises(ValueError, match="not a number"):
            call(math.nan, 4)
