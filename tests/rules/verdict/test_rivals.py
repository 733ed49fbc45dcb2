"""Several records of one run: which of them counts, and what follows where nobody can tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.record import Record
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.rivals import Held, gated, opposed, repeats, rivals, settle
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.verdict.test_objections import a_run, arms, registered

FIRST, SECOND = a_run(1, 0.9), a_run(1, 0.95, start="2026-01-02T03:05:00Z")
ELSEWHERE = SECOND._replace(condition="other")
FAILED = a_run(1, 0.0, metrics={}, exit=1, failure="it ended", ended=Ended.EXIT)


def told(answer: bool | None) -> Callable[[Record, Record], bool | None]:
    """A history in which the first record was there before the second, or nobody knows."""

    def came_after(one: Record, other: Record) -> bool | None:
        if answer is None:
            return None
        return answer if (one, other) == (FIRST, SECOND) else not answer

    return came_after


def test_rivals_are_good_records_of_one_seed() -> None:
    assert rivals([FIRST, SECOND, FAILED], "accuracy", any_condition=False) == [(FIRST, SECOND)]
    assert rivals([FIRST, FIRST], "accuracy", any_condition=False) == []
    assert rivals([FIRST, a_run(2, 0.9)], "accuracy", any_condition=False) == []
    assert rivals([FIRST, SECOND], "loss", any_condition=False) == []
    # A baseline runs a seed once in each condition, an experiment once.
    assert rivals([FIRST, ELSEWHERE], "accuracy", any_condition=False) == []
    assert rivals([FIRST, ELSEWHERE], "accuracy", any_condition=True) == [(FIRST, ELSEWHERE)]


def test_a_failure_belongs_to_the_good_runs_of_its_seed_in_any_condition() -> None:
    elsewhere = FAILED._replace(condition="other")
    found = repeats([FIRST, FAILED, FAILED._replace(seed=2), elsewhere, ELSEWHERE], "accuracy")
    assert found == [(FAILED, (FIRST, ELSEWHERE)), (elsewhere, (FIRST, ELSEWHERE))]
    assert repeats([FIRST, FAILED], "loss") == []


@pytest.mark.parametrize(
    ("after", "kept", "later", "beside"),
    [
        (True, FIRST, ((FIRST, SECOND),), ()),
        (False, SECOND, ((SECOND, FIRST),), ()),
        (None, FIRST, (), ((FIRST, SECOND),)),  # side by side: what began earlier counts
    ],
)
def test_the_record_that_was_held_first_counts(
    after: bool | None,
    kept: Record,
    later: tuple[tuple[Record, Record], ...],
    beside: tuple[tuple[Record, Record], ...],
) -> None:
    other = a_run(2, 0.8)
    for group in ((FIRST, SECOND), (SECOND, FIRST)):
        held = settle([*group, other], [group], told(after))
        assert held.records == (kept, other)
        assert (held.later, held.beside, held.contested) == (later, beside, ())


def test_nobody_chooses_where_nothing_tells_the_first() -> None:
    at_once = SECOND._replace(start=FIRST.start)
    held = settle([FIRST, at_once], [(FIRST, at_once)], told(None))
    assert held.records == (FIRST, at_once)
    assert held.contested == ((FIRST, at_once),)
    assert (held.later, held.beside) == ((), ())


@pytest.mark.parametrize(("after", "left"), [(True, (FIRST,)), (False, (FIRST, FAILED))])
def test_a_failure_after_a_success_counts_for_nothing(
    after: bool, left: tuple[Record, ...]
) -> None:
    held = settle([FIRST, FAILED], [], lambda _, __: after, [(FAILED, (FIRST,))])
    assert held.records == left
    assert held.later == (((FIRST, FAILED),) if after else ())


def test_a_failure_that_a_success_followed_counts() -> None:
    def came_after(one: Record, _: Record) -> bool:
        return one is FIRST

    held = settle([FIRST, FAILED, ELSEWHERE], [], came_after, [(FAILED, (FIRST, ELSEWHERE))])
    assert held.records == (FIRST, FAILED, ELSEWHERE)


def test_what_came_later_adds_up_over_groups_and_failures() -> None:
    third = a_run(2, 0.8)
    fourth = third._replace(metrics={"accuracy": 0.7}, start=SECOND.start)
    groups = [(FIRST, SECOND), (third, fourth)]

    def came_after(one: Record, other: Record) -> bool:
        return one.start < other.start or other is FAILED

    held = settle([FIRST, SECOND, FAILED, third, fourth], groups, came_after, [(FAILED, (FIRST,))])
    assert held.records == (FIRST, third)
    assert held.later == ((FIRST, FAILED), (FIRST, SECOND), (third, fourth))


AGAIN = [a_run(n, 0.9 + n / 100, attempt=2) for n in (2, 3)]  # canaries that agree


@pytest.mark.parametrize(
    ("second", "canaries", "found"),
    [
        (SECOND, AGAIN, True),
        (SECOND._replace(metrics=FIRST.metrics), AGAIN, False),  # nothing to choose from
        (ELSEWHERE, AGAIN, False),  # runs in other conditions may differ
        (SECOND, AGAIN[:1], False),  # a score may come up twice by chance
        (SECOND, [*AGAIN[:1], a_run(3, 0.5, attempt=2)], False),  # it does not repeat itself
    ],
)
def test_records_oppose_each_other_where_the_trainer_repeats_itself(
    second: Record, canaries: list[Record], found: bool
) -> None:
    records = (FIRST, *(a_run(n, 0.9 + n / 100) for n in (2, 3)))
    held = opposed(Held(records, beside=((FIRST, second),)), "accuracy", canaries)
    assert held.opposed == (((FIRST, second),) if found else ())


def test_a_copy_of_a_run_that_skipped_the_gate_is_left_out() -> None:
    explored = FIRST._replace(explore="to see")
    assert gated([FIRST, explored, SECOND]) == [SECOND]


# --- contested records ----------------------------------------------------------------------------


def contested(score: float, *, rules: int = 2) -> tuple[Verdict | None, str, str]:
    """Judge a clear gain of which seed 3 has a second record with this score."""
    baseline, candidate = arms(5)
    second = candidate[2]._replace(metrics={"accuracy": score}, start="2026-01-02T03:04:06Z")
    found = judge_records(
        registered(5, rules=rules), baseline, [*candidate, second],
        contested=[(candidate[2], second)],
    )  # fmt: skip
    return found.verdict, found.reason, found.detail


def test_a_verdict_that_depends_on_a_contested_record_is_none() -> None:
    assert contested(0.9285) == (Verdict.CONFIRMED, "strong", "")
    verdict, reason, detail = contested(0.5)
    assert (verdict, reason) == (Verdict.INCONCLUSIVE, "records in conflict")
    assert detail.startswith("1 run (seeds 3) have several records")
    assert contested(0.5, rules=1)[:2] == (Verdict.CONFIRMED, "strong")


def test_contested_records_keep_an_undecided_experiment_undecided() -> None:
    baseline, candidate = arms(4)
    second = candidate[2]._replace(metrics={"accuracy": 0.5})
    found = judge_records(
        registered(5), baseline, [*candidate, second], contested=[(candidate[2], second)]
    )
    assert (found.verdict, found.due) == (None, 5)


def test_so_many_contested_records_are_taken_to_matter() -> None:
    baseline, candidate = arms(5)
    # 3 x 3 x 3 x 3 choices are more than are tried.
    again = [
        tuple(one._replace(start=f"2026-01-02T03:04:{n:02}Z") for n in (5, 6, 7))
        for one in candidate[:4]
    ]
    every = [*(one for group in again for one in group), candidate[4]]
    few = judge_records(registered(5), baseline, every, contested=again[:3])
    many = judge_records(registered(5), baseline, every, contested=again)
    assert few.verdict is Verdict.CONFIRMED
    assert many.reason == "records in conflict"
    assert "4 runs (seeds 1, 2, 3, 4)" in many.detail
