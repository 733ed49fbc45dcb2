from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.record import Record
from gitexp.rules.documents.registration import Registration
from gitexp.rules.text import duration
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.effects import detectable
from gitexp.rules.verdict.power import Power, power_of, repeats_needed, underpowered
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
        Verdict.INCONCLUSIVE, "too noisy", 1, pairs, None, sd=spread, detectable=detectable
    )


def known(effect: float, source: str, enough: int) -> Power:
    """Power as experiments showed it, so that it is no range."""
    return Power(
        40,
        detectable=effect,
        detectable_at_best=effect,
        source=source,
        enough=enough,
        enough_at_best=enough,
    )


def chance(effect: float, spread: float, registration: Registration, repeats: int) -> float:
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
    power = power_of(registration, [(registration, a_judgement(0.02))], [], [])
    assert power.detectable is not None
    found = chance(power.detectable, 0.02, registration, registration.repeats[-1])
    assert 0.8 - 1e-9 <= found < 0.825
    assert power.spreads == pytest.approx(power.detectable / 0.02)


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
    enough = power_of(registration, [(registration, a_judgement(spread))], [], []).enough
    # An effect as large as the bar: below four in five by SciPy with fewer, hardly above with so
    # many, as the approximation errs by up to 2.2 % of the effect.
    if enough is None:
        assert chance(bar, spread, registration, 1000) < 0.81
        return
    assert chance(bar, spread, registration, enough) >= 0.8 - 1e-9
    if enough > 3:
        assert chance(bar, spread, registration, enough - 1) < 0.825


@given(st.floats(0.001, 0.1), st.floats(0.001, 0.1), st.floats(1, 3))
def test_a_larger_bar_never_needs_more_repeats(spread: float, bar: float, times: float) -> None:
    needed = []
    for amount in (bar, times * bar):
        registration = a_registration(f"accuracy +{amount!r}")
        power = power_of(registration, [(registration, a_judgement(spread))], [], [])
        needed.append(power.enough or math.inf)
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
    power = power_of(mine, [*unlike, *alike], runs(BASELINE), [])
    assert power.spreads is not None
    pooled = math.sqrt((4 * 0.03**2 + 8 * 0.01**2) / 12)
    assert power.detectable == pytest.approx(pooled * power.spreads)
    assert power.source == "2 past experiments"


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
    power = power_of(a_registration(criterion), [], runs(values), [])
    assert power.spreads is not None
    assert power.detectable is not None
    assert power.detectable_at_best is not None
    assert power.detectable == pytest.approx(spread * power.spreads)
    assert power.source.startswith("the baseline's 5 runs")
    # Pairs are seldom as unlike as that; how alike they are, only an experiment shows.
    shared = 1 if ">=" in criterion else math.sqrt(1 - 0.8)
    assert power.detectable_at_best == pytest.approx(shared * power.detectable)
    assert (power.detectable_at_best < power.detectable) == (
        "the first experiment will narrow" in power.source
    )


@pytest.mark.parametrize("values", [(), BASELINE[:2], (0.9, 0.9, 0.9)])
def test_without_any_spread_the_detectable_effect_is_told_in_spreads(
    values: Sequence[float],
) -> None:
    power = power_of(a_registration(), [], runs(values), [])
    assert (power.detectable, power.enough, power.source) == (None, None, "")
    assert power.runs == 40 - len(values)
    assert power.spreads is not None
    assert 0.8 - 1e-9 <= chance(power.spreads, 1.0, a_registration(), 20) < 0.82


def test_time_is_that_of_the_runs_still_to_do() -> None:
    registration = a_registration("accuracy +0.005", 5, 10)
    power = power_of(registration, [], runs(BASELINE), [60.0, 120.0])
    assert (power.runs, power.seconds) == (15, 15 * 90)
    assert power_of(registration, [], [], []).seconds is None
    # A deterministic trainer runs once, and twice on the baseline to prove it.
    alone = a_registration("accuracy +1", 1, seeded=False)
    assert [power_of(alone, [], runs(BASELINE[:n]), [2.0]).runs for n in (0, 1, 2)] == [3, 2, 1]


def judged_by_examples(sd: float, of_examples: float, rows: int = 400) -> Judgement:
    error = math.sqrt(sd**2 / 5 + of_examples)
    return a_judgement(sd)._replace(standard_error=error, examples=rows)


def test_evidence_by_examples_is_foreseen_from_what_past_experiments_saw() -> None:
    registration = a_registration("accuracy +0.005", 5, by_examples=True)
    past = [(registration, judged_by_examples(sd, 4e-4)) for sd in (0.01, 0.03)]
    past += [(registration, a_judgement(0.5))]  # closed before its examples were weighed
    power = power_of(registration, past, runs(BASELINE), [])
    assert (power.source, power.detectable_at_best) == ("2 past experiments", power.detectable)
    of_seeds = (0.01**2 + 0.03**2) / 2 / 5
    df = (4e-4 + of_seeds) ** 2 / (4e-4**2 / 399 + of_seeds**2 / 4)
    assert power.detectable is not None
    shift = power.detectable / math.sqrt(4e-4 + of_seeds)
    assert stats.nct.sf(stats.t.isf(0.05, df), df, shift) == pytest.approx(0.8, abs=0.01)


