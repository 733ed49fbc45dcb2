"""Attempts that gave no score: how often a seed is repeated, and when they may have chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.check import Check
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict import words
from gitexp.rules.verdict.attempts import may_go_on
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.objections.failed_runs import seeds_to_repeat
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.verdict.test_objections import a_run, arms, registered

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.verdict import Judgement

TIME = "2026-01-02T03:04:05Z"
CHOSEN = (Verdict.INCONCLUSIVE, "failed runs may have chosen")
GAVE_UP = (Verdict.INCONCLUSIVE, "repeats failed")
CONFIRMED = (Verdict.CONFIRMED, "strong")


def ended(seed: int, ended: Ended = Ended.EXIT, attempt: int = 1, batch: str = "") -> Record:
    """An attempt without a score, made before the one that counts."""
    return a_run(
        seed, 0.0, metrics={}, exit=1, failure="it ended", ended=ended, attempt=attempt,
        start="2026-01-02T03:04:04Z", batch=batch,
    )  # fmt: skip


def judged(
    mine: list[Record],
    theirs: list[Record] = [],  # noqa: B006 - never changed
    *,
    checks: tuple[tuple[Found, int], ...] = (),
    rules: int = 2,
    looks: tuple[int, ...] = (5,),
    without: tuple[int, ...] = (),
) -> Judgement:
    """Judge a clear gain that these attempts came before; `without` are seeds with no good run."""
    baseline, candidate = arms(looks[-1])
    good = [record._replace(attempt=3) for record in candidate if record.seed not in without]
    return judge_records(
        registered(*looks, rules=rules),
        [*theirs, *(record._replace(attempt=3) for record in baseline)],
        [*mine, *good],
        checks=[Check("c", found, TIME, seed) for found, seed in checks],
    )


def decided(judgement: Judgement) -> tuple[Verdict | None, str]:
    return judgement.verdict, judgement.reason


@pytest.mark.parametrize("how", [way for way in Ended if way.by_itself])
def test_one_failure_is_nobodys_choice_and_two_may_be(how: Ended) -> None:
    one = judged([ended(2, how)])
    assert decided(one) == CONFIRMED
    assert one.detail == "of the experiment, 1 run failed; of the baseline, none"
    two = judged([ended(2, how), ended(4, how)])
    assert decided(two) == CHOSEN
    assert two.detail == "of the experiment, 2 runs failed; of the baseline, none"
    assert two.effect is None
    assert two.detail in words.note(registered(5), two).replace("\n", " ")


@pytest.mark.parametrize(
    ("theirs", "verdict"),
    [
        ([], CHOSEN),
        ([ended(1)], CONFIRMED),
        ([ended(1), ended(1, attempt=2), ended(3)], CONFIRMED),
        ([ended(9)], CHOSEN),  # not a seed of the look
        ([ended(1, Ended.FREED)], CHOSEN),
    ],
)
def test_failures_of_the_baseline_are_taken_off(
    theirs: list[Record], verdict: tuple[Verdict, str]
) -> None:
    assert decided(judged([ended(2), ended(4)], theirs)) == verdict


def test_failures_beyond_the_look_that_decides_change_nothing() -> None:
    beyond = judged([ended(7), ended(8)], looks=(5, 10))
    assert decided(beyond) == CONFIRMED
    assert beyond.detail == ""


@pytest.mark.parametrize("how", [Ended.FREED, Ended.SCHEDULER, Ended.REBOOT])
def test_who_knows_no_scores_chooses_none(how: Ended) -> None:
    judgement = judged([ended(n, how, batch=f"b{n}") for n in (1, 2, 3, 4)])
    assert decided(judgement) == CONFIRMED
    assert "4 runs ended with a job, a machine or another run" in judgement.detail


def test_one_ctrl_c_is_one_choice_however_many_runs_it_ends() -> None:
    at_once = [ended(n, Ended.ABORT, batch="one") for n in (1, 2, 3, 4)]
    judgement = judged(at_once)
    assert decided(judgement) == CONFIRMED
    assert "runs were aborted once by their user" in judgement.detail
    twice = judged([*at_once, ended(5, Ended.ABORT, batch="other")])
    assert decided(twice) == CHOSEN
    assert twice.detail.startswith("of the experiment, runs were aborted twice by their user;")
    thrice = judged([ended(n, Ended.ABORT, batch=f"b{n}") for n in (1, 2, 3)])
    assert "aborted 3 times" in thrice.detail
    # One of each is two.
    assert decided(judged([*at_once, ended(5)])) == CHOSEN


SAME, OTHER = Found.REPEATS, Found.DIFFERS


@pytest.mark.parametrize("how", [Ended.EXIT, Ended.ABORT])
@pytest.mark.parametrize(
    ("seeds", "checks", "verdict", "left"),
    [
        ((1, 2), (), CHOSEN, [2]),
        ((1, 2), ((SAME, 2),), CONFIRMED, []),
        ((1, 2), ((SAME, 1),), CONFIRMED, []),
        ((1, 2), ((SAME, 3),), CHOSEN, [2]),  # a seed without a failure proves little
        ((1, 2), ((OTHER, 2),), CHOSEN, []),
        ((1, 2), ((SAME, 2), (OTHER, 1)), CHOSEN, []),
        ((1, 2), ((Found.SAME, 2),), CHOSEN, [2]),  # of the baseline
        ((1, 2, 3), ((SAME, 2),), CHOSEN, [3]),
        ((1, 2, 3), ((SAME, 2), (SAME, 3)), CONFIRMED, []),
        ((1, 2, 3, 4, 5), ((SAME, 2), (SAME, 3)), CHOSEN, [5]),
        ((1, 2, 3, 4, 5), ((SAME, 2), (SAME, 3), (SAME, 5)), CONFIRMED, []),
        ((1,), (), CONFIRMED, []),
    ],
)
def test_nothing_is_chosen_where_the_next_attempt_gives_the_same(
    how: Ended,
    seeds: tuple[int, ...],
    checks: tuple[tuple[Found, int], ...],
    verdict: tuple[Verdict, str],
    left: list[int],
) -> None:
    mine = [ended(n, how, batch=f"b{n}")._replace(start=f"2026-01-02T03:04:0{n}Z") for n in seeds]
    assert decided(judged(mine, checks=checks)) == verdict
    found = [Check("c", found, TIME, seed) for found, seed in checks]
    assert seeds_to_repeat(mine, [], found)[:1] == left


def test_what_seeds_gave_again_is_told() -> None:
    failed = [ended(n) for n in (1, 2, 3)]
    same = judged(failed, checks=((SAME, 2), (SAME, 1)))
    assert same.detail.endswith("of the baseline, none; seeds 1, 2 gave the same score again")
    other = judged(failed, checks=((OTHER, 2),))
    assert other.detail.endswith("; seed 2 gave another score when run again")


@pytest.mark.parametrize("without", [(), (2,)])
def test_a_seed_that_failed_twice_is_given_up_whatever_follows(without: tuple[int, ...]) -> None:
    twice = [ended(2), ended(2, attempt=2)]
    assert decided(judged(twice, without=without)) == GAVE_UP
    assert judged([ended(2)], without=(2,)).verdict is None
    # Failures after the attempt that counts, such as of another clone, give nothing up.
    late = [ended(2, attempt=4), ended(2, attempt=5)]
    assert decided(judged(late)) == CHOSEN


def test_stopped_attempts_never_use_up_a_seed() -> None:
    for how in (Ended.ABORT, Ended.FREED, Ended.SCHEDULER, Ended.REBOOT):
        stopped = [ended(2, how, attempt=n, batch="one") for n in (1, 2)]
        assert judged(stopped, without=(2,)).verdict is None


def test_more_runs_can_decide_what_is_open_and_under_rules_1_what_failed() -> None:
    gave_up = judged([ended(2)], without=(2,), rules=1)
    assert (may_go_on(gave_up, 1), may_go_on(gave_up, 2)) == (True, False)
    assert may_go_on(judged([ended(2)], without=(2,)), 2)
    assert not may_go_on(judged([]), 1)


def test_rules_1_repeat_without_limit_and_let_nothing_choose() -> None:
    many = [ended(n, attempt=m) for n in (1, 2, 3) for m in (1, 2)]
    assert decided(judged(many, rules=1)) == CONFIRMED
    assert judged(many, rules=1).detail == ""
    assert decided(judged([ended(2)], without=(2,), rules=1)) == GAVE_UP
    assert judged([ended(2, Ended.ABORT)], without=(2,), rules=1).verdict is None
