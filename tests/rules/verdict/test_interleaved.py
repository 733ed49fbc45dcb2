"""Interleaved pairs: in which order they run, what is due of them, and which are set aside."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.start import Start, without_end
from gitexp.rules.verdict.due import Situation, runs_due
from gitexp.rules.verdict.due_run import Arm, Why
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.interleaved import baseline_goes_first
from gitexp.rules.verdict.next_block import shares_runs
from gitexp.rules.verdict.rivals import Held, rivals
from gitexp.rules.verdict.set_aside import RATE, HeldPairs, hold_pairs
from tests.rules.verdict.test_objections import a_run, registered

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERLEAVED = registered(4)._replace(interleaved=True, seeds=(100_000, 100_003))
SEEDS = INTERLEAVED.registered_seeds()


def base(seed: int, minute: int, rate: float | None = 100.0, attempt: int = 1) -> Record:
    metrics = {"accuracy": 0.9} | ({} if rate is None else {RATE: rate})
    start = f"2026-01-02T03:{minute:02}:00Z"
    return a_run(seed, 0.9, metrics=metrics, start=start, attempt=attempt, pair="e" * 40)


def mine(seed: int, minute: int, attempt: int = 1, condition: str = "c") -> Record:
    start = f"2026-01-02T03:{minute:02}:30Z"
    return a_run(seed, 0.95, start=start, attempt=attempt, condition=condition)


def held(records: Sequence[Record]) -> Held:
    """As the notes do that held every record in the order in which it started."""
    first: dict[tuple[int, str], Record] = {}
    for record in sorted(records, key=lambda record: record.start):
        first.setdefault((record.seed, record.condition), record)
    return Held(tuple(first.values()))


def pairs(baseline: Sequence[Record], records: Sequence[Record]) -> HeldPairs:
    return hold_pairs(baseline, records, "accuracy", held, held)


def due(baseline: Sequence[Record], records: Sequence[Record]) -> list[str]:
    """What is due in short: b0+e0 is the pair of the first seed, the baseline's run first."""
    found = pairs(baseline, records)
    judgement = judge_records(INTERLEAVED, found.baseline.records, found.mine.records)
    situation = Situation(
        INTERLEAVED, found.baseline.records, found.mine.records, (), judgement, ("c",),
        aside=frozenset(one.mine.seed for one in found.aside),
    )  # fmt: skip
    said = []
    for run in runs_due(situation).now:
        both = [one for one in (run, run.then) if one is not None]
        assert {one.attempt for one in both} == {2 if run.seed in situation.aside else 1}
        said.append("+".join(f"{one.arm[0]}{one.seed - SEEDS[0]}" for one in both))
    return said


def whole(number: int) -> str:
    first = baseline_goes_first(SEEDS[number])
    return f"b{number}+e{number}" if first else f"e{number}+b{number}"


def test_the_hash_of_a_seed_says_which_arm_goes_first_and_neither_always_does() -> None:
    first = [baseline_goes_first(seed) for seed in range(100_000, 101_000)]
    assert first[:8] == [baseline_goes_first(seed) for seed in range(100_000, 100_008)]
    assert 440 < sum(first) < 560
    # The order of a pair tells nothing about that of the next one.
    assert 440 < sum(a == b for a, b in itertools.pairwise(first)) < 560


@pytest.mark.parametrize(
    ("baseline", "records", "wanted"),
    [
        ((), (), [0, 1, 2, 3]),
        ((base(SEEDS[0], 0),), (mine(SEEDS[0], 0),), [1, 2, 3]),
        # A pair that was interrupted is completed by the run that lacks.
        ((base(SEEDS[0], 0),), (), ["e0", 1, 2, 3]),
        ((), (mine(SEEDS[0], 0),), ["b0", 1, 2, 3]),
        # The first pair has nothing to be compared with; the second one is made once more.
        (
            (base(SEEDS[0], 0), base(SEEDS[1], 1, 80)),
            (mine(SEEDS[0], 0), mine(SEEDS[1], 1)),
            [1, 2, 3],
        ),
        # Before the experiment has run too, there is no pair to be set aside.
        ((base(SEEDS[0], 0), base(SEEDS[1], 1, 80)), (mine(SEEDS[0], 0),), ["e1", 2, 3]),
    ],
)
def test_what_is_due_are_whole_pairs(
    baseline: Sequence[Record], records: Sequence[Record], wanted: list[int | str]
) -> None:
    assert due(baseline, records) == [whole(w) if isinstance(w, int) else w for w in wanted]