def test_before_any_experiment_an_accuracy_tells_what_examples_may_add() -> None:
    registration = a_registration("accuracy +0.005", 5, by_examples=True)
    tested = [run._replace(tested=1000) for run in runs(BASELINE)]
    power = power_of(registration, [], tested, [])
    assert power.detectable is not None
    assert power.detectable_at_best is not None
    # All errors apart: two variances of a share, beside the seeds that share nothing.
    apart = 2 * 0.91 * 0.09 / 1000 + 2 * statistics.variance(BASELINE) / 5
    assert power.detectable > 2 * math.sqrt(apart)
    # Twelve predictions put right and none spoiled, and seeds of which runs share most.
    alike = 12 / 1000**2 + 2 * (1 - 0.8) * statistics.variance(BASELINE) / 5
    assert 2 * math.sqrt(alike) < power.detectable_at_best < power.detectable / 2
    # Without the number of rows, or by another metric, only what the seeds do is known.
    unknown = power_of(registration, [], runs(BASELINE), [])
    assert unknown.detectable is None
    assert unknown.detectable_at_best is not None
    assert unknown.detectable_at_best < power.detectable_at_best
    assert "without what examples add" in unknown.source


def test_one_run_is_foreseen_from_the_runs_that_lend_to_it() -> None:
    single = a_registration("accuracy +0.005", 1, by_examples=True)._replace(
        seeds=(1, 5), borrowed=5, rules=2
    )
    tested = [run._replace(tested=1000) for run in runs(BASELINE)]
    power = power_of(single, [], tested[:4], [60.0])
    assert (power.runs, power.enough, power.enough_at_best) == (2, None, None)
    assert power.detectable is not None
    # What it would be held to: a run that varies twice as much as these.
    assert power.detectable > 2 * statistics.stdev(BASELINE[:4])
    asked = underpowered(single, power)
    assert asked is not None
    assert "repeats find smaller effects" in asked.hint


@pytest.mark.parametrize(
    ("gain", "criterion", "enough"),
    [
        ("0.02", "accuracy +0.005", 9), ("0.018", "accuracy +0.005", 9),
        ("0.017", "accuracy +0.005", 13), ("0.03", "accuracy +0.005", 6),
        ("0.009", "accuracy +0.005", None), ("0.02", "accuracy +0.015", None),
        ("-0.02", "accuracy +0.005", None), ("", "accuracy +0.005", None),
        ("0.02", "accuracy +1%", None),
    ],
)  # fmt: skip
def test_a_large_gain_is_told_the_fewer_repeats_that_would_find_it(
    gain: str, criterion: str, enough: int | None
) -> None:
    registration = a_registration(criterion, 4, 6, 9, 13, 18, 24, level=0.005)._replace(
        extra=(("Gain", gain),) if gain else (),
    )
    power = power_of(registration, [(registration, a_judgement(0.01))], [], [])
    assert power.enough_for_gain == enough


def test_a_range_is_doubted_only_where_the_bar_is_below_all_of_it() -> None:
    registration = a_registration("accuracy +0.01", 5)
    power = power_of(registration, [], runs(BASELINE), [60.0])
    assert power.detectable_at_best is not None
    assert power.detectable is not None
    assert power.detectable_at_best > 0.01
    asked = underpowered(registration, power)
    assert asked is not None
    assert f"{power.enough_at_best} to {power.enough} repeats (" in asked.hint
    assert f"--repeats {power.enough}" in asked.hint
    between = a_registration("accuracy +0.02", 5)
    power = power_of(between, [], runs(BASELINE), [60.0])
    assert power.detectable_at_best is not None
    assert power.detectable is not None
    assert power.detectable_at_best < 0.02 < power.detectable
    assert underpowered(between, power) is None
    # Each further repeat takes two runs of a minute.
    assert power.enough is not None
    minutes = 5 + 2 * (power.enough - 5)
    assert duration(60.0 * minutes) in repeats_needed(between, power)


def test_a_bar_that_the_design_detects_is_not_questioned() -> None:
    registration = a_registration("accuracy +0.02")
    assert underpowered(registration, known(0.019, "the baseline's 5 runs", 18)) is None
    assert underpowered(registration, known(0.02, "the baseline's 5 runs", 20)) is None


