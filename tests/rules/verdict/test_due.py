"""Which runs are due, from the first one to the verdict."""

from __future__ import annotations

from typing import Any

import pytest

from gitexp.errors import NotReady, Refused
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.record import Record
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.due import (
    Due,
    Situation,
    baseline_due,
    proof_due,
    runs_due,
)
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.verdict import Judgement, Verdict
from tests.rules.verdict.test_objections import a_run, registered

GAINS = (0.030, 0.034, 0.028, 0.031, 0.033, 0.029)


def a_registration(**changes: Any) -> Registration:  # noqa: ANN401 - any field
    looks = registered(6)._replace(repeats=(3, 6), seeds=(1, 6))
    return looks._replace(**changes)


def runs(seeds: range, gain: float = 0.0, **changes: str) -> list[Record]:
    """Good runs, a minute after each other; those of the experiment start half a minute later."""
    return [
        a_run(
            seed,
            0.9 + 0.001 * (seed % 3) + (GAINS[seed - 1] + gain if gain else 0),
            start=f"2026-01-02T03:{seed:02}:{30 if gain else 0:02}Z",
            **changes,
        )
        for seed in seeds
    ]


def situation(
    baseline: list[Record],
    records: list[Record],
    registration: Registration | None = None,
    here: tuple[str, ...] | None = ("c",),
    **changes: Any,  # noqa: ANN401 - any field
) -> Situation:
    registration = registration or a_registration()
    judgement = judge_records(registration, baseline, records)
    known = Situation(registration, tuple(baseline), tuple(records), (), judgement, here)
    return known._replace(**changes)


def told(due: Due) -> tuple[list[str], list[str]]:
    """What is due now and later, in short: b1 is the baseline's run of seed 1."""
    return [f"{r.arm[0]}{r.seed}" for r in due.now], [f"{r.arm[0]}{r.seed}" for r in due.later]


@pytest.mark.parametrize(
    ("baseline", "records", "now", "later"),
    [
        # The baseline's run of a seed comes first, whichever look is next.
        ([], [], "b1 b2 b3", "e1 e2 e3"),
        (runs(range(1, 3)), [], "b3 e1 e2", "e3"),
        (runs(range(1, 4)), [], "e1 e2 e3", ""),
        (runs(range(1, 7)), runs(range(2, 3), 0.01), "e1 e3", ""),
        # No further than the next look; a record beyond it is left alone.
        (runs(range(1, 4)), runs(range(1, 4), -0.025), "b4 b5 b6", "e4 e5 e6"),
        (runs(range(1, 6)), runs(range(1, 4), -0.025), "b6 e4 e5", "e6"),
    ],
)
def test_runs_are_due_up_to_the_next_look(
    baseline: list[Record], records: list[Record], now: str, later: str
) -> None:
    due = runs_due(situation(baseline, records))
    assert told(due) == (now.split(), later.split())
    assert due.left == len(now.split()) + len(later.split())
    assert all(run.conditions == ("c",) for run in due.now if run.arm is Arm.BASELINE)


def test_nothing_is_due_once_there_is_a_verdict() -> None:
    known = situation(runs(range(1, 7)), runs(range(1, 7), 0.01))
    assert known.judgement.verdict is Verdict.CONFIRMED
    assert not runs_due(known)


def test_a_record_of_another_condition_is_no_partner_for_what_is_run_now() -> None:
    old = runs(range(1, 4))
    assert told(runs_due(situation(old, [], here=("d",))))[0] == ["b1", "b2", "b3"]
    assert told(runs_due(situation(old, [], here=None)))[0] == ["e1", "e2", "e3"]
    assert baseline_due(old, range(1, 5), "accuracy", None) == (Run(Arm.BASELINE, 4, Why.PARTNER),)


def test_the_baseline_runs_again_in_the_condition_that_the_experiment_turned_out_to_have() -> None:
    due = runs_due(situation(runs(range(1, 4)), runs(range(1, 3), 0.01, condition="d")))
    assert told(due)[0] == ["e3", "b1", "b2"]
    assert due.now[1:] == tuple(Run(Arm.BASELINE, s, Why.MATCH, ("d",)) for s in (1, 2))


def test_small_samples_come_before_a_check_of_the_baseline_and_both_before_full_runs() -> None:
    check = Due((Run(Arm.BASELINE, 2, Why.CHECK),))
    known = situation(runs(range(1, 4)), [], check=check, shares=(0.1, 0.5))
    due = runs_due(known)
    assert [(r.why, r.share) for r in (*due.now, *due.later)] == [
        (Why.SAMPLE, 0.1),
        (Why.SAMPLE, 0.5),
    ]
    assert runs_due(known._replace(shares=())) == check


def test_a_constant_is_asked_of_the_whole_baseline_before_the_experiment_runs() -> None:
    constant = a_registration(criterion=Criterion.parse("accuracy >= 0.95"))
    due = runs_due(situation(runs(range(1, 3)), [], constant))
    assert told(due) == (["b3", "b4", "b5", "b6"], ["e1", "e2", "e3"])
    met = a_registration(criterion=Criterion.parse("accuracy >= 0.9"))
    with pytest.raises(Refused, match="not run") as refused:
        runs_due(situation(runs(range(1, 7)), [], met))
    assert [finding.id for finding in refused.value.findings] == ["S1"]


@pytest.mark.parametrize(
    ("baseline", "due"),
    [
        ([], [(1, ("c",)), (2, ("c",))]),
        ([a_run(1, 0.9)], [(2, ("c",))]),
        # In two conditions, the older one is run again in that of the newer one.
        (
            [
                a_run(1, 0.9, start="2026-01-02T03:01:00Z"),
                a_run(2, 0.9, start="2026-01-02T03:02:00Z", condition="d"),
            ],
            [(1, ("d",))],
        ),
        ([a_run(1, 0.9), a_run(2, 0.9)], []),
    ],
)
def test_a_trainer_that_calls_itself_deterministic_proves_it_first(
    baseline: list[Record], due: list[tuple[int, tuple[str, ...]]]
) -> None:
    alone = a_registration(repeats=(1,), seeds=(1, 1), seeded=False)
    here = ("c", "d") if len(baseline) > 1 else ("c",)
    found = runs_due(situation(baseline, [], alone, here=here))
    proofs = [(run.seed, run.conditions) for run in found.now if run.why is Why.PROOF]
    assert proofs == due
    assert told(found)[bool(due)] == ["e1"]


def test_a_trainer_that_only_calls_itself_deterministic_is_refused() -> None:
    with pytest.raises(NotReady, match=r"two runs gave accuracy 0\.9 and 0\.91"):
        proof_due([a_run(1, 0.9), a_run(2, 0.91)], "accuracy", ("c",))


def test_a_seed_is_repeated_where_that_can_answer_an_objection() -> None:
    failed = [
        a_run(seed, 0.9)._replace(
            metrics={},
            failure="stopped by its user",
            ended=Ended.ABORT,
            start=f"2026-01-02T02:0{seed}:00Z",
            batch=f"b{seed}",
        )
        for seed in (1, 2)
    ]
    known = situation(runs(range(1, 7)), [*failed, *runs(range(1, 7), 0.01)])
    assert known.judgement.reason == "failed runs may have chosen"
    assert runs_due(known).now == (Run(Arm.EXPERIMENT, 2, Why.REPEAT),)
    assert not runs_due(known._replace(judgement=Judgement(Verdict.INCONCLUSIVE, "", 1, 3, None)))