def test_a_pair_in_two_conditions_runs_the_baseline_again_in_that_of_the_experiment() -> None:
    records = tuple(mine(seed, at, condition="d") for at, seed in enumerate(SEEDS[:1]))
    situation = Situation(
        INTERLEAVED, (base(SEEDS[0], 0),), records, (),
        judge_records(INTERLEAVED, (), records), None,
    )  # fmt: skip
    run = runs_due(situation).now[0]
    assert (run.arm, run.why, run.conditions) == (Arm.BASELINE, Why.MATCH, ("d",))


@pytest.mark.parametrize(
    ("rates", "off"),
    [
        ((100, 91, 104, 100), []),
        ((100, 89, 100, 100), [1]),
        ((100, 111, 100, 100), [1]),  # faster is another machine, too
        ((100, None, 80, 98), [2]),  # a run without a rate is not off, and counts for none
        ((None, 80, 100, 82), [2]),  # nor has the first; the median of two lies between them
        ((None, None, None, None), []),
    ],
)
def test_rates_alone_say_which_pairs_are_set_aside(
    rates: Sequence[float | None], off: list[int]
) -> None:
    baseline = [
        base(seed, at, rate) for at, (seed, rate) in enumerate(zip(SEEDS, rates, strict=True))
    ]
    records = [mine(seed, at) for at, seed in enumerate(SEEDS)]
    found = pairs(baseline, records)
    assert [one.mine.seed - SEEDS[0] for one in found.aside] == off
    # Whatever the scores are.
    others = [r._replace(metrics={**r.metrics, "accuracy": 0.1 * r.seed % 1}) for r in baseline]
    assert [one.mine.seed for one in pairs(others, records).aside] == [
        one.mine.seed for one in found.aside
    ]


def test_the_second_attempt_counts_however_fast_it_was_and_a_third_never_does() -> None:
    first, second = SEEDS[:2]
    baseline = [
        base(first, 0),
        base(second, 1, 80),
        base(second, 2, 70, 2),
        base(second, 3, 100, 3),
    ]
    records = [mine(first, 0), mine(second, 1), mine(second, 2, 2), mine(second, 3, 3)]
    found = pairs(baseline, records)
    assert [one.mine.seed for one in found.aside] == [second]
    counting = [[r.attempt for r in arm.records] for arm in (found.baseline, found.mine)]
    assert counting == [[1, 2], [1, 2]]


def test_what_takes_a_place_counts_for_the_pairs_after_it() -> None:
    a, b, c = SEEDS[:3]
    # The first run was slow, as where caches were cold.
    baseline = [base(a, 0, 50), base(b, 1), base(b, 2, attempt=2), base(c, 3)]
    records = [mine(a, 0), mine(b, 1), mine(b, 2, 2), mine(c, 3)]
    assert [one.mine.seed for one in pairs(baseline, records).aside] == [b]


def test_a_run_of_the_baseline_for_one_experiment_is_nobody_elses() -> None:
    alone, shared = base(SEEDS[0], 0), a_run(SEEDS[0], 0.9)
    note = f"{alone.line()}\n{shared.line()}"
    assert parse_records(note) == [shared]
    assert parse_records(note, pair="e" * 40) == [alone]
    assert parse_records(note, pair="f" * 40) == []
    assert len(parse_records(note, None)) == 2
    assert not rivals(parse_records(note), "accuracy", any_condition=False)
    assert '"pair"' not in shared.line()


def test_a_start_passes_its_pair_on_to_the_attempt_that_was_stopped() -> None:
    start = Start("a" * 40, 1, 1, "2026-01-02T03:04:05Z", "h", "b", "c", "x", pair="e" * 40)
    (again,) = without_end(start.line(), "a" * 40)
    assert again == start
    assert again.ended_early(Ended.ABORT).pair == "e" * 40
    assert '"pair"' not in start._replace(pair="").line()


def test_the_next_block_of_a_baseline_is_not_asked_for_where_pairs_have_their_own_runs() -> None:
    assert shares_runs(INTERLEAVED._replace(interleaved=False))
    assert not shares_runs(INTERLEAVED)
