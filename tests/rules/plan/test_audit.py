"""The figures of `gitexp audit`, against SciPy and NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from gitexp.rules.plan.audit import Worth, audit, best_of, pairs_to_confirm
from gitexp.rules.plan.past_runs import Kept, PastRun, configurations, wins


def run(
    name: str, score: float | None, kept: Kept = Kept.UNSAID, seed: str = "", **settings: str
) -> PastRun:
    return PastRun(
        name, {} if score is None else {"loss": score}, settings or {"c": name}, seed, kept
    )


@pytest.mark.parametrize("tries", [1, 2, 3, 10, 35, 1_000, 100_000])
def test_the_best_of_n_is_the_expected_maximum_of_normal_draws(tries: int) -> None:
    def density(x: float) -> float:
        return float(x * tries * stats.norm.pdf(x) * np.exp((tries - 1) * stats.norm.logcdf(x)))

    expected = integrate.quad(
        density, -12, 12, epsabs=1e-13, epsrel=1e-13, limit=500, points=[0, 4]
    )
    assert best_of(tries) == pytest.approx(expected[0], abs=1e-9)


def test_the_best_of_no_tries_does_not_exist() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        best_of(0)


def test_the_noise_is_pooled_over_repeats() -> None:
    groups = {"a": [1.0, 1.4, 1.1], "b": [0.8, 0.9], "c": [2.0]}
    found = audit([run(n, s) for n, all_ in groups.items() for s in all_], "loss",
                  higher_is_better=False)  # fmt: skip
    variance = (2 * np.var(groups["a"], ddof=1) + np.var(groups["b"], ddof=1)) / 3
    assert found.noise is not None
    assert found.noise.sd == pytest.approx(math.sqrt(variance), rel=1e-12)
    assert (found.noise.df, found.noise.configurations, found.tries) == (3, 2, 2)


# In standard errors of a gain between single runs, with 3 degrees of freedom and 4 tries.
_ONE, _OF_FOUR = stats.t.ppf(0.95, 3), stats.t.ppf(1 - 0.05 / 4, 3)


@pytest.mark.parametrize(
    ("errors", "worth"),
    [
        (-1.0, Worth.NOISE),
        (_ONE - 1e-6, Worth.NOISE),
        (_ONE + 1e-6, Worth.LUCK),
        (_OF_FOUR - 1e-6, Worth.LUCK),
        (_OF_FOUR + 1e-6, Worth.STANDS),
    ],
)
def test_a_win_stands_beyond_the_noise_of_all_tries(errors: float, worth: Worth) -> None:
    repeats = [1.0, 1.02, 0.97, 1.01]
    gain = errors * float(np.std(repeats, ddof=1)) * math.sqrt(2)
    runs = [run("base", 5.0, Kept.KEPT), run("win", 5.0 - gain, Kept.KEPT)]
    runs += [run("noise", score, Kept.DISCARDED) for score in repeats]
    runs += [run(f"other {n}", 6.0, Kept.DISCARDED) for n in range(2)]
    found = audit(runs, "loss", higher_is_better=False)
    assert [one.worth for one in found.wins] == [worth]
    assert len(found.retests) == (errors > 0 and worth is not Worth.STANDS)


def test_repeats_that_are_all_equal_show_no_noise() -> None:
    # Their mean is not any of them: rounding alone would give a standard deviation.
    score = 0.003
    assert math.fsum([score] * 3) / 3 != score
    found = audit([run("a", score)] * 3 + [run("b", 2.0)], "loss", higher_is_better=True)
    assert (found.noise, found.equal) == (None, 1)


def test_a_win_counts_the_repeats_of_both_sides() -> None:
    runs = [run("base", s) for s in (1.0, 1.1, 1.2)] + [run("next", s) for s in (0.5, 0.6)]
    (win,) = wins(configurations(runs, "loss"), higher_is_better=False)
    assert win.gain == pytest.approx(0.55)
    assert win.widening == pytest.approx(math.sqrt(1 / 3 + 1 / 2))


def test_what_was_kept_is_as_recorded_else_whatever_was_the_best_so_far() -> None:
    scores = [3.0, 2.0, 2.5, 1.0]
    unsaid = [run(str(n), score) for n, score in enumerate(scores)]
    assert [w.gain for w in wins(configurations(unsaid, "loss"), higher_is_better=False)] == [1, 1]
    said = [
        run(str(n), score, Kept.DISCARDED if n == 1 else Kept.KEPT)
        for n, score in enumerate(scores)
    ]
    kept = wins(configurations(said, "loss"), higher_is_better=False)
    assert [w.gain for w in kept] == [0.5, 1.5]
    assert [w.gain for w in wins(configurations(unsaid, "loss"), higher_is_better=True)] == []


def test_failed_runs_and_the_same_seed_twice_are_no_repeats() -> None:
    runs = [
        run("a", 1.0, seed="1"), run("a", 1.0, seed="1"), run("a", 1.2, seed="2"),
        run("a", 0.0, Kept.FAILED, seed="3"), run("a", None, seed="4"),
    ]  # fmt: skip
    assert [one.scores for one in configurations(runs, "loss")] == [(1.0, 1.2)]


def test_runs_that_do_not_say_their_configuration_are_never_repeats() -> None:
    runs = [PastRun("a", {"loss": 1.0}, {"loss": "1.0"}), PastRun("a", {"loss": 1.0})]
    assert len(configurations(runs, "loss")) == 2


@pytest.mark.parametrize("repeats", [[1.0], [1.0, 1.0, 1.0]])
def test_unknown_noise_gets_a_table_from_all_stand_to_none(repeats: list[float]) -> None:
    runs = [run("a", score) for score in repeats] + [run("b", 0.9), run("c", 0.5)]
    found = audit(runs, "loss", higher_is_better=False)
    assert found.noise is None
    assert (found.equal > 0) == (len(repeats) > 1)
    assert [row.stand for row in (found.assumed[0], found.assumed[-1])] == [2, 0]
    for row in found.assumed:
        limit = stats.norm.ppf(1 - 0.05 / 2) * row.sd
        widenings = (1 + 1 / len(repeats), 2)
        gains = zip((0.1, 0.4), widenings, strict=True)
        assert row.stand == sum(gain > limit * math.sqrt(w) for gain, w in gains)
        assert row.best_of == pytest.approx(row.sd / math.sqrt(math.pi))  # the best of two


@pytest.mark.parametrize(("gain", "sd"), [(0.5, 0.1), (0.1, 0.1), (0.05, 0.1), (10.0, 0.1)])
def test_a_retest_has_the_fewest_pairs_with_a_power_of_four_in_five(gain: float, sd: float) -> None:
    def power(pairs: int) -> float:
        limit = stats.t.ppf(1 - 0.005, pairs - 1)
        shift = gain / (sd * math.sqrt(2 / pairs))
        return float(stats.nct.sf(limit, pairs - 1, shift))

    pairs = pairs_to_confirm(gain, sd)
    assert pairs is not None
    assert power(pairs) >= 0.799
    assert pairs == 3 or power(pairs - 1) < 0.815  # the approximation asks for 1 % more at most


def test_a_gain_that_takes_over_100_pairs_gets_no_number() -> None:
    assert pairs_to_confirm(0.001, 0.1) is None
    assert pairs_to_confirm(-0.1, 0.1) is None


def test_the_three_largest_gains_that_do_not_stand_deserve_a_retest() -> None:
    scores = [10.0, 9.9, 9.7, 9.4, 9.39, -5.0]
    runs = [run(str(n), score) for n, score in enumerate(scores)]
    runs += [run("repeated", score) for score in (10.0, 10.5, 11.0)]
    found = audit(runs, "loss", higher_is_better=False)
    assert [one.win.after.label for one in found.retests] == ["3", "2", "1"]
