from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.documents.change import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Design, Judgement, Pair, Verdict, judge
from gitexp.rules.verdict.words import is_decided, meaning, note, number, succeeded, verdict_line

CONFIRMED = Judgement(
    verdict=Verdict.CONFIRMED, reason="", look=1, pairs=5, due=None, effect=0.0123456,
    spread=0.004, standard_error=0.001, p=0.00012345, level=0.00125, lower=0.0021, upper=0.0224,
    detectable=0.005, baseline_mean=0.91234, candidate_mean=0.92468,
)  # fmt: skip

REASONS = {
    Verdict.CONFIRMED: ("strong", ""),
    Verdict.RULED_OUT: ("identical output", "below the bar", "harmful"),
    Verdict.INCONCLUSIVE: (
        "zero variance", "unreplicated", "repeats failed", "futile", "real but below the bar",
        "passes alone but not at its level", "too noisy",
    ),
}  # fmt: skip
ENDS = [(verdict, reason) for verdict, reasons in REASONS.items() for reason in reasons]


def a_registration(metric: str = "accuracy", *, higher: bool = True) -> Registration:
    return Registration(
        hypothesis="C raises accuracy because it is too low",
        name="brave-otter",
        change=parse_change("config.toml: C = 1 -> 2"),
        criterion=Criterion(metric, 0.005, higher_is_better=higher),
        repeats=(5, 10),
        seeds=(1, 10),
        widening=0.0,
        campaign=1,
        level=0.005,
    )


