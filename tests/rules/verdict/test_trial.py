"""What a trial tells: the plans that a run's cost allows, and what a seed varies."""

from __future__ import annotations

import math
import random

import pytest
from scipy import stats

from gitexp.rules.documents.outcomes import Outcomes
from gitexp.rules.verdict.trial import (
    LONG_RUN,
    TrialRun,
    estimate_test_ratio,
    find_vary,
    ids_clash,
    plan_choices,
)

HOUR = 3600.0


@pytest.mark.parametrize(
    ("seconds", "long", "repeats", "planned"),
    [
        (1.0, LONG_RUN, (5, 10, 20), 20),
        (30 * 60.0, LONG_RUN, (5, 10, 20), 20),
        (30 * 60.1, LONG_RUN, (5,), 5),
        (HOUR, 2 * HOUR, (5, 10, 20), 20),
    ],
)
def test_a_run_of_over_half_an_hour_is_repeated_less(
    seconds: float, long: float, repeats: tuple[int, ...], planned: int
) -> None:
    choices = plan_choices(seconds, seeded=True, widening=0.25, budget=0.1, long=long)
    [proposed] = [choice for choice in choices if choice.proposed]
    assert (proposed.repeats, proposed.planned) == (repeats, planned)


def test_each_choice_says_what_it_costs() -> None:
    three, five, looks = plan_choices(HOUR, seeded=True, widening=0.0, budget=0.1)
    assert looks.repeats == (4, 6, 9, 13, 18, 24)  # more looks where the split stays the same
    assert [c.experiment / HOUR for c in (three, five, looks)] == [3, 5, 24]
    assert [c.alone / HOUR for c in (three, five, looks)] == [6, 10, 48]
    # All experiments of the campaign, and the baseline once.
    assert [c.campaign / HOUR for c in (three, five, looks)] == [18, 30, 504]


@pytest.mark.parametrize("widening", [0.0, 0.25])
def test_each_choice_says_what_it_confirms_four_times_in_five(widening: float) -> None:
    for choice in plan_choices(1.0, seeded=True, widening=widening, budget=0.1):
        n = choice.repeats[-1]
        share = 1 - (choice.repeats[-2] / n if len(choice.repeats) > 1 else 0)
        threshold = stats.t.isf(0.1 / choice.planned * share, n - 1)
        assert choice.in_sds is not None
        shift = choice.in_sds / math.sqrt(1 / n + widening)
        assert stats.nct.sf(threshold, n - 1, shift) == pytest.approx(0.8, abs=0.02)


def test_three_repeats_cannot_confirm_what_few_changes_do() -> None:
    spreads = plan_choices(1.0, seeded=True, widening=0.25, budget=0.1)[0].in_sds
    assert spreads is not None
    assert spreads > 4.5


def test_a_deterministic_trainer_is_planned_by_single_runs() -> None:
    few, many = plan_choices(HOUR, seeded=False, widening=0.0, budget=0.1)
    assert (few.repeats, few.planned, few.proposed) == ((1,), 5, True)
    assert (many.repeats, many.planned, many.in_sds) == ((1,), 20, None)
    # Two runs of the baseline prove it.
    assert [c.alone / HOUR for c in (few, many)] == [3, 3]
    assert [c.campaign / HOUR for c in (few, many)] == [7, 22]


def a_run(
    score: float, rows: str = "", truth: str = "", guess: str = "", **more: float
) -> TrialRun:
    """A run with a score and, if they are given, rows as one character each."""
    outcomes = None
    if rows:
        columns = {"y_true": tuple(truth), "y_pred": tuple(guess or truth)}
        outcomes = Outcomes(tuple(rows), columns, len(rows))
    return TrialRun({"accuracy": score, **more}, outcomes)


A, B = a_run(0.9), a_run(0.8)
ROWS, SAME_ROWS = a_run(0.9, "abc", "010"), a_run(0.8, "cab", "001")
OTHER_ROWS, PLACES = a_run(0.8, "abd", "010"), a_run(0.8, "abc", "110")
GUESSED = a_run(0.9, "abc", "010", "000")


