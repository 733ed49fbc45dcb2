"""What of the records a verdict rests on: conditions, proofs, repeated seeds, examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.check import Check
from gitexp.rules.documents.example_spread import ExampleSpread
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.criterion import Criterion, Guard
from gitexp.rules.verdict.experiment import as_explored, judge_records
from gitexp.rules.verdict.pairs import inputs_of
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.verdict.test_objections import a_run, arms, registered

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement

ALIKE = (0.90, 0.91, 0.92, 0.91, 0.90)


def scored(scores: tuple[float, ...], condition: str = "c") -> list[Record]:
    return [a_run(seed, score, condition=condition) for seed, score in enumerate(scores, start=1)]


def asked(criterion: str, *guards: str, looks: tuple[int, ...] = (5,)) -> Registration:
    return registered(*looks)._replace(
        criterion=Criterion.parse(criterion),
        guards=tuple(map(Guard.parse, guards)),
    )


def decided(judgement: Judgement) -> tuple[Verdict | None, str]:
    return judgement.verdict, judgement.reason


def test_a_constant_is_judged_with_the_baseline_of_its_own_condition() -> None:
    registration = asked("accuracy >= 0.95")._replace(level=0.05)
    candidate = scored((0.96, 0.97, 0.96, 0.97, 0.96))
    own, other = scored(ALIKE), scored((0.1, 0.9, 0.2, 0.8, 0.3), condition="a")
    alone = judge_records(registration, own, candidate)
    assert decided(alone) == (Verdict.CONFIRMED, "strong")
    assert alone.sd == pytest.approx(0.0070711, rel=1e-4)  # the pooled one
    assert judge_records(registration, [*other, *own], candidate) == alone
    # In the other condition nothing is paired, and nothing is judged.
    assert judge_records(registration, other, candidate).verdict is None


@pytest.mark.parametrize(
    ("repeated", "reason"),
    [
        ({"loss": 0.3, "auc": 0.95}, "identical output"),
        ({"loss": 0.4, "auc": 0.95}, "equal scores"),  # two metrics that repeat are too few
        (None, "equal scores"),  # no seed was run twice
    ],
)
def test_ties_are_the_same_output_where_three_metrics_repeat_and_agree(
    repeated: dict[str, float] | None, reason: str
) -> None:
    def runs(hours: float) -> list[Record]:
        return [
            one._replace(metrics=dict(one.metrics) | {"loss": 0.3, "auc": 0.95, "hours": hours})
            for one in scored(ALIKE)
        ]

    baseline = runs(1.0)
    if repeated is not None:
        metrics = dict(baseline[0].metrics) | repeated | {"hours": 1.5}
        baseline.append(baseline[0]._replace(metrics=metrics, attempt=2))
        # Runs of other conditions and of other seeds repeat nothing.
        baseline.append(baseline[1]._replace(metrics={"accuracy": 0.1}, condition="other"))
    assert judge_records(registered(5), baseline, runs(2.0)).reason == reason


def test_a_single_run_is_judged_once_the_trainer_is_known_to_repeat_itself() -> None:
    registration = registered(1)._replace(seeded=False, by_examples=True)
    twice, mine = scored((0.9, 0.9)), scored((0.95,))
    spread = ExampleSpread(1, inputs_of([(twice[0], mine[0])]), 500, 1e-5)
    found = judge_records(registration, twice, mine, [spread])
    assert decided(found) == (Verdict.CONFIRMED, "strong")
    assert found.examples == 500
    unproven = judge_records(registration, twice[:1], mine, [spread])
    assert (unproven.verdict, unproven.look, unproven.due) == (None, 0, 1)
    unlike = judge_records(registration, scored((0.9, 0.91)), mine, [spread])
    assert decided(unlike) == (Verdict.INCONCLUSIVE, "not deterministic")


def test_what_examples_say_holds_for_the_runs_that_it_was_computed_from() -> None:
    registration = registered(5)._replace(by_examples=True)
    baseline, candidate = arms(5)
    inputs = inputs_of(list(zip(baseline, candidate, strict=True)))
    known = ExampleSpread(5, inputs, 400, 1e-6)
    assert judge_records(registration, baseline, candidate, [known]).verdict is Verdict.CONFIRMED
    again = [candidate[0]._replace(start="2026-01-02T03:04:06Z"), *candidate[1:]]
    waits = judge_records(registration, baseline, again, [known])
    assert (waits.verdict, waits.due) == (None, 5)
    assert waits.examples is None


def test_a_guard_is_judged_by_the_runs_that_reported_it() -> None:
    def with_time(records: list[Record], *ms: float) -> list[Record]:
        return [
            one._replace(metrics=dict(one.metrics) | {"ms": value})
            for one, value in zip(records, ms, strict=True)
        ]

    baseline, candidate = arms(5)
    registration = asked("accuracy +0.005", "ms +5")
    before = with_time(baseline, 100, 101, 99, 100, 102)
    slow = with_time(candidate, 120, 122, 118, 121, 120)
    assert judge_records(registration, before, slow).reason == "guard broken"
    assert judge_records(registration, baseline, slow).reason == "guard not shown"


def test_an_experiment_that_is_under_way_says_so_when_its_baseline_has_moved() -> None:
    baseline, candidate = arms(3)
    moved = Check("c", Found.MOVED, "2026-01-02T03:04:04Z", 1, "c", (0.9, 0.8, 0.8, 0.8))
    found = judge_records(registered(5), baseline, candidate, checks=[moved])
    assert decided(found) == (Verdict.INCONCLUSIVE, "the baseline has moved")
    assert (found.look, found.pairs, found.effect) == (0, 0, None)
    same = moved._replace(found=Found.SAME)
    assert judge_records(registered(5), baseline, candidate, checks=[same]).verdict is None


def test_only_a_verdict_is_marked_as_explored() -> None:
    baseline, candidate = arms(5)
    found = judge_records(registered(5), baseline, candidate)
    assert as_explored(found, "") is found
    assert decided(as_explored(found, "two changes")) == (
        Verdict.EXPLORATORY, "not gated: two changes",
    )  # fmt: skip
    open_ = judge_records(registered(5), baseline, candidate[:2])
    assert as_explored(open_, "two changes") is open_