def ended(verdict: Verdict, reason: str, **changes: Any) -> Judgement:  # noqa: ANN401 - any field
    return replace(CONFIRMED, verdict=verdict, reason=reason, **changes)


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (None, "?", "?"), (0.0, "0", "+0"), (-0.0, "0", "+0"), (0.123456, "0.1235", "+0.1235"),
        (-0.5, "-0.5", "-0.5"), (123456.0, "1.235e+05", "+1.235e+05"), (1e-9, "1e-09", "+1e-09"),
        (12.0, "12", "+12"), (math.inf, "inf", "+inf"), (math.nan, "nan", "+nan"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits_and_no_sign_before_zero(
    value: float | None, plain: str, signed: str
) -> None:
    assert number(value) == plain
    assert number(value, sign=True) == signed


def test_a_verdict_is_told_in_one_line_with_its_bounds() -> None:
    assert verdict_line(a_registration(), CONFIRMED) == (
        "CONFIRMED: accuracy +0.01235 [+0.0021 to +0.0224], 5 pairs"
    )


def test_where_lower_is_better_the_effect_is_told_as_the_metric_moved() -> None:
    line = verdict_line(a_registration("loss", higher=False), CONFIRMED)
    assert line == "CONFIRMED: loss -0.01235 [-0.0224 to -0.0021], 5 pairs"
    zero = ended(Verdict.RULED_OUT, "identical output", effect=0.0, lower=None, upper=None, pairs=1)
    line = verdict_line(a_registration("loss", higher=False), zero)
    assert line == "RULED OUT: loss +0, 1 pair"


def test_without_an_effect_the_reason_stands_in_the_line() -> None:
    failed = Judgement(Verdict.INCONCLUSIVE, "repeats failed", 0, 2, None)
    assert verdict_line(a_registration(), failed) == "INCONCLUSIVE: repeats failed, 2 pairs"


def test_an_open_experiment_says_what_it_waits_for_and_nothing_else() -> None:
    begun = judge(
        Design(Criterion("accuracy", 0.005, True), looks=(5, 10), level=0.05, widening=0), []
    )
    assert verdict_line(a_registration(), begun) == "UNDECIDED: 0 pairs"
    assert meaning(begun) == "open: the next look needs 5 pairs"
    looked = replace(CONFIRMED, verdict=None, due=10)
    assert verdict_line(a_registration(), looked).startswith("UNDECIDED: accuracy +0.01235")
    assert meaning(looked) == "open: the next look needs 10 pairs"


@pytest.mark.parametrize(("verdict", "reason"), ENDS)
def test_every_reason_has_its_meaning(verdict: Verdict, reason: str) -> None:
    said = meaning(ended(verdict, reason))
    assert said.startswith(f"{reason}: " if reason else "the mean reaches the bar")
    assert len(said) > len(reason) + 10


def test_reasons_that_judging_gives_are_all_explained() -> None:
    design = Design(Criterion("accuracy", 0.005, True), looks=(3, 6), level=0.05, widening=0.25)
    known = {reason for _, reason in ENDS}
    for effect in (-0.1, -0.001, 0.0, 0.001, 0.004, 0.02, 0.5):
        for spread in (0.0, 1e-4, 0.01, 1.0):
            for failed in ((), (1,)):
                for count in (1, 3, 6):
                    pairs = [
                        Pair(seed, 0.5, 0.5 + effect + spread * math.sin(seed))
                        for seed in range(count)
                    ]
                    judgement = judge(design, pairs, failed)
                    assert judgement.reason in known
                    assert meaning(judgement)


def test_too_noisy_names_what_could_have_been_seen() -> None:
    assert meaning(ended(Verdict.INCONCLUSIVE, "too noisy")).endswith("could have seen is 0.005")
    unknown = ended(Verdict.INCONCLUSIVE, "too noisy", detectable=None)
    assert meaning(unknown) == "too noisy: this design cannot tell"


def test_a_reason_of_ones_own_is_told_as_it_is() -> None:
    judgement = ended(Verdict.EXPLORATORY, "not gated: both values belong together")
    assert meaning(judgement) == "not gated: both values belong together"


def test_a_note_is_read_without_gitexp() -> None:
    assert note(a_registration(), CONFIRMED) == (
        "CONFIRMED: accuracy +0.01235 [+0.0021 to +0.0224], 5 pairs\n"
        "mean 0.9123 -> 0.9247, bar accuracy +0.005, p 0.000123 against 0.00125\n"
        "the mean reaches the bar; the gain itself is beyond chance, its size is not\n"
    )
    assert note(a_registration(), ended(Verdict.RULED_OUT, "harmful", p=None)) == (
        "RULED OUT: accuracy +0.01235 [+0.0021 to +0.0224], 5 pairs\n"
        "harmful: the change makes it worse\n"
    )


@pytest.mark.parametrize(("verdict", "reason"), ENDS)
def test_a_note_fits_a_terminal_and_has_two_to_six_lines(verdict: Verdict, reason: str) -> None:
    for metric in ("accuracy", "validation/mean_average_precision@50"):
        for higher in (True, False):
            judgement = ended(verdict, reason, effect=-1.23456e-05, lower=-2.34567e-05)
            text = note(a_registration(metric, higher=higher), judgement)
            assert text.endswith("\n")
            lines = text.splitlines()
            assert 2 <= len(lines) <= 6
            # git log indents notes by four.
            assert max(map(len, lines)) <= 76
            assert all(line == line.strip() != "" for line in lines)


_numbers = st.none() | st.floats(-1e6, 1e6)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(ENDS), st.tuples(*[_numbers] * 6), st.integers(0, 100_000), st.booleans())
def test_any_judgement_has_a_note(
    end: tuple[Verdict, str], figures: tuple[float | None, ...], pairs: int, higher: bool
) -> None:
    effect, p, level, lower, upper, detectable = figures
    judgement = ended(
        *end, effect=effect, p=p, level=level, lower=lower, upper=upper, detectable=detectable,
        pairs=pairs,
    )  # fmt: skip
    text = note(a_registration(higher=higher), judgement)
    assert text.startswith(f"{end[0]}: ")
    assert max(map(len, text.splitlines())) <= 76


def test_only_a_confirmed_hypothesis_has_succeeded() -> None:
    for verdict in Verdict:
        assert is_decided(ended(verdict, ""))
        assert succeeded(ended(verdict, "")) == (verdict is Verdict.CONFIRMED)
    assert not is_decided(replace(CONFIRMED, verdict=None))
    assert not succeeded(replace(CONFIRMED, verdict=None))
