"""Which screening runs are due, what they say of ideas, and which ideas take a place by them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record
from gitexp.rules.plan.screening import (
    differences,
    is_shared,
    promising,
    screening_due,
    screening_seeds,
)
from gitexp.rules.plan.shrinkage import Prior, noise_of, scatter_of, shrunk
from gitexp.rules.verdict.due_run import Why
from tests.rules.plan.arrange import a_registration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.registration import Registration

DRAWN = a_registration()._replace(seeds=(200_000, 200_004), rules=2)
FOLDS = DRAWN._replace(seeds=(1, 5))
EXACT = DRAWN._replace(seeds=(1, 1), repeats=(1,), seeded=False)
FIXED_ROWS = DRAWN._replace(by_examples=True)
REDRAWN = DRAWN._replace(widening=0.25)


def a_run(score: float | None = 0.9, seed: int = 1, **others: Any) -> Record:  # noqa: ANN401
    fields: dict[str, Any] = {
        "seed": seed, "attempt": 1, "condition": "c", "environment": "e", "duration": 1.0,
        "metrics": {} if score is None else {"accuracy": score}, "start": "2026-01-01T00:00:00Z",
        "exit": 0, "purpose": Purpose.SCREEN,
    }  # fmt: skip
    return Record(**(fields | others))


@pytest.mark.parametrize(
    ("registration", "shared", "seeds"),
    [
        (DRAWN, False, [1, 2]),
        (FOLDS, True, [1, 2]),
        (FOLDS._replace(seeds=(0, 4)), True, [0, 1]),
        (EXACT, True, [1]),
        (FIXED_ROWS, True, [1, 2]),
        (REDRAWN, True, [1, 2]),
    ],
)
def test_an_idea_takes_a_place_where_its_verdict_sees_the_same_rows_or_seeds(
    registration: Registration, shared: bool, seeds: list[int]
) -> None:
    assert is_shared(registration) == shared
    assert [*screening_seeds(registration, 2)] == seeds


OLD, OTHER = a_run(), a_run(condition="other")
NEW, NEWER = a_run(start="2026-02-01T00:00:00Z"), OTHER._replace(start="2026-02-01T00:00:00Z")


@pytest.mark.parametrize(
    ("baseline", "records", "known", "due"),
    [
        ([], [], [], ["baseline", "experiment"]),
        ([OLD], [], [OLD], ["experiment"]),
        ([NEW], [], [], ["experiment"]),
        ([OLD], [OLD], [OLD], []),
        ([a_run(None)], [NEW], [], ["baseline"]),
        ([a_run(failure="x")], [NEW], [], ["baseline"]),
        ([a_run(sample=0.1)], [NEW], [], ["baseline"]),
        ([OLD], [OTHER], [OLD], ["baseline"]),
        # Where the environment has changed, both are made again, once.
        ([OLD], [OTHER], [OLD, OTHER], ["baseline"]),
        ([OLD, NEW], [OTHER], [OLD, OTHER], ["experiment"]),
        ([OLD, NEW], [OTHER, NEWER], [OLD, OTHER], []),
    ],
)
def test_runs_are_due_until_two_of_a_seed_can_be_compared(
    baseline: Sequence[Record], records: Sequence[Record], known: Sequence[Record], due: list[str]
) -> None:
    found = screening_due([1], 1.0, "accuracy", baseline, records, known)
    assert [run.arm for run in found.now] == due
    assert all(run.why is Why.SCREEN for run in found.now)
    assert Why.SCREEN.purpose is Purpose.SCREEN


def test_runs_are_compared_by_seed_in_one_condition_on_the_most_data() -> None:
    baseline = [a_run(0.8), a_run(0.7, 2), a_run(0.6, condition="other"), a_run(0.5, sample=0.1)]
    mine = [a_run(0.9), a_run(0.5, 2), a_run(0.1, 3), a_run(0.9, sample=0.1)]
    found = differences(DRAWN, baseline, mine)
    assert found is not None
    assert found.values == pytest.approx((0.1, -0.2))
    assert found.share == 1.0
    assert found.baseline == pytest.approx(0.75)
    lower = DRAWN._replace(criterion=replace(DRAWN.criterion, higher_is_better=False))
    assert differences(lower, baseline, mine).values == pytest.approx((-0.1, 0.2))  # type: ignore[union-attr]
    # Better a doubtful pair than none; and on a part of the data where there is nothing else.
    assert differences(DRAWN, baseline[2:3], mine[:1]).values == pytest.approx((0.3,))  # type: ignore[union-attr]
    assert differences(DRAWN, baseline[3:], mine).share == 0.1  # type: ignore[union-attr]
    assert differences(DRAWN, baseline, mine[2:3]) is None


def test_a_measured_gain_is_shrunk_towards_the_predicted_one() -> None:
    prior = Prior(2.0, 0.5)  # mean 1, variance 1
    [(mean, sd)] = shrunk([prior], [3.0], [1], 1.0)
    assert [mean, sd] == pytest.approx([2.0, math.sqrt(0.5)])  # alone: the plain normal posterior
    [(mean, sd)] = shrunk([prior], [3.0], [3], 1.0)
    assert [mean, sd] == pytest.approx([2.5, 0.5])
    assert shrunk([prior], [3.0], [1], 0.0)[0] == pytest.approx((3.0, 0.0))
    assert shrunk([Prior(0.0, 0.5)], [3.0], [1], 0.0) == [(0.0, 0.0)]
    # Nobody is so sure that nothing could be learnt.
    assert shrunk([Prior(2.0, 1.0)], [0.0], [1], 1.0)[0][0] < 2.0
    assert shrunk([], [], [], 1.0) == []


def test_where_no_gain_was_predicted_a_bar_does_not_cap_what_was_measured() -> None:
    measured, runs = [13.9, 11.2, 5.9, 4.7, 2.2, 1.3], [1] * 6
    capped, _ = shrunk([Prior(0.5, 0.5)] * 6, measured, runs, noise=3.0)[0]
    scatter = scatter_of(measured, runs, noise=3.0)
    free, _ = shrunk([Prior(0.5, 0.5, scatter)] * 6, measured, runs, noise=3.0)[0]
    assert capped < 0.5
    assert 5 < free < measured[0]
    # What the noise of the runs explains is no scatter, and of a few ideas nothing is known.
    assert scatter_of([1.0, 2.0, 3.0], [1] * 3, noise=2.0) == 0.0
    assert scatter_of([1.0, 9.0], [1] * 2, noise=0.1) == 0.0


def test_the_luck_of_the_baseline_is_taken_out_by_what_all_ideas_have_in_common() -> None:
    priors = [Prior(2.0, 0.1)] * 20
    measured = [1.0] * 19 + [3.0]
    found = [mean for mean, _ in shrunk(priors, measured, [1] * 20, 1.0)]
    alone = shrunk(priors[:1], measured[:1], [1], 1.0)[0][0]
    assert found[0] == pytest.approx(0.2, abs=0.05)
    assert alone > 0.3
    assert found[-1] - found[0] == pytest.approx(2 * 0.36 / (0.36 + 0.5))


def test_noise_is_the_scatter_of_many_ideas_or_the_gain_of_a_few() -> None:
    assert noise_of([0.1, 0.3], [1, 1], [0.5, -2.0]) == 2.0
    assert noise_of([], [], []) == 0.0
    assert noise_of([1.0, 2.0, 3.0], [2, 2, 2], [9.0] * 3) == pytest.approx(1.4826 * 2)
    assert noise_of([1.0] * 3, [1] * 3, [9.0] * 3) == 9.0


@pytest.mark.parametrize(
    ("expected", "bar", "number"),
    [([], 0.5, 0), ([0.6], 0.5, 1), ([0.4], 0.5, 0), ([0.0, -1.0], 0.0, 0), ([9, 8, 7, 6], 1, 2)],
)
def test_worth_confirming_is_what_reaches_the_bar_up_to_a_third(
    expected: list[float], bar: float, number: int
) -> None:
    assert promising(expected, [bar] * len(expected)) == number
