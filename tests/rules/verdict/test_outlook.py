from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gitexp.rules.documents.change import parse_change
from gitexp.rules.documents.record import Record
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.outlook import Outlook, foresee, question, shown
from gitexp.rules.verdict.verdict import Judgement, Verdict

BASELINE = (0.90, 0.92, 0.91, 0.93, 0.89)  # standard deviation 0.0158


def a_registration(
    criterion: str = "accuracy +0.005",
    *looks: int,
    level: float = 0.05,
    widening: float = 0.0,
    seeded: bool = True,
    by_examples: bool = False,
) -> Registration:
    repeats = looks or (5, 10, 20)
    return Registration(
        hypothesis="C raises accuracy because it is too low",
        name="brave-otter",
        change=parse_change("config.toml: C = 1 -> 2"),
        criterion=Criterion.parse(criterion),
        repeats=repeats,
        seeds=(1, repeats[-1]),
        widening=widening,
        campaign=1,
        level=level,
        seeded=seeded,
        by_examples=by_examples,
    )


def runs(values: Sequence[float], metric: str = "accuracy") -> list[Record]:
    return [
        Record(seed, 1, "c", "e", {metric: value}, "2026-01-01T00:00:00Z", 60.0, 0)
        for seed, value in enumerate(values, start=1)
    ]


def a_judgement(
    spread: float | None = None, pairs: int = 5, detectable: float | None = None
) -> Judgement:
    return Judgement(
        Verdict.INCONCLUSIVE, "too noisy", 1, pairs, None, spread=spread, detectable=detectable
    )


def power(effect: float, spread: float, registration: Registration, repeats: int) -> float:
    """Chance that the last look, after so many repeats, passes a true effect; by SciPy alone."""
    before = (0, *registration.repeats)[-2]
    level = registration.level * (1 - before / registration.repeats[-1])
    threshold = stats.t.isf(level, repeats - 1)
    errors = effect / (spread * math.sqrt(1 / repeats + registration.widening))
    return float(stats.nct.sf(threshold, repeats - 1, errors))


DESIGNS = [
    a_registration(),
    a_registration("accuracy +0.005", 5),
    a_registration("accuracy +0.005", 3, level=0.002),
    a_registration("accuracy +0.02", 5, 10, 20, level=0.005, widening=0.25),
    a_registration("accuracy +0.01", 40, 100, level=0.001),
]


@pytest.mark.parametrize("registration", DESIGNS, ids=str)
def test_the_detectable_effect_is_confirmed_four_times_in_five(registration: Registration) -> None:
    outlook = foresee(registration, [(registration, a_judgement(0.02))], [], [])
    assert outlook.detectable is not None
    found = power(outlook.detectable, 0.02, registration, registration.repeats[-1])
    assert 0.8 - 1e-9 <= found < 0.825
    assert outlook.spreads == pytest.approx(outlook.detectable / 0.02)


@given(
    st.floats(0.001, 0.1),
    st.floats(0.001, 0.1),
    st.sampled_from((0.05, 0.005, 0.0005)),
    st.sampled_from((0.0, 0.01, 0.25)),
)
def test_enough_repeats_see_the_bar_and_one_fewer_does_not(
    spread: float, bar: float, level: float, widening: float
) -> None:
    registration = a_registration(f"accuracy +{bar!r}", level=level, widening=widening)
    enough = foresee(registration, [(registration, a_judgement(spread))], [], []).enough
    # An effect as large as the bar: below four in five by SciPy with fewer, hardly above with so
    # many, as the approximation errs by up to 2.2 % of the effect.
    if enough is None:
        assert power(bar, spread, registration, 1000) < 0.81
        return
    assert power(bar, spread, registration, enough) >= 0.8 - 1e-9
    if enough > 3:
        assert power(bar, spread, registration, enough - 1) < 0.825


@given(st.floats(0.001, 0.1), st.floats(0.001, 0.1), st.floats(1, 3))
def test_a_larger_bar_never_needs_more_repeats(spread: float, bar: float, times: float) -> None:
    needed = []
    for amount in (bar, times * bar):
        registration = a_registration(f"accuracy +{amount!r}")
        outlook = foresee(registration, [(registration, a_judgement(spread))], [], [])
        needed.append(outlook.enough or math.inf)
    assert needed[1] <= needed[0]


