from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gitexp.statistics.sampling import rows_of_sample


@pytest.mark.parametrize(
    ("labels", "share", "kept"),
    [
        (["a"] * 70 + ["b"] * 30, 0.1, {"a": 7, "b": 3}),
        (np.array([0] * 50 + [1] * 50)[:, None], 0.2, {0: 10, 1: 10}),
        # A rare class keeps a row.
        ([0] * 96 + [1] * 3 + [2], 0.1, {0: 10, 1: 1, 2: 1}),
        (["a"] * 98 + ["b"] * 2, 0.99, {"a": 96, "b": 2}),
    ],
)
def test_classes_keep_their_shares(
    labels: list[object], share: float, kept: dict[object, int]
) -> None:
    rows = rows_of_sample(len(labels), share, 7, labels)
    assert [*rows] == sorted({*rows})
    assert Counter(np.ravel(np.asarray(labels))[rows].tolist()) == kept


@pytest.mark.parametrize(
    "labels",
    [
        None,
        np.linspace(0, 1, 1000),
        range(1000),  # numbers to predict, each another
        np.zeros((1000, 2)),
        [*range(400)] + [0] * 600,  # more classes than the sample has rows for
    ],
)
def test_what_is_not_a_few_classes_is_drawn_at_random(labels: object) -> None:
    rows = rows_of_sample(1000, 0.1, 7, labels)
    assert len(rows) == len({*rows}) == 100
    assert 300 < rows.mean() < 700


def test_a_seed_draws_the_same_rows_again_and_another_seed_others() -> None:
    first, again, other = (rows_of_sample(1000, 0.1, seed).tolist() for seed in (7, 7, 1 << 40))
    assert first == again != other


@pytest.mark.parametrize(("count", "share", "left"), [(3, 0.01, 1), (1, 0.5, 1), (2, 0.9, 2)])
def test_a_sample_has_at_least_one_row(count: int, share: float, left: int) -> None:
    assert len(rows_of_sample(count, share, 1, [0] * count)) == left
