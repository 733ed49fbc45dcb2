from __future__ import annotations

import pytest

from gitexp.rules.plan.seeds import REGISTERED, SCREENING, block, fresh_block, start_of

A, B = "a" * 40, "b" * 40


def test_a_baseline_starts_where_its_project_and_its_commit_say() -> None:
    # Changing the hash would give every baseline other seeds, and their runs would be made again.
    starts = [start_of(*one) for one in (("", A), ("", B), ("ranker", A))]
    assert starts == [855_879, 737_583, 493_049]


def test_starts_are_spread_over_all_seeds_that_verdicts_use() -> None:
    starts = [start_of("", f"{number:040x}") for number in range(2_000)]
    assert {*starts} <= {*REGISTERED}
    tenth = len(REGISTERED) // 10
    counts = [sum((s - REGISTERED[0]) // tenth == n for s in starts) for n in range(10)]
    assert min(counts) > 140  # of 200; five standard deviations below would be 133
    assert len({*starts}) > 1_990


def test_no_verdict_uses_a_screening_seed() -> None:
    assert SCREENING[-1] < REGISTERED[0]
    assert not {*SCREENING} & {*block(REGISTERED[0], 0, 1_000)}


@pytest.mark.parametrize(
    ("runs", "used", "least", "number"),
    [
        pytest.param(20, (), 0, 0, id="nothing used"),
        pytest.param(20, range(500_000, 500_020), 0, 1, id="the first block"),
        pytest.param(40, [500_039], 0, 1, id="one seed of a longer block"),
        pytest.param(20, [500_999], 0, 1, id="a seed that only a longer test reaches"),
        pytest.param(20, [501_000], 0, 0, id="another block"),
        pytest.param(20, [500_000, 501_019, 502_001], 0, 3, id="several blocks"),
        pytest.param(20, [500_000, 502_000], 0, 1, id="a block between two"),
        pytest.param(20, (), 1, 1, id="not the first"),
        pytest.param(20, [501_000], 1, 2, id="not the first, and the second was used"),
        pytest.param(2_500, range(500_000, 502_500), 0, 3, id="more runs than blocks are apart"),
    ],
)
def test_a_fresh_block_has_no_seed_that_was_used(
    runs: int, used: range | list[int], least: int, number: int
) -> None:
    found = fresh_block(500_000, runs, used, least)
    assert found == number
    assert not {*block(500_000, found, runs)} & {*used}
