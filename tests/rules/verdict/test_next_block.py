"""What the records of a baseline's next block make of a confirmation that is in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.record import Record
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict import words
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.next_block import blocks_of, decided_of, misses_both, shares_runs
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.verdict.test_objections import a_run, registered

START, NEXT = 500_000, 501_000
MINE, BASE = "e" * 40, "b" * 40
DOUBTED = Check(MINE, Found.DOUBTED, "2026-01-02T03:00:00Z")
GAINS = (0.030, 0.034, 0.028, 0.031, 0.033)
SPREAD = (-0.002, 0.001, 0.002, -0.001, 0.0)


def a_registration(**changes: object) -> Registration:
    hashed = registered(5)._replace(seeds=(START, START + 4))
    return hashed._replace(**changes)  # type: ignore[arg-type]


def at(minute: int) -> str:
    return f"2026-01-02T03:{minute:02}:00Z"


def block(start: int, mean: float, minute: int, runs: int = 5, **changes: str) -> list[Record]:
    """The baseline's runs on a block of seeds, all started in one minute."""
    return [
        a_run(start + n, mean + SPREAD[n % 5], start=at(minute), commit=BASE, **changes)
        for n in range(runs)
    ]


FIRST = block(START, 0.9, 1)
CANDIDATE = [
    a_run(START + n, 0.9 + SPREAD[n] + GAINS[n], start=at(10 + n), commit=MINE) for n in range(5)
]


def test_a_confirmation_that_nobody_doubts_needs_no_second_block() -> None:
    low = [*FIRST, *block(NEXT, 0.93, 20)]
    for baseline in (FIRST, low):
        judgement = judge_records(a_registration(), baseline, CANDIDATE)
        assert judgement.verdict is Verdict.CONFIRMED


def test_a_doubted_confirmation_waits_for_as_many_runs_of_the_next_block() -> None:
    waiting = judge_records(a_registration(), FIRST, CANDIDATE, checks=[DOUBTED])
    assert (waiting.verdict, waiting.block) == (None, 5)
    said = words.meaning(a_registration(), waiting)
    assert said == "not decided yet: the baseline needs 5 runs on its next block of seeds"
    some = [*FIRST, *block(NEXT, 0.9, 20, runs=4)]
    assert judge_records(a_registration(), some, CANDIDATE, checks=[DOUBTED]).block == 1


@pytest.mark.parametrize(
    ("mean", "verdict", "reason"),
    [
        pytest.param(0.9005, Verdict.CONFIRMED, "strong", id="alike"),
        pytest.param(0.92, Verdict.INCONCLUSIVE, "unlucky baseline", id="unlucky"),
        pytest.param(0.88, Verdict.INCONCLUSIVE, "unlucky baseline", id="lucky"),
    ],
)
def test_the_next_block_decides_whether_a_doubted_confirmation_stands(
    mean: float, verdict: Verdict, reason: str
) -> None:
    baseline = [*FIRST, *block(NEXT, mean, 20)]
    judgement = judge_records(a_registration(), baseline, CANDIDATE, checks=[DOUBTED])
    assert (judgement.verdict, judgement.reason, judgement.block) == (verdict, reason, 0)
    assert judgement.pairs == 5
    assert judgement.effect == pytest.approx(0.0312)
    if reason == "unlucky baseline":
        assert "5 runs of the baseline gave 0.9 on average" in judgement.detail
        assert f"on fresh seeds {mean}" in judgement.detail


def test_what_is_not_confirmed_waits_for_nothing() -> None:
    worse = [r._replace(metrics={"accuracy": r.metrics["accuracy"] - 0.06}) for r in CANDIDATE]
    judgement = judge_records(a_registration(), FIRST, worse, checks=[DOUBTED])
    assert (judgement.verdict, judgement.block) == (Verdict.RULED_OUT, 0)


def test_the_first_block_counts_as_it_was_when_the_deciding_record_started() -> None:
    """What others run on it later makes nobody wait again."""
    before = block(START + 5, 0.9, 12, runs=3)
    later = block(START + 8, 0.9, 30, runs=4)
    blocks = blocks_of(a_registration(), [*FIRST, *before, *later], CANDIDATE)
    assert len(blocks.first) == 8
    assert blocks.seeds == range(NEXT, NEXT + 8)
    assert blocks.missing == (*range(NEXT, NEXT + 8),)


def test_runs_in_another_condition_and_failed_ones_are_no_part_of_a_block() -> None:
    other = block(NEXT, 0.95, 20, condition="d")
    failed = block(NEXT, 0.95, 20, failure="exit 1")
    judgement = judge_records(
        a_registration(), [*FIRST, *other, *failed], CANDIDATE, checks=[DOUBTED]
    )
    assert judgement.block == 5


@pytest.mark.parametrize(
    ("changes", "shares"),
    [
        pytest.param({}, True, id="hashed seeds"),
        pytest.param({"seeds": (1, 5)}, False, id="seeds that are folds"),
        pytest.param({"seeds": (1, 1), "repeats": (1,), "seeded": False}, False, id="no seeds"),
        pytest.param({"rules": 1}, False, id="rules 1"),
        pytest.param({"criterion": Criterion.parse("accuracy >= 0.9")}, False, id="a constant"),
    ],
)
def test_only_who_is_compared_with_runs_on_fresh_seeds_is_doubted(
    changes: dict[str, object], shares: bool
) -> None:
    assert shares_runs(a_registration(**changes)) is shares


def test_others_see_when_an_experiment_was_decided_and_what_it_came_to_by_itself() -> None:
    registration, seen = a_registration(), []
    for baseline in (FIRST, [*FIRST, *block(NEXT, 0.92, 20)]):
        judgement = judge_records(registration, baseline, CANDIDATE, checks=[DOUBTED])
        seen.append(decided_of(registration, MINE, CANDIDATE, judgement, [DOUBTED]))
    waiting, unlucky = seen
    assert waiting is not None
    assert unlucky == replace(waiting, unlucky=True)
    assert waiting.confirmed
    assert waiting.doubted
    assert (waiting.commit, waiting.seed, waiting.condition) == (MINE, START, "c")
    began = datetime(2026, 1, 2, 3, 14, tzinfo=UTC).timestamp()
    assert (waiting.first, waiting.began, waiting.ended) == (began - 240, began, began + 1)


def test_an_experiment_that_is_not_decided_is_not_seen() -> None:
    judgement = judge_records(a_registration(), FIRST, CANDIDATE[:4])
    assert decided_of(a_registration(), MINE, CANDIDATE[:4], judgement, []) is None


@pytest.mark.parametrize(("mean", "misses"), [(0.9, False), (0.92, True)])
def test_a_block_that_came_later_may_not_bear_a_confirmation_out(mean: float, misses: bool) -> None:
    later = [*FIRST, *block(NEXT, mean, 40)]
    assert misses_both(a_registration(), later, CANDIDATE, 5) is misses
    assert not misses_both(a_registration(), FIRST, CANDIDATE, 5)