@pytest.mark.parametrize(
    ("runs", "clash"),
    [
        ([A, A, B], False), ([ROWS, ROWS, SAME_ROWS], False), ([ROWS, ROWS, OTHER_ROWS], False),
        ([ROWS, ROWS, PLACES], True), ([ROWS, ROWS, a_run(0.8, "abd", "110")], True),
    ],
)  # fmt: skip
def test_ids_clash_if_one_of_them_names_two_rows(runs: list[TrialRun], clash: bool) -> None:
    assert ids_clash(runs) is clash


@pytest.mark.parametrize(
    ("runs", "said", "vary", "words"),
    [
        ([A], "split", "split", "not tested"),
        ([A], "seed", "seed", "not tested"),
        ([A, B], "split", "split", "does not fix everything random"),
        ([A, B], "none", "split", "does not fix everything random"),
        ([A, A, B], "split", "split", "the safe choice"),
        ([A, A, B], "seed", "seed", 'vary = "seed" is kept'),
        ([A, A, B], "none", "split", "the seed works"),
        ([A, A, A], "split", "none", "an experiment is one run"),
        ([A, A, A], "seed", "none", "GITEXP_SEED"),
        ([ROWS, ROWS, SAME_ROWS], "split", "seed", "tested on the same rows"),
        ([ROWS, ROWS, OTHER_ROWS], "seed", "split", "tested on different rows"),
        ([ROWS, ROWS, PLACES], "seed", "split", "same ids for different rows"),
        ([ROWS, SAME_ROWS, SAME_ROWS], "split", "seed", "does not fix everything random"),
        ([ROWS, SAME_ROWS, OTHER_ROWS], "seed", "split", "tested on different rows"),
        # The same score by chance, and something else differs.
        ([ROWS, ROWS, GUESSED], "split", "seed", "the seed works"),
        ([a_run(0.9, loss=1.0), a_run(0.9, loss=1.0), a_run(0.9, loss=1.1)],
         "seed", "seed", "the seed works"),
        # What differs from run to run anyway says nothing.
        ([a_run(0.9, hours=1.0), a_run(0.9, hours=1.1), a_run(0.9, hours=1.2)],
         "split", "none", "gave the same accuracy 0.9"),
    ],
)  # fmt: skip
def test_what_a_seed_varies_is_found(
    runs: list[TrialRun], said: str, vary: str, words: str
) -> None:
    found, why = find_vary(runs, "accuracy", said)
    assert found == vary
    assert words in " ".join(why)


def run_on(rows: list[int]) -> TrialRun:
    ids, labels = tuple(map(str, rows)), ("a",) * len(rows)
    return TrialRun(
        {"accuracy": 1.0}, Outcomes(ids, {"y_true": labels, "y_pred": labels}, len(ids))
    )


def test_the_ratio_of_test_rows_is_estimated_from_what_two_splits_share() -> None:
    draw = random.Random(1).sample
    for rows, tested, ratio in [(1000, 200, 0.25), (4000, 2000, 1), (2000, 400, 0.25)]:
        runs = [run_on(draw(range(rows), tested)) for _ in range(2)]
        found = estimate_test_ratio([runs[0], *runs])
        assert found is not None
        assert found == pytest.approx(ratio, rel=0.25)


def test_the_estimate_is_chapmans() -> None:
    # 100 and 100 rows share 50: 101 x 101 / 51 - 1 = 199.02 rows, 99.02 of them trained on.
    runs = [run_on([*range(100)]), run_on([*range(50, 150)])]
    assert estimate_test_ratio(runs) == 1.01
    # 40 and 41 rows share 40: 41 x 42 / 41 - 1 = 41 rows, and one of them to train on.
    assert estimate_test_ratio([run_on([*range(40)]), run_on([*range(41)])]) == 40.0


@pytest.mark.parametrize(
    "runs",
    [[], [run_on([1, 2])], [run_on([*range(100)])] * 3, [TrialRun({}), TrialRun({})],
     [run_on([*range(100)]), run_on([*range(90, 190)])]],
)  # fmt: skip
def test_no_ratio_is_estimated_from_too_little(runs: list[TrialRun]) -> None:
    assert estimate_test_ratio(runs) is None
