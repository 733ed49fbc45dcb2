"""What `show` says in sentences, and what it says that nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.explain import what_it_cannot_tell, what_it_says
from gitexp.rules.verdict.verdict import Judgement, Verdict

JUDGEMENT = Judgement(
    verdict=Verdict.RULED_OUT, reason="below the bar", look=1, pairs=10, due=None,
    effect=-0.0002, sd=0.002, standard_error=0.0015, p=0.553, level=0.01, lower=-0.0044,
    upper=0.0025, detectable=0.0056, baseline_mean=0.97, candidate_mean=0.9698,
)  # fmt: skip


def a_registration(criterion: str = "accuracy +0.005", widening: float = 0.43) -> Registration:
    return Registration(
        hypothesis="C raises accuracy because it is too low",
        name="brave-otter",
        change=parse_change("config.toml: C = 1 -> 2"),
        criterion=Criterion.parse(criterion),
        repeats=(10,),
        seeds=(1, 10),
        widening=widening,
        campaign=1,
        level=0.01,
    )


def test_the_figures_are_told_in_sentences_and_rounded() -> None:
    over, chance, bounds, conclusion = what_it_says(a_registration(), JUDGEMENT)
    assert over.endswith("the mean accuracy went from 0.9700 to 0.9698.")
    assert chance == (
        "If the change did nothing, a result this good would come up 55 times in 100;"
        " the limit for this experiment is 1 time in 100."
    )
    assert bounds == (
        "At worst, accuracy changed by -0.0044 (wrong 1 time in 100); at best, +0.0025"
        " (wrong 1 time in 20). Success is accuracy +0.005."
    )
    assert conclusion == (
        "Even the upper bound does not reach +0.005: it is ruled out at this level."
    )


def test_of_several_looks_the_limit_is_that_of_this_one() -> None:
    looks = a_registration()._replace(repeats=(5, 10))
    chance = what_it_says(looks, JUDGEMENT._replace(level=0.005))[1]
    assert chance.endswith("the limit of this look is 1 time in 200.")


def test_a_conclusion_that_asks_ends_with_its_question_mark() -> None:
    same = JUDGEMENT._replace(reason="identical output", effect=0.0, p=None, sd=0.0)
    assert what_it_says(a_registration(), same)[-1].endswith("does the code read the value?")


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (1e-9, "less than 1 time in a million"), (0.000183, "1 time in 5,500"),
        (0.005, "1 time in 200"), (0.025, "1 time in 40"), (0.553, "55 times in 100"),
        (0.9949, "99 times in 100"), (1.0, "nearly every time"),
    ],
)  # fmt: skip
def test_a_probability_is_told_as_people_picture_it(p: float, said: str) -> None:
    judgement = JUDGEMENT._replace(p=p)
    assert f"would come up {said};" in " ".join(what_it_says(a_registration(), judgement))


def test_against_a_constant_the_value_itself_is_told() -> None:
    judgement = JUDGEMENT._replace(reason="too noisy", verdict=Verdict.INCONCLUSIVE)
    said = " ".join(what_it_says(a_registration("accuracy >= 0.97"), judgement))
    assert "If the true value were exactly 0.97, " in said
    assert "At worst, accuracy is 0.9656 (wrong 1 time in 100); at best, 0.9725" in said


def test_without_figures_only_the_reason_is_told() -> None:
    failed = Judgement(Verdict.INCONCLUSIVE, "repeats failed", 0, 2, None)
    [only] = what_it_says(a_registration(), failed)
    assert only.startswith("A registered run failed")


def test_what_is_left_open_depends_on_split_baseline_and_verdict() -> None:
    unclear = JUDGEMENT._replace(verdict=Verdict.INCONCLUSIVE, reason="too noisy")
    shared, smaller = what_it_cannot_tell(a_registration(), unclear, shared=1)
    assert "1 other experiment used the same baseline runs" in shared
    assert shared.endswith("affects both.")
    assert smaller == "Whether there is a smaller effect: this design detects +0.0056 or better."
    split, shared, _ = what_it_cannot_tell(a_registration(widening=0.0), JUDGEMENT, shared=8)
    assert "other splits" in split
    assert shared.endswith("affects all 9.")
    confirmed = JUDGEMENT._replace(verdict=Verdict.CONFIRMED, reason="strong")
    [shrinks] = what_it_cannot_tell(a_registration(), confirmed)
    assert "usually shrinks" in shrinks
    alone = a_registration()._replace(seeded=False, repeats=(1,), seeds=(1, 1))
    assert "only one" in what_it_cannot_tell(alone, JUDGEMENT)[0]


@pytest.mark.parametrize(
    ("criterion", "change", "said"),
    [
        # What is ruled out is not open, whatever the design could have detected.
        ("accuracy +0.005", {},
         ["Whether there is a smaller gain: one of up to +0.0025 is not ruled out."]),
        ("accuracy +0.005", {"upper": -0.0001, "reason": "harmful"}, []),
        ("accuracy +0.005", {"upper": 0.004, "lower": None, "reason": "equal scores"},
         ["Whether there is a smaller gain: one of up to +0.0040 is not ruled out."]),
        ("accuracy +0.005", {"upper": 0.02, "reason": "guard broken"}, []),
        # The gain is there: what is missing is something else.
        ("accuracy +0.005", {"verdict": Verdict.INCONCLUSIVE, "reason": "guard not shown",
                             "p": 0.001}, []),
        ("accuracy +0.005", {"reason": "identical output", "p": None}, []),
        ("accuracy >= 0.97", {"verdict": Verdict.INCONCLUSIVE, "reason": "too noisy"},
         ["Whether the change did it: the runs are compared with 0.97, not with the baseline.",
          "Whether accuracy reaches 0.97: this design detects 0.9756 or better."]),
    ],
)  # fmt: skip
def test_what_stays_open_is_never_what_the_verdict_says(
    criterion: str, change: dict[str, Any], said: list[str]
) -> None:
    assert what_it_cannot_tell(a_registration(criterion), JUDGEMENT._replace(**change)) == said
