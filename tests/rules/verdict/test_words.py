from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.criterion import Criterion, Guard
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.verdict import Design, GuardOutcome, Judgement, Pair, Verdict
from gitexp.rules.verdict.words import meaning, note, verdict_line

CONFIRMED = Judgement(
    verdict=Verdict.CONFIRMED, reason="", look=1, pairs=5, due=None, effect=0.0123456,
    sd=0.004, standard_error=0.001, p=0.00012345, level=0.00125, lower=0.0021, upper=0.0224,
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
    return CONFIRMED._replace(verdict=verdict, reason=reason, **changes)


def test_a_verdict_is_told_in_one_line_with_its_bounds() -> None:
    assert verdict_line(a_registration(), CONFIRMED) == (
        "CONFIRMED: accuracy +0.012 [+0.002, +0.022], 5 pairs"
    )


def test_where_lower_is_better_the_effect_is_told_as_the_metric_moved() -> None:
    line = verdict_line(a_registration("loss", higher=False), CONFIRMED)
    assert line == "CONFIRMED: loss -0.012 [-0.022, -0.002], 5 pairs"
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
    assert meaning(a_registration(), begun) == "not decided yet: the next look needs 5 pairs"
    looked = CONFIRMED._replace(verdict=None, due=10)
    assert verdict_line(a_registration(), looked).startswith("UNDECIDED: accuracy +0.012 [")
    assert meaning(a_registration(), looked) == "not decided yet: the next look needs 10 pairs"


@pytest.mark.parametrize(("verdict", "reason"), ENDS)
def test_every_reason_has_its_meaning(verdict: Verdict, reason: str) -> None:
    said = meaning(a_registration(), ended(verdict, reason))
    assert len(said) > 15
    assert not {*"{}"} & {*said}
    assert said == said.strip()


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
                    assert meaning(a_registration(), judgement)


@pytest.mark.parametrize(
    ("verdict", "reason", "said"),
    [
        (Verdict.CONFIRMED, "strong", "even the lower bound reaches +0.005"),
        (Verdict.CONFIRMED, "", "a real gain; it may be smaller than +0.005"),
        (Verdict.RULED_OUT, "below the bar", "even the upper bound does not reach +0.005"),
        (Verdict.RULED_OUT, "equal scores",
         "every pair has the same score: +0.005 is ruled out at this level"),
        (Verdict.INCONCLUSIVE, "real, size uncertain",
         "a real gain of uncertain size: its mean misses +0.005; not ruled out"),
        (Verdict.RULED_OUT, "harmful", "the change makes accuracy worse"),
        (
            Verdict.INCONCLUSIVE, "futile",
            "stopped early: unlikely to reach +0.005; not ruled out",
        ),
        (
            Verdict.INCONCLUSIVE, "passes alone but not at its level",
            "promising (p = 0.013), but this campaign needs 0.005",
        ),
        (Verdict.INCONCLUSIVE, "too noisy", "too noisy to tell: it can detect +0.012 or better"),
    ],
)  # fmt: skip
def test_what_a_verdict_means_is_said_in_plain_words(
    verdict: Verdict, reason: str, said: str
) -> None:
    judgement = ended(verdict, reason, p=0.0131, level=0.005, detectable=0.0123)
    assert meaning(a_registration(), judgement) == said


def test_guards_are_named_where_they_decide() -> None:
    outcomes = [GuardOutcome(Guard.parse(text), holds) for text, holds in (
        ("ms +5", True), ("mb +1", False), ("recall -0.01", None), ("f1 -0.02", None),
    )]  # fmt: skip
    broken = ended(Verdict.RULED_OUT, "guard broken", guards=tuple(outcomes))
    assert meaning(a_registration(), broken) == "it breaks a guard: mb +1"
    unsure = ended(Verdict.INCONCLUSIVE, "guard not shown", guards=(outcomes[0], *outcomes[2:]))
    assert meaning(a_registration(), unsure) == (
        "a real gain, but the runs do not show that recall -0.01 and f1 -0.02 holds"
    )


def test_what_is_not_known_is_not_told() -> None:
    unknown = ended(Verdict.INCONCLUSIVE, "too noisy", detectable=None)
    assert meaning(a_registration(), unknown) == "too noisy to tell"
    lone = a_registration()._replace(seeded=False)
    assert meaning(lone, ended(Verdict.INCONCLUSIVE, "unreplicated")) == (
        "one run cannot tell an effect from chance; per-example predictions could"
    )


def test_where_lower_is_better_the_bounds_change_places() -> None:
    loss = a_registration("loss", higher=False)
    assert meaning(loss, ended(Verdict.CONFIRMED, "strong")).startswith("even the upper bound")
    real = meaning(loss, ended(Verdict.CONFIRMED, ""))
    assert real == "a real gain; it may be smaller than 0.005"


def test_too_noisy_without_a_detectable_effect_claims_none() -> None:
    unknown = ended(Verdict.INCONCLUSIVE, "too noisy", detectable=None)
    assert meaning(a_registration(), unknown) == "too noisy to tell"


def test_one_run_without_examples_is_told_what_would_help() -> None:
    alone = a_registration()._replace(seeded=False, repeats=(1,), seeds=(1, 1))
    assert "per-example" in meaning(alone, ended(Verdict.INCONCLUSIVE, "unreplicated"))


def test_percentages_and_constants_are_told_as_the_criterion_counts() -> None:
    percent = a_registration()._replace(criterion=Criterion.parse("rmse -2%"))
    halved = ended(Verdict.CONFIRMED, "", effect=0.03, lower=0.01, upper=0.05)
    assert verdict_line(percent, halved) == "CONFIRMED: rmse -3.0% [-4.9%, -1.0%], 5 pairs"
    constant = a_registration()._replace(criterion=Criterion.parse("accuracy >= 0.97"))
    assert verdict_line(constant, CONFIRMED) == (
        "CONFIRMED: accuracy 0.982 [0.972, 0.992], 5 pairs"
    )
    reached = meaning(constant, ended(Verdict.CONFIRMED, "strong"))
    assert reached == "even the lower bound reaches 0.97"


def test_a_reason_of_ones_own_is_told_as_it_is() -> None:
    judgement = ended(Verdict.EXPLORATORY, "not gated: both values belong together")
    assert meaning(a_registration(), judgement) == judgement.reason
    braces = judgement._replace(reason="not gated: {0} and {metric}")
    assert meaning(a_registration(), braces) == braces.reason


def test_a_note_is_read_without_gitexp() -> None:
    assert note(a_registration(), CONFIRMED) == (
        "CONFIRMED: accuracy +0.012 [+0.002, +0.022], 5 pairs\n"
        "mean 0.912 -> 0.925; success: accuracy +0.005; p = 0.0001 (limit 0.00125)\n"
        "a real gain; it may be smaller than +0.005\n"
    )
    assert note(a_registration(), ended(Verdict.RULED_OUT, "harmful", p=None)) == (
        "RULED OUT: accuracy +0.012 [+0.002, +0.022], 5 pairs\nthe change makes accuracy worse\n"
    )


def test_a_confirmation_says_how_often_training_may_diverge_for_all_that_it_knows() -> None:
    said = "0 of 5 candidate runs diverged; the true rate may be up to 45 %"
    by_rules_2 = a_registration()._replace(rules=2, seeds=(725_918, 725_937))
    assert note(by_rules_2, CONFIRMED).splitlines()[-1] == said
    without = (
        (a_registration(), CONFIRMED), (by_rules_2._replace(seeded=False), CONFIRMED),
        (by_rules_2, ended(Verdict.RULED_OUT, "below the bar")),
        (by_rules_2, CONFIRMED._replace(failed=1)),
    )  # fmt: skip
    assert not any("diverged" in note(*one) for one in without)


@pytest.mark.parametrize(("verdict", "reason"), ENDS)
def test_a_note_fits_a_terminal_and_has_two_to_six_lines(verdict: Verdict, reason: str) -> None:
    for metric in ("accuracy", "validation/mean_average_precision@50"):
        for higher in (True, False):
            judgement = ended(verdict, reason, effect=-1.23456e-05, lower=-2.34567e-05)
            registration = a_registration(metric, higher=higher)._replace(
                rules=2, seeds=(725_918, 725_937)
            )
            text = note(registration, judgement)
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


def test_a_p_value_is_told_once() -> None:
    for verdict, reason in ENDS:
        judgement = ended(verdict, reason, p=0.0131, level=0.005)
        assert (
            note(a_registration(), judgement).count("0.013 ")
            + note(a_registration(), judgement).count("0.013)")
            == 1
        )


@settings(deadline=None, max_examples=200)
@given(
    st.floats(-0.05, 0.05), st.floats(1e-5, 0.03), st.sampled_from((0.0, 0.005, 0.02)),
    st.sampled_from((5, 10)), st.booleans(),
)  # fmt: skip
def test_printed_figures_never_contradict_the_verdict(
    effect: float, sd: float, bar: float, count: int, higher: bool
) -> None:
    registration = a_registration(higher=higher)._replace(
        criterion=Criterion("accuracy", bar, higher)
    )
    sign = 1 if higher else -1
    design = Design(registration.criterion, looks=(count,), level=0.05, widening=0.0)
    pairs = [
        Pair(seed, 0.5, 0.5 + sign * (effect + sd * math.sin(7 * seed))) for seed in range(count)
    ]
    judgement = judge(design, pairs)
    printed = re.match(r".*accuracy (\S+) \[(\S+), (\S+)\]", verdict_line(registration, judgement))
    if printed is None:
        return
    mean, low, high = (sign * float(text) for text in printed.groups())
    lower, upper = sorted((low, high))
    near = 1e-11  # on the bar but for rounding
    match judgement.reason:
        case "strong":
            assert lower >= bar - near
        case "":
            assert lower < bar + near
            assert mean >= bar - near
        case "below the bar":
            assert upper < bar + near
        case "harmful":
            assert upper <= near
        case "real but below the bar":
            assert lower >= 0
            assert mean < bar + near