def test_the_spread_is_pooled_over_past_experiments_on_the_same_terms() -> None:
    mine = a_registration()
    alike = [(mine, a_judgement(0.03, 5)), (mine, a_judgement(0.01, 9))]
    unlike = [
        (a_registration("loss -0.005"), a_judgement(1.0)),
        (a_registration("accuracy +1%"), a_judgement(1.0)),
        (a_registration(by_examples=True), a_judgement(1.0)),
        (a_registration(seeded=False), a_judgement(1.0)),
        (mine, a_judgement(0.0)),  # of a trainer that ignores its seed
        (mine, a_judgement(None)),
    ]
    outlook = foresee(mine, [*unlike, *alike], runs(BASELINE), [])
    assert outlook.spreads is not None
    pooled = math.sqrt((4 * 0.03**2 + 8 * 0.01**2) / 12)
    assert outlook.detectable == pytest.approx(pooled * outlook.spreads)
    assert outlook.source == "2 past experiments"


# By criterion: the baseline's scores, and the spread that follows for a difference of two runs.
@pytest.mark.parametrize(
    ("criterion", "values", "spread"),
    [
        ("accuracy +0.005", BASELINE, statistics.stdev(BASELINE) * math.sqrt(2)),
        ("accuracy +1%", BASELINE, statistics.stdev(map(math.log, BASELINE)) * math.sqrt(2)),
        ("accuracy >= 0.95", BASELINE, statistics.stdev(BASELINE)),  # one arm alone varies
        ("accuracy +1%", (*BASELINE, 0.0), statistics.stdev(map(math.log, BASELINE)) * 2**0.5),
    ],
)
def test_without_a_past_the_baselines_own_runs_tell_the_spread(
    criterion: str, values: Sequence[float], spread: float
) -> None:
    outlook = foresee(a_registration(criterion), [], runs(values), [])
    assert outlook.spreads is not None
    assert outlook.detectable == pytest.approx(spread * outlook.spreads)
    assert outlook.source == "the baseline's 5 runs, as if pairs shared nothing"


@pytest.mark.parametrize("values", [(), BASELINE[:2], (0.9, 0.9, 0.9)])
def test_without_any_spread_the_detectable_effect_is_told_in_spreads(
    values: Sequence[float],
) -> None:
    outlook = foresee(a_registration(), [], runs(values), [])
    assert (outlook.detectable, outlook.enough, outlook.source) == (None, None, "")
    assert outlook.spreads is not None
    assert 0.8 - 1e-9 <= power(outlook.spreads, 1.0, a_registration(), 20) < 0.82


def test_time_is_that_of_the_runs_still_to_do() -> None:
    registration = a_registration("accuracy +0.005", 5, 10)
    outlook = foresee(registration, [], runs(BASELINE), [60.0, 120.0])
    assert (outlook.runs, outlook.seconds) == (15, 15 * 90)
    assert foresee(registration, [], [], []).seconds is None
    # A deterministic trainer runs once, and twice on the baseline to prove it.
    alone = a_registration("accuracy +1", 1, seeded=False)
    assert [foresee(alone, [], runs(BASELINE[:n]), [2.0]).runs for n in (0, 1, 2)] == [3, 2, 1]


def test_evidence_by_examples_is_foreseen_from_what_past_experiments_saw() -> None:
    registration = a_registration(by_examples=True)
    past = [
        (registration, a_judgement(0.01, detectable=effect)) for effect in (0.02, 0.05, 0.03, None)
    ]
    outlook = foresee(registration, past, runs(BASELINE), [])
    assert (outlook.detectable, outlook.source) == (0.03, "3 past experiments")
    assert foresee(registration, [], runs(BASELINE), []).detectable is None


def test_a_bar_that_the_design_sees_raises_no_question() -> None:
    registration = a_registration("accuracy +0.02")
    assert question(registration, Outlook(40, 0.019, "the baseline's 5 runs", 18)) is None
    assert question(registration, Outlook(40, 0.02, "the baseline's 5 runs", 20)) is None


