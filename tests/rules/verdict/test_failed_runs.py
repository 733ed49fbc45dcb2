"""Attempts that gave no score: how often a seed is repeated, and when they may have chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.check import Check
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict import words
from gitexp.rules.verdict.attempts import may_go_on
from gitexp.rules.verdict.criterion import Criterion, parse_guards
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.failed_runs import Suspects, seeds_to_repeat
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.verdict import Design, Pair, Verdict
from tests.rules.verdict.test_objections import a_run, registered

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.verdict import Judgement

TIME = "2026-01-02T03:04:05Z"
CHOSEN = (Verdict.INCONCLUSIVE, "failed runs may have chosen")
GAVE_UP = (Verdict.INCONCLUSIVE, "repeats failed")
CONFIRMED = (Verdict.CONFIRMED, "")
SAME, OTHER = Found.REPEATS, Found.DIFFERS
STRONG = (Verdict.CONFIRMED, "strong")
# Just above the bar of 0.005, and below it where two seeds count like the first.
SLIM = (0.0042, 0.0055, 0.0052, 0.0056, 0.0053, *(0.0054, 0.0055, 0.0053) * 5)


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
    gains: tuple[float, ...] = SLIM,
) -> Judgement:
    """Judge gains that these attempts came before; `without` are seeds with no good run."""
    baseline = [a_run(n, 0.9) for n in range(1, looks[-1] + 1)]
    good = [
        a_run(record.seed, 0.9 + gain, attempt=3)
        for record, gain in zip(baseline, gains, strict=False)
        if record.seed not in without
    ]
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
    assert two.detail == (
        "of the experiment, 2 runs failed; of the baseline, none; no gain is shown where seeds 2, 4"
        " count like the worst pair"
    )
    assert two.effect is None
    assert two.detail in words.note(registered(5), two).replace("\n", " ")


def test_failures_of_the_baseline_excuse_none() -> None:
    theirs = [ended(1), ended(1, attempt=2), ended(3), ended(4, Ended.FREED)]
    chosen = judged([ended(2), ended(4)], theirs)
    assert decided(chosen) == CHOSEN
    assert "of the baseline, 3 runs failed, 1 run ended with a job" in chosen.detail


def test_what_fails_counts_like_the_worst_pair() -> None:
    failed = [ended(2), ended(4), ended(5, Ended.ABORT)]
    gains = (0.030, 0.034, 0.028, 0.031, 0.033)
    clear = judged(failed, gains=gains)
    assert decided(clear) == STRONG
    assert clear.effect == pytest.approx((0.030 + 4 * 0.028) / 5)
    assert clear.detail.startswith("seeds 2, 4, 5 count like the worst pair; of the experiment,")
    # The same scores, as if these had been the worst pair's.
    as_scored = judged([], gains=(0.030, 0.028, 0.028, 0.028, 0.028))
    assert clear._replace(detail="", failed=0) == as_scored
    # Nothing is left to compare them with.
    assert decided(judged([ended(n) for n in range(1, 6)], gains=gains)) == CHOSEN
    # Where nothing is confirmed, nobody was served by a choice.
    none = judged(failed, gains=(0.001, -0.001, 0.002, 0.0, -0.002))
    assert decided(none) == decided(judged([], gains=(0.001, -0.001, 0.002, 0.0, -0.002)))
    assert none.verdict is not Verdict.CONFIRMED


def test_later_looks_may_show_a_gain_that_failures_put_in_doubt() -> None:
    failed = [ended(2), ended(4)]
    assert decided(judged(failed, looks=(5, 20))) == CHOSEN  # until a seed is run again
    another = ((OTHER, 4),)
    assert decided(judged(failed, looks=(5, 20), checks=another)) == CONFIRMED
    assert judged(failed, looks=(5, 20), checks=another, without=(9,)).due == 20
    assert decided(judged(failed, looks=(5,), checks=another)) == CHOSEN


def test_a_guard_counts_like_its_own_worst_pair() -> None:
    design = Design(
        Criterion("accuracy", 0.005, higher_is_better=True), (5,), 0.005, 0.0, rules=2,
        guards=parse_guards("recall -0.002"),
    )  # fmt: skip
    pairs, recall = (
        [Pair(n, 0.9, 0.9 + gain) for n, gain in enumerate(gains, start=1)]
        for gains in ((0.030, 0.034, 0.028, 0.031, 0.033), (0.0001, -0.0018, 0.0, 0.0003, 0.0005))
    )
    assert judge(design, pairs, guards={"recall": recall}).verdict is Verdict.CONFIRMED
    suspected = Suspects(frozenset({1, 3, 4}))
    held = judge(design, pairs, guards={"recall": recall}, suspects=lambda _: suspected)
    assert held.reason == "failed runs may have chosen"


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
    assert seeds_to_repeat(mine, found)[:1] == left


def test_what_seeds_gave_again_is_told() -> None:
    failed = [ended(n) for n in (1, 2, 3)]
    same = judged(failed, checks=((SAME, 2), (SAME, 1)))
    assert same.detail.endswith("of the baseline, none; seeds 1, 2 gave the same score again")
    other = judged(failed, checks=((OTHER, 2),))
    assert "; seed 2 gave another score when run again; no gain is shown" in other.detail


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