def test_a_bar_that_would_be_missed_is_told_how_many_repeats_or_rows_would_find_it() -> None:
    registration = a_registration("accuracy +0.005")
    asked = underpowered(registration, known(0.015, "the baseline's 5 runs", 170))
    assert asked is not None
    assert (asked.id, asked.advice) == ("S2", True)
    assert asked.message == (
        "a gain of just accuracy +0.005 would usually be missed; +0.015 would be found 4 times in 5"
        " (estimated from the baseline's 5 runs)"
    )
    assert "you would need 170 repeats" in asked.hint
    # Errors shrink with the root of the number of rows: three times finer takes nine times as many.
    assert "a test set about 9 times as large" in asked.hint


def test_a_detectable_effect_just_above_the_bar_is_not_rounded_to_the_bar() -> None:
    registration = a_registration("accuracy +0.005")
    asked = underpowered(registration, known(0.00503, "the baseline's 5 runs", 21))
    assert asked is not None
    assert "would often be missed; +0.00503 would be found" in asked.message


def test_where_no_number_of_repeats_would_only_larger_test_sets_do() -> None:
    registration = a_registration("accuracy +0.005", level=0.005, widening=0.25)
    power = power_of(registration, [], runs(BASELINE), [])
    assert power.enough is None
    asked = underpowered(registration, power)
    assert asked is not None
    assert asked.hint.startswith("no number of repeats is enough; you would need a test set about")
    assert power.detectable_at_best is not None
    times = (power.detectable_at_best / 0.005) ** 2
    assert f"about {times:.0f} times as large" in asked.hint


@pytest.mark.parametrize(
    ("criterion", "effect", "words"),
    [
        ("loss -0.005", 0.015, "-0.015"),
        ("speed +1%", math.log(1.03), "+3.0%"),
        ("rmse -1%", -math.log(0.97), "-3.0%"),
    ],
)
def test_the_detectable_effect_is_written_in_the_criterions_own_terms(
    criterion: str, effect: float, words: str
) -> None:
    registration = a_registration(criterion)
    assert detectable(registration.criterion, effect) == words
    asked = underpowered(registration, known(effect, "1 past experiment", 170))
    assert asked is not None
    assert f"{words} would be found" in asked.message


def test_a_bar_of_zero_asks_for_an_effect_worth_having() -> None:
    registration = a_registration("accuracy +0")
    asked = underpowered(registration, power_of(registration, [], runs(BASELINE), []))
    assert asked is not None
    assert asked.hint == "ask for an effect worth having: --expect"


@pytest.mark.parametrize(
    ("criterion", "value"), [("accuracy >= 0.97", "0.985"), ("loss <= 0.2", "0.185")]
)
def test_a_constant_has_no_bar_to_doubt_and_shows_the_value_that_is_detected(
    criterion: str, value: str
) -> None:
    registration = a_registration(criterion)
    assert underpowered(registration, known(0.015, "the baseline's 5 runs", 170)) is None
    assert detectable(registration.criterion, 0.015) == value


def test_three_repeats_are_told_what_they_cannot_confirm() -> None:
    registration = a_registration("accuracy +0.005", 3, level=0.002)
    asked = underpowered(registration, power_of(registration, [], [], []))
    assert asked is not None
    threshold = stats.t.isf(0.002, 2)
    needed = next(k / 10 for k in range(1000) if stats.nct.sf(threshold, 2, k / 10 * 3**0.5) > 0.8)
    told = float(asked.message.partition("only effects of ")[2].split()[0])
    assert told == pytest.approx(needed, rel=0.03)
    assert "3 repeats at level 0.002 detect only" in asked.message
    assert "repeats" in asked.hint


def test_many_repeats_without_a_known_spread_are_told_nothing() -> None:
    registration = a_registration()
    assert underpowered(registration, power_of(registration, [], [], [])) is None


def test_one_or_two_repeats_foresee_nothing_and_are_told_so() -> None:
    for looks in ((1,), (2,), (1, 2)):
        registration = a_registration("accuracy +0.005", *looks)
        power = power_of(registration, [], runs(BASELINE), [])
        assert power.detectable is None
        asked = underpowered(registration, power)
        assert asked is not None
        assert asked.message.startswith("2 repeats cannot" if 2 in looks else "1 repeat cannot")
    alone = a_registration("accuracy +0.005", 1, seeded=False)
    assert underpowered(alone, power_of(alone, [], [], [])) is None


def test_checks_of_the_baseline_are_runs_and_take_as_long() -> None:
    power = Power(20, detectable=0.01, seconds=200.0)
    assert power.beside() == power
    more = power.beside(checks=2)
    assert (more.runs, more.checks, more.seconds) == (22, 2, 220.0)
    again = more.beside(checks=1)
    assert (again.runs, again.checks) == (23, 3)
    assert Power(20).beside(checks=2).seconds is None
    assert Power(20, seconds=20.0).beside(failing=2) == Power(22, seconds=22.0, failing=2)
    assert again.seconds == pytest.approx(230)
