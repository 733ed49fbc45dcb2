from __future__ import annotations

from typing import Any

import pytest

from gitexp.rules.plan.ranking import WeighedIdea, chosen_within, ranked_ideas, weigh
from gitexp.rules.verdict.criterion import Criterion, Scale
from tests.rules.plan.arrange import a_registration


def an_idea(name: str, worth: float, **changes: Any) -> WeighedIdea:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "gain": 0.01, "chance": 0.5, "hypothesis": "because", "change": "C 1 -> 2",
        "seconds": 60.0, "evidence": "seen", "answerable": True, "doubts": (),
    }  # fmt: skip
    return WeighedIdea(name=name, worth=worth, **(fields | changes))


def test_an_idea_is_worth_chance_times_gain_an_hour() -> None:
    registration = a_registration(Gain="0.02", Chance="0.5", Cost="2h", Evidence="gap")
    idea = weigh("a", registration, confirmed=0, decided=8, seconds=60, detectable=0.01)
    assert idea.worth == pytest.approx(0.005)
    assert (idea.answerable, idea.doubts) == (True, ())


def test_what_an_idea_does_not_say_is_taken_from_elsewhere_and_told() -> None:
    idea = weigh("a", a_registration(), confirmed=0, decided=2, seconds=1800, detectable=0.02)
    assert (idea.gain, idea.chance, idea.seconds) == (0.005, 0.25, 1800)
    assert idea.worth == pytest.approx(0.25 * 0.005 * 2)
    assert not idea.answerable
    said = " ".join(idea.doubts)
    for word in ("--gain", "--chance", "--evidence", "usually be missed"):
        assert word in said


def test_where_lower_is_better_a_gain_is_said_as_the_metric_moves() -> None:
    falls = a_registration(Gain="4", Chance="0.5")._replace(
        criterion=Criterion("rmse", 0.5, higher_is_better=False),
    )
    idea = weigh("a", falls, confirmed=0, decided=0, seconds=60, detectable=5.1)
    assert (idea.gain, idea.bet) == (4, "50 % x -4")
    assert any("often be missed; -5.1 would be found" in doubt for doubt in idea.doubts)


def test_a_criterion_in_percent_is_weighed_in_the_unit_of_the_metric() -> None:
    percent = a_registration()._replace(
        criterion=Criterion("rmse", 2, higher_is_better=False, scale=Scale.PERCENT),
    )
    idea = weigh("a", percent, confirmed=0, decided=0, seconds=60, detectable=0.08, unit=60.0)
    assert idea.gain == pytest.approx(1.21, abs=0.01)
    assert not idea.answerable
    large = percent._replace(extra=(("Gain", "6"),))
    found = weigh("a", large, confirmed=0, decided=0, seconds=60, detectable=0.08, unit=60.0)
    assert (found.gain, found.answerable) == (6, True)


def test_evidence_goes_before_worth_and_the_unanswerable_comes_late() -> None:
    ideas = [
        an_idea("bare", 9.0, evidence=""), an_idea("small", 8.0, answerable=False),
        an_idea("good", 1.0), an_idea("better", 2.0), an_idea("kept", 0.1, before="otter"),
    ]  # fmt: skip
    assert [idea.name for idea in ranked_ideas(ideas)] == [
        "kept", "better", "good", "small", "bare",
    ]  # fmt: skip


def test_a_budget_is_filled_in_the_order_of_rank() -> None:
    ideas = [an_idea("a", 3, seconds=50), an_idea("b", 2, seconds=60), an_idea("c", 1, seconds=40)]
    assert [idea.name for idea in chosen_within(ideas, 100)] == ["a", "c"]
    assert chosen_within(ideas, 10) == []


def test_a_chance_comes_from_the_past_where_none_is_given() -> None:
    new = weigh("a", a_registration(), confirmed=0, decided=0, seconds=60, detectable=None)
    assert (new.chance, "assuming 50 % (no history yet)" in " ".join(new.doubts)) == (0.5, True)
    old = weigh("a", a_registration(), confirmed=3, decided=10, seconds=60, detectable=None)
    assert old.chance == pytest.approx(4 / 12)
    assert "no --chance: assuming 33 % (3 of 10 were confirmed)" in old.doubts


def test_an_idea_names_its_change() -> None:
    registration = a_registration('prompt = "a" -> "' + "b" * 60 + '"')
    idea = weigh("a", registration, confirmed=0, decided=0, seconds=None, detectable=None)
    assert idea.change == 'prompt "a" -> "' + "b" * 22 + "…"