def test_an_unanswerable_bar_is_told_how_many_repeats_or_rows_would_answer_it() -> None:
    registration = a_registration("accuracy +0.005")
    asked = question(registration, Outlook(40, 0.015, "the baseline's 5 runs", 170))
    assert asked is not None
    assert (asked.id, asked.advice) == ("S2", True)
    assert "unanswerable" in asked.message
    assert "+0.015 or more" in asked.message
    assert "the baseline's 5 runs" in asked.message
    assert "170 repeats would" in asked.hint
    # Errors shrink with the root of the number of rows: three times finer takes nine times as many.
    assert "test sets 9 times as large" in asked.hint


def test_where_no_number_of_repeats_would_only_larger_test_sets_do() -> None:
    registration = a_registration("accuracy +0.005", level=0.005, widening=0.25)
    outlook = foresee(registration, [], runs(BASELINE), [])
    assert outlook.enough is None
    asked = question(registration, outlook)
    assert asked is not None
    assert asked.hint.startswith("no number of repeats would; test sets ")
    assert outlook.detectable is not None
    times = (outlook.detectable / 0.005) ** 2
    assert f"test sets {times:.0f} times as large" in asked.hint


@pytest.mark.parametrize(
    ("criterion", "detectable", "words"),
    [
        ("loss -0.005", 0.015, "-0.015 or more"),
        ("speed +1%", math.log(1.03), "+3% or more"),
        ("rmse -1%", -math.log(0.97), "-3% or more"),
    ],
)
def test_the_detectable_effect_is_written_in_the_criterions_own_terms(
    criterion: str, detectable: float, words: str
) -> None:
    registration = a_registration(criterion)
    assert f"{shown(registration.criterion, detectable)} or more" == words
    asked = question(registration, Outlook(40, detectable, "1 past experiment", 170))
    assert asked is not None
    assert words in asked.message


def test_a_bar_of_zero_asks_for_an_effect_worth_having() -> None:
    registration = a_registration("accuracy +0")
    asked = question(registration, foresee(registration, [], runs(BASELINE), []))
    assert asked is not None
    assert asked.hint == "ask for an effect worth having: --expect"


@pytest.mark.parametrize(
    ("criterion", "value"), [("accuracy >= 0.97", "0.985"), ("loss <= 0.2", "0.185")]
)
def test_a_constant_has_no_bar_to_doubt_and_shows_the_value_that_is_seen(
    criterion: str, value: str
) -> None:
    registration = a_registration(criterion)
    assert question(registration, Outlook(40, 0.015, "the baseline's 5 runs", 170)) is None
    assert shown(registration.criterion, 0.015) == value


def test_three_repeats_are_told_what_they_cannot_confirm() -> None:
    registration = a_registration("accuracy +0.005", 3, level=0.002)
    asked = question(registration, foresee(registration, [], [], []))
    assert asked is not None
    threshold = stats.t.isf(0.002, 2)
    needed = next(k / 10 for k in range(1000) if stats.nct.sf(threshold, 2, k / 10 * 3**0.5) > 0.8)
    told = float(asked.message.partition("an effect of ")[2].split()[0])
    assert told == pytest.approx(needed, rel=0.03)
    assert "3 repeats at level 0.002 confirm only" in asked.message
    assert "repeats" in asked.hint


def test_many_repeats_without_a_known_spread_are_told_nothing() -> None:
    registration = a_registration()
    assert question(registration, foresee(registration, [], [], [])) is None


def test_one_or_two_repeats_foresee_nothing_and_are_told_so() -> None:
    for looks in ((1,), (2,), (1, 2)):
        registration = a_registration("accuracy +0.005", *looks)
        outlook = foresee(registration, [], runs(BASELINE), [])
        assert outlook.detectable is None
        asked = question(registration, outlook)
        assert asked is not None
        assert asked.message.startswith("2 repeats cannot" if 2 in looks else "1 repeat cannot")
    alone = a_registration("accuracy +0.005", 1, seeded=False)
    assert question(alone, foresee(alone, [], [], [])) is None
