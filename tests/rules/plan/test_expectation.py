from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitexp.rules.documents.change import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.plan.expectation import (
    Idea,
    calibrate,
    in_words,
    overpromised,
    promise_of,
    ranked,
    weigh,
    within,
)
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Judgement, Verdict


def a_registration(**trailers: str) -> Registration:
    return Registration(
        hypothesis="C raises accuracy because it is too low",
        name="brave-otter",
        change=parse_change("config.toml: C = 1 -> 2"),
        criterion=Criterion("accuracy", 0.005, higher_is_better=True),
        repeats=(5,),
        seeds=(1, 5),
        widening=0.0,
        campaign=1,
        level=0.005,
        extra=tuple(trailers.items()),
    )


def an_idea(name: str, worth: float, **changes: Any) -> Idea:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "gain": 0.01, "chance": 0.5, "seconds": 60.0, "evidence": "seen", "answerable": True,
        "doubts": (),
    }  # fmt: skip
    return Idea(name=name, worth=worth, **(fields | changes))


@pytest.mark.parametrize(
    ("trailers", "gain", "chance", "cost", "ceiling"),
    [
        ({}, None, None, None, None),
        ({"Gain": "0.01", "Chance": "0.3", "Cost": "5m"}, 0.01, 0.3, 300.0, None),
        ({"Gain": "nan", "Chance": "1.5", "Cost": "soon"}, None, None, None, None),
        ({"Evidence": "gap 3 for 8, ceiling +0.035"}, None, None, None, 0.035),
        ({"Evidence": "ceiling: 2e-3 of it"}, None, None, None, 0.002),
    ],
)
def test_promises_are_read_from_the_trailers(
    trailers: dict[str, str],
    gain: float | None,
    chance: float | None,
    cost: float | None,
    ceiling: float | None,
) -> None:
    promise = promise_of(a_registration(**trailers))
    assert (promise.gain, promise.chance, promise.cost) == (gain, chance, cost)
    assert promise.ceiling == ceiling


def test_an_idea_is_worth_chance_times_gain_an_hour() -> None:
    registration = a_registration(Gain="0.02", Chance="0.5", Cost="2h", Evidence="gap")
    idea = weigh("a", registration, hit_rate=0.1, seconds=60, detectable=0.01)
    assert idea.worth == pytest.approx(0.005)
    assert (idea.answerable, idea.doubts) == (True, ())


def test_what_an_idea_does_not_say_is_taken_from_elsewhere_and_told() -> None:
    idea = weigh("a", a_registration(), hit_rate=0.25, seconds=1800, detectable=0.02)
    assert (idea.gain, idea.chance, idea.seconds) == (0.005, 0.25, 1800)
    assert idea.worth == pytest.approx(0.25 * 0.005 * 2)
    assert not idea.answerable
    said = " ".join(idea.doubts)
    for word in ("--gain", "--chance", "--evidence", "unanswerable"):
        assert word in said


def test_evidence_goes_before_worth_and_the_unanswerable_comes_late() -> None:
    ideas = [
        an_idea("bare", 9.0, evidence=""), an_idea("small", 8.0, answerable=False),
        an_idea("good", 1.0), an_idea("better", 2.0),
    ]  # fmt: skip
    assert [idea.name for idea in ranked(ideas)] == ["better", "good", "small", "bare"]


def test_a_budget_is_filled_in_the_order_of_rank() -> None:
    ideas = [an_idea("a", 3, seconds=50), an_idea("b", 2, seconds=60), an_idea("c", 1, seconds=40)]
    assert [idea.name for idea in within(ideas, 100)] == ["a", "c"]
    assert within(ideas, 10) == []


def test_a_gain_above_its_gaps_ceiling_is_questioned() -> None:
    over = a_registration(Gain="0.05", Evidence="3 for 8: ceiling +0.035")
    finding = overpromised(over)
    assert finding is not None
    assert (finding.id, finding.advice) == ("G1", True)
    assert overpromised(a_registration(Gain="0.03", Evidence="ceiling +0.035")) is None
    assert overpromised(a_registration(Gain="0.05")) is None


def judged(verdict: Verdict, effect: float) -> Judgement:
    return Judgement(verdict, "", 1, 5, None, effect=effect)


def test_calibration_holds_promises_against_results() -> None:
    past = [
        (a_registration(Gain="0.03", Chance="0.9"), judged(Verdict.CONFIRMED, 0.01)),
        (a_registration(Gain="0.03", Chance="0.6"), judged(Verdict.RULED_OUT, 0.005)),
        (a_registration(Gain="0.03", Chance="0.3"), judged(Verdict.RULED_OUT, 0.015)),
        (a_registration(Chance="0.5"), judged(Verdict.INCONCLUSIVE, 0.0)),
    ]
    found = calibrate("all", "accuracy", past)
    assert found.gains == 3
    assert [found.predicted, found.measured] == pytest.approx([0.03, 0.01])
    assert (found.decided, found.inconclusive) == (3, 1)
    assert [found.stated, found.hits] == pytest.approx([0.6, 1 / 3])
    assert found.brier == pytest.approx((0.01 + 0.36 + 0.09) / 3)
    assert in_words(found) == [
        "You expect 3 times the gain that you get.",
        "You give your ideas 60 %, and 33 % of them were confirmed.",
    ]


def test_gains_count_over_the_baseline_and_in_one_metric() -> None:
    constant = replace(a_registration(Gain="0.02"), criterion=Criterion.parse("accuracy >= 0.97"))
    other = replace(a_registration(Gain="5"), criterion=Criterion.parse("latency_ms -10"))
    # 0.04 beyond the constant, and 0.01 better than its baseline.
    beyond = replace(judged(Verdict.CONFIRMED, 0.04), baseline_mean=1.0, candidate_mean=1.01)
    found = calibrate("all", "accuracy", [(constant, beyond), (other, beyond)])
    assert found.gains == 1
    assert [found.predicted, found.measured] == pytest.approx([0.02, 0.01])


def test_too_little_is_put_into_no_words() -> None:
    past = [(a_registration(Gain="0.03", Chance="0.9"), judged(Verdict.CONFIRMED, 0.01))]
    assert in_words(calibrate("all", "accuracy", past)) == []
    assert in_words(calibrate("none", "accuracy", [])) == []
