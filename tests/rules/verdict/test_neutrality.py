"""Code that is switched off must leave all that its baseline repeats as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.code_below import ALTERED, CODE_ALONE, TOGETHER
from gitexp.rules.verdict.due import Due, Situation, runs_due
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.neutrality import CodeRuns, Proof, compare, draw, drawn_seeds, prove
from gitexp.rules.verdict.verdict import Judgement, Verdict
from tests.rules.verdict.test_due import runs
from tests.rules.verdict.test_objections import a_run, registered

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration

EXPERIMENT = "e" * 40
CODE = registered(3, 6)._replace(extra=(("Code", "c" * 40), ("Base", "b" * 40)))


def told(accuracy: float = 0.9, output: str = "", **metrics: float) -> Record:
    return a_run(1, accuracy, metrics={"accuracy": accuracy, **metrics}, output=output)


@pytest.mark.parametrize(
    ("before", "again", "after", "found"),
    [
        (told(), [], told(), (Found.NEUTRAL, "")),
        (told(), [], told(0.9 + 1e-15), (Found.NEUTRAL, "")),  # the 13th digit
        (told(), [], told(loss=3.0), (Found.NEUTRAL, "")),  # the code may report more
        (told(), [], told(0.9 + 1e-11), (None, "accuracy")),
        (
            told(),
            [told()],
            told(0.9 + 1e-11),
            (None, "accuracy"),
        ),  # a coarse score may come up twice
        (told(), [told()] * 2, told(0.9 + 1e-11), (Found.ALTERED, "accuracy")),
        (told(), [told(0.8)], told(0.91), (Found.UNREPEATED, "")),
        (told(), [told(), told(0.8)], told(0.91), (Found.UNREPEATED, "")),
        (told(), [told(0.8)], told(), (Found.UNREPEATED, "")),  # equal by luck
        # Wall time differs whenever it is measured.
        (told(seconds=1.0), [], told(seconds=2.0), (None, "seconds")),
        (told(seconds=1.0), [told(seconds=1.5)], told(seconds=2.0), (Found.NEUTRAL, "")),
        (told(seconds=1.0), [told(seconds=1.5)], told(0.8, seconds=2.0), (None, "accuracy")),
        # Other metrics count as the main one does, and so does what was predicted.
        (told(loss=1.0), [told(loss=1.0)] * 2, told(loss=1.1), (Found.ALTERED, "loss")),
        (told(loss=1.0), [told(loss=1.0)] * 2, told(), (Found.ALTERED, "loss")),
        (told(loss=1.0), [told(loss=1.0)] * 2, told(0.8, loss=1.1), (Found.ALTERED, "accuracy")),
        (told(output="x"), [], told(output="y"), (None, "its predictions")),
        (
            told(output="x"),
            [told(output="x")],
            told(output="y"),
            (Found.ALTERED, "its predictions"),
        ),
        (told(output="x"), [told(output="z")], told(output="y"), (Found.NEUTRAL, "")),
    ],
)
def test_what_the_baseline_repeats_must_stay(
    before: Record, again: list[Record], after: Record, found: tuple[Found | None, str]
) -> None:
    assert compare(before, again, after, "accuracy") == found


def test_what_is_known_not_to_repeat_costs_no_run() -> None:
    before, after = told(seconds=1.0), told(seconds=2.0)
    assert compare(before, [], after, "accuracy", frozenset({"seconds"}))[0] is Found.NEUTRAL
    assert compare(before, [], after, "accuracy", frozenset({"accuracy"}))[0] is Found.UNREPEATED


def missing(
    baseline: list[Record],
    again: list[Record],
    code: list[Record],
    **changes: Any,  # noqa: ANN401
) -> tuple[Run, ...]:
    known = CodeRuns(tuple(baseline), tuple(again), tuple(code), **changes)
    return prove(1, "accuracy", known, ("c",)).missing


def test_the_runs_that_are_missing_are_named_one_after_the_other() -> None:
    one, other = a_run(1, 0.9), a_run(1, 0.8)
    moved = one._replace(condition="d")
    neutral = Run(Arm.CODE, 1, Why.NEUTRAL, ("c",))
    assert missing([], [], []) == (Run(Arm.BASELINE, 1, Why.PARTNER, ("c",)), neutral)
    assert missing([one], [], []) == (neutral,)
    # Runs of another condition prove nothing.
    assert missing([one], [], [moved]) == (neutral,)
    assert missing([moved], [], [one]) == (Run(Arm.BASELINE, 1, Why.MATCH, ("c",)),)
    twice = Run(Arm.BASELINE, 1, Why.TWICE, ("c",), attempt=2)
    assert missing([one], [], [other]) == (twice,)
    assert missing([one], [moved], [other]) == (twice,)
    assert missing([one], [one], [other]) == (twice._replace(attempt=3),)
    assert missing([one], [], [one]) == missing([one], [one, one], [other]) == ()
    # Where each experiment has baseline runs of its own, none of these is made for the proof.
    alone = Run(Arm.BASELINE, 1, Why.TWICE, ("c",))
    assert missing([], [], [], beside=True) == (alone, neutral)
    assert missing([], [one], [one], beside=True) == ()


def test_seeds_are_drawn_by_the_id_from_the_first_look_alone() -> None:
    drawn = drawn_seeds(EXPERIMENT, CODE)
    assert len(drawn) == len({*drawn}) == 2
    assert {*drawn} < {1, 2, 3}
    assert drawn == drawn_seeds(EXPERIMENT, CODE)
    firsts = {drawn_seeds(f"{number:040x}", CODE)[0] for number in range(50)}
    assert firsts == {1, 2, 3}
    single = CODE._replace(repeats=(1,), seeds=(1, 1), seeded=False)
    assert drawn_seeds(EXPERIMENT, single) == (1,)


@pytest.mark.parametrize("first_look", [1, 2, 3, 4, 5, 10])
def test_code_that_alters_a_single_seed_is_found_more_often_than_not(first_look: int) -> None:
    seeds, found = range(1, first_look + 1), 0
    for number in range(500):
        altered = number % first_look + 1
        arms = CodeRuns(
            tuple(a_run(seed, 0.9) for seed in seeds),
            tuple(a_run(seed, 0.9) for seed in seeds) * 2,
            tuple(a_run(seed, 0.9 + 1e-6 * (seed == altered)) for seed in seeds),
        )
        proofs = (prove(s, "accuracy", arms, None) for s in draw(f"{number:040x}", seeds))
        found += any(proof.found is Found.ALTERED for proof in proofs)
    assert found > 250


# --- what it means for the verdict ----------------------------------------------------------------


def check(found: Found, seed: int, *scores: float, changed: tuple[str, ...] = ()) -> Check:
    time = f"2026-01-02T03:{seed:02}:00Z"
    return Check(EXPERIMENT, found, time, seed, "c", scores, changed)


def judged(*checks: Check, registration: Registration = CODE, gain: float = 0.01) -> Judgement:
    baseline, mine = runs(range(1, 7)), runs(range(1, 7), gain)
    return judge_records(registration, baseline, mine, (), checks)


DRAWN = drawn_seeds(EXPERIMENT, CODE)
NEUTRAL = [check(Found.NEUTRAL, seed, 0.9, 0.9) for seed in DRAWN]


def test_a_confirmation_waits_until_the_code_is_proven_on_every_seed_that_was_drawn() -> None:
    assert [judged(*NEUTRAL[:n]).unproven for n in range(3)] == [2, 1, 0]
    assert judged(*NEUTRAL[:1]).verdict is None
    done = judged(*NEUTRAL)
    seeds = ", ".join(map(str, sorted(DRAWN)))
    assert (done.verdict, done.code) == (
        Verdict.CONFIRMED, f"neutral, proven on seeds {seeds}",
    )  # fmt: skip
    # A seed that was not drawn could have been chosen.
    other = next(seed for seed in (1, 2, 3) if seed not in DRAWN)
    assert judged(NEUTRAL[0], check(Found.NEUTRAL, other, 0.9, 0.9)).unproven == 1
    # Without code, and for a verdict that claims nothing, there is nothing to prove.
    assert judged(registration=CODE._replace(extra=())).verdict is Verdict.CONFIRMED
    assert judged(NEUTRAL[0], gain=-0.05).verdict is Verdict.RULED_OUT


def test_code_that_alters_results_leaves_no_verdict_standing() -> None:
    altered = check(Found.ALTERED, 2, 0.9, 0.91, changed=("accuracy",))
    for gain in (0.01, -0.05):
        done = judged(NEUTRAL[0], altered, gain=gain)
        assert (done.verdict, done.reason, done.effect) == (Verdict.INCONCLUSIVE, ALTERED, None)
        assert "seed 2 gives accuracy 0.91" in done.detail
    silent = judged(check(Found.ALTERED, 2, changed=("its predictions",)))
    assert "differs in its predictions" in silent.detail


def test_where_nothing_can_be_proven_the_experiment_must_beat_its_code() -> None:
    better = judged(check(Found.UNREPEATED, DRAWN[0], 0.9, 0.91))
    assert (better.verdict, better.code) == (Verdict.CONFIRMED, TOGETHER)
    crippled = judged(check(Found.UNREPEATED, DRAWN[0], 0.9, 0.99))
    assert (crippled.verdict, crippled.reason) == (Verdict.INCONCLUSIVE, CODE_ALONE)
    assert judged(check(Found.UNREPEATED, DRAWN[0])).unproven == len(DRAWN)  # no score, no gain


def due(judgement: Judgement, *proofs: Proof) -> Due:
    here = ("c",)
    return runs_due(Situation(CODE, (), (), (), judgement, here, proofs=proofs))


def test_the_code_runs_before_the_experiment_does_while_the_baseline_goes_on() -> None:
    fresh = judge_records(CODE, [], [])
    proof = prove(DRAWN[0], "accuracy", CodeRuns((), (), ()), ("c",))
    found = due(fresh, proof)
    others = [seed for seed in (1, 2, 3) if seed != DRAWN[0]]
    assert found.now == (
        *proof.missing,
        *(Run(Arm.BASELINE, seed, Why.PARTNER, ("c",)) for seed in others),
    )
    assert found.later == tuple(Run(Arm.EXPERIMENT, seed, Why.LOOK) for seed in (1, 2, 3))
    assert all(run.arm is not Arm.CODE for run in due(fresh).now)


def test_to_confirm_only_what_the_proof_lacks_is_due() -> None:
    proof = Proof(2, missing=(Run(Arm.CODE, 2, Why.NEUTRAL, ("c",)),))
    assert due(judged(NEUTRAL[0]), proof) == Due(proof.missing)
