"""Notes in the words of another version are told from notes that somebody changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.criterion import Criterion, Guard
from gitexp.rules.verdict.reading import says_the_same
from gitexp.rules.verdict.verdict import GuardOutcome, Judgement, Verdict
from gitexp.rules.verdict.words import note

JUDGEMENT = Judgement(
    verdict=Verdict.CONFIRMED, reason="strong", look=1, pairs=10, due=None, effect=0.0196296,
    sd=0.0057, standard_error=0.0041, p=0.000183, level=0.005, lower=0.0080934, upper=0.0261386,
    detectable=0.0157, baseline_mean=0.97, candidate_mean=0.9896296,
)  # fmt: skip
# As 0.1.0 wrote it.
OLD = (
    "CONFIRMED: accuracy +0.01963 [+0.008093 to +0.02614], 10 pairs\n"
    "mean 0.97 -> 0.9896, bar accuracy +0.005, p 0.000183 against 0.005\n"
    "strong: even the lower bound reaches the bar"
)


def a_registration(criterion: str = "accuracy +0.005", *guards: str) -> Registration:
    return Registration(
        hypothesis="C raises accuracy because it is too low",
        name="brave-otter",
        change=parse_change("config.toml: C = 1 -> 2"),
        criterion=Criterion.parse(criterion),
        repeats=(10,),
        seeds=(1, 10),
        widening=0.43,
        campaign=1,
        level=0.005,
        guards=tuple(map(Guard.parse, guards)),
    )


def test_a_note_of_an_earlier_version_says_the_same() -> None:
    assert says_the_same(OLD, a_registration(), JUDGEMENT)
    assert says_the_same(note(a_registration(), JUDGEMENT), a_registration(), JUDGEMENT)


# Notes of 0.1.0 by criterion and guards, and the judgement that they were written from.
OLDER = [
    (
        ("accuracy +0.005",),
        Judgement(
            Verdict.RULED_OUT, "identical output", 1, 10, None, effect=0.0, sd=0.0, level=0.005,
            baseline_mean=0.97, candidate_mean=0.97,
        ),
        ("RULED OUT: accuracy +0, 10 pairs\n"
         "identical output: every run gave the baseline's number: is the change read?"),
    ),
    (
        ("rmse -2%",),
        JUDGEMENT._replace(verdict=Verdict.INCONCLUSIVE, reason="too noisy"),
        ("INCONCLUSIVE: rmse -1.944% [-2.58% to -0.8061%], 10 pairs\n"
         "mean 0.97 -> 0.9896, bar rmse -2%, p 0.000183 against 0.005\n"
         "too noisy: this design cannot tell: the smallest effect it could have seen is 0.0157"),
    ),
    (
        ("accuracy >= 0.97",),
        JUDGEMENT,
        ("CONFIRMED: accuracy 0.9896 [0.9781 to 0.9961], 10 pairs\n"
         "mean 0.97 -> 0.9896, bar accuracy >= 0.97, p 0.000183 against 0.005\n"
         "strong: even the lower bound reaches the bar"),
    ),
    (
        ("loss -0.005", "latency_ms +5%"),
        JUDGEMENT._replace(
            verdict=Verdict.INCONCLUSIVE, reason="passes alone but not at its level",
            p=0.0131, examples=1797,
            guards=(GuardOutcome(Guard.parse("latency_ms +5%"), True, 0.01, -0.0123),),
        ),
        ("INCONCLUSIVE: loss -0.01963 [-0.02614 to -0.008093], 10 pairs, 1797 examples\n"
         "mean 0.97 -> 0.9896, bar loss -0.005, p 0.0131 against 0.005\n"
         "guard latency_ms +5%: holds, at worst +1.238%\n"
         "passes alone but not at its level: one such result in twenty comes by chance;\n"
         "the campaign allows fewer"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("registered", "judgement", "text"), OLDER)
def test_notes_of_an_earlier_version_say_the_same_of_any_criterion(
    registered: tuple[str, ...], judgement: Judgement, text: str
) -> None:
    assert says_the_same(text, a_registration(*registered), judgement)
    wrong = text.replace(f"{judgement.pairs} pairs", "11 pairs")
    assert not says_the_same(wrong, a_registration(*registered), judgement)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CONFIRMED", "RULED OUT"),
        ("CONFIRMED", "INCONCLUSIVE"),
        ("+0.01963", "+0.02963"),
        ("+0.01963", "-0.01963"),
        ("+0.01963", "+0.0199"),
        ("+0.01963", "+0"),  # rounded until it says nothing
        ("+0.008093", "+0.02614"),
        ("+0.008093 to +0.02614", "+0.02614 to +0.008093"),
        ("accuracy +0.01963", "+0.9 accuracy +0.01963"),
        ("10 pairs", "12 pairs"),
        ("10 pairs", "10 pairs, 1000 examples"),
        ("0.97 ->", "0.96 ->"),
        ("0.9896", "0.9996"),
        ("0.9896", "1"),
        ("p 0.000183", "p 0.00183"),
        ("against 0.005", "against 0.05"),
        ("reaches the bar", "reaches the bar 7 times"),
        ("strong:", "strong, and better than RULED OUT:"),
        ("\nstrong: even the lower bound reaches the bar", ""),
        (" [+0.008093 to +0.02614]", ""),
    ],
)
def test_a_changed_verdict_or_figure_is_told(old: str, new: str) -> None:
    assert old in OLD
    assert not says_the_same(OLD.replace(old, new), a_registration(), JUDGEMENT)


def test_a_figure_that_today_does_not_tell_is_held_to_two_digits() -> None:
    (registered, judgement, text), rounded = OLDER[1], "0.016"
    registration = a_registration(*registered)
    assert says_the_same(text.replace("0.0157", rounded), registration, judgement)
    for wrong in ("0.02", "0.0167"):
        assert not says_the_same(text.replace("0.0157", wrong), registration, judgement)


def test_an_old_figure_may_have_fewer_digits_than_are_printed_today() -> None:
    narrow = JUDGEMENT._replace(
        effect=0.00810031, lower=0.00810012, upper=0.0081005, candidate_mean=0.9781003
    )
    text = OLD.replace("+0.01963", "+0.0081").replace("+0.008093 to +0.02614", "+0.0081 to +0.0081")
    text = text.replace("0.9896", "0.9781")
    assert says_the_same(text, a_registration(), narrow)
    wrong = text.replace("accuracy +0.0081", "accuracy +0.0082", 1)
    assert not says_the_same(wrong, a_registration(), narrow)


def test_words_alone_may_be_others() -> None:
    assert says_the_same(
        OLD.replace("strong: even the lower bound reaches the bar", "well beyond what was asked"),
        a_registration(),
        JUDGEMENT,
    )


def test_names_with_digits_and_hyphens_are_no_figures() -> None:
    registration = a_registration("val-top5/mean_average_precision@50-at-12-classes +0.005")
    judgement = JUDGEMENT._replace(examples=1797)
    text = note(registration, judgement)
    assert says_the_same(text, registration, judgement)
    metric = registration.criterion.metric
    old = (
        f"CONFIRMED: {metric}\n+0.01963 [+0.008093 to +0.02614], 10 pairs, 1797 examples\n"
        f"mean 0.97 -> 0.9896, bar {metric}\n+0.005, p 0.000183 against 0.005\n"
        "strong: even the lower bound reaches the bar"
    )
    assert says_the_same(old, registration, judgement)
    broken = old.replace("-at-12", "-at-\n12")
    assert says_the_same(broken, registration, judgement)
    assert not says_the_same(old.replace("1797", "1897"), registration, judgement)


@pytest.mark.parametrize("criterion", ["rmse -2%", "accuracy >= 0.97", "loss -0.005"])
def test_other_scales_and_guards_are_read(criterion: str) -> None:
    registration = a_registration(criterion, "latency_ms +5%", "recall -0.01")
    guards = (
        GuardOutcome(registration.guards[0], True, 0.01, -0.0123),
        GuardOutcome(registration.guards[1], None),
    )
    judgement = JUDGEMENT._replace(guards=guards)
    text = note(registration, judgement)
    assert says_the_same(text, registration, judgement)
    forged = text.replace("at worst +1.2%", "at worst +0.2%")
    assert forged != text
    assert not says_the_same(forged, registration, judgement)


figures = st.floats(1e-4, 10).map(lambda value: float(f"{value:.8g}"))


@given(
    figures, figures, figures, st.floats(1e-6, 1), st.integers(3, 500),
    st.sampled_from(list(Verdict)[:3]), st.sampled_from(("too noisy", "strong", "futile")),
)  # fmt: skip
def test_whatever_is_written_today_says_the_same(
    effect: float, below: float, above: float, p: float, pairs: int, verdict: Verdict, reason: str
) -> None:
    judgement = JUDGEMENT._replace(
        verdict=verdict, reason=reason, effect=effect, lower=effect - below,
        upper=effect + above, p=p, pairs=pairs, baseline_mean=0.5, candidate_mean=0.5 + effect,
        detectable=below,
    )  # fmt: skip
    for criterion in ("accuracy +0.005", "rmse -2%", "accuracy >= 0.97"):
        registration = a_registration(criterion)
        text = note(registration, judgement)
        assert says_the_same(text, registration, judgement)
        forged = text.replace(f", {pairs} pairs", f", {pairs + 1} pairs")
        assert not says_the_same(forged, registration, judgement)
