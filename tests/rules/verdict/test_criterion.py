from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import UsageError
from gitexp.rules.verdict.criterion import Criterion, Guard, Scale, number_written, parse_guards

DIFFERENCE, PERCENT, CONSTANT = Scale.DIFFERENCE, Scale.PERCENT, Scale.CONSTANT

# As people type it, what it means, and how a registration writes it.
READ = [
    ("accuracy +0.005", Criterion("accuracy", 0.005, True), "accuracy +0.005"),
    ("  accuracy   +  .5 ", Criterion("accuracy", 0.5, True), "accuracy +0.5"),
    ("loss -1e-3", Criterion("loss", 0.001, False), "loss -0.001"),
    ("loss −0.1", Criterion("loss", 0.1, False), "loss -0.1"),
    ("val/top-1 +5.", Criterion("val/top-1", 5, True), "val/top-1 +5"),
    ("accuracy +0", Criterion("accuracy", 0, True), "accuracy +0"),
    ("elo +1e20", Criterion("elo", 1e20, True), "elo +1e+20"),
    ("m +0.1234567", Criterion("m", 0.1234567, True), "m +0.1234567"),
    ("rmse -2%", Criterion("rmse", 2, False, PERCENT), "rmse -2%"),
    ("speed +150 %", Criterion("speed", 150, True, PERCENT), "speed +150%"),
    ("accuracy >= 0.97", Criterion("accuracy", 0.97, True, CONSTANT), "accuracy >= 0.97"),
    ("accuracy≥.97", Criterion("accuracy", 0.97, True, CONSTANT), "accuracy >= 0.97"),
    ("loss<=-1.5", Criterion("loss", -1.5, False, CONSTANT), "loss <= -1.5"),
    ("loss ≤ −3", Criterion("loss", -3, False, CONSTANT), "loss <= -3"),
    ("score >= +2e1", Criterion("score", 20, True, CONSTANT), "score >= 20"),
]  # fmt: skip

REFUSED = [
    "", "accuracy", "+0.005", "accuracy 0.005", "accuracy+0.005", "accuracy +", "accuracy ++1",
    "accuracy +-1", "accuracy +1 2", "accuracy +1%%", "accuracy +nan", "accuracy +inf",
    "accuracy +1e999", "accuracy +0x1", "accuracy > 0.9", "accuracy = 0.9", "accuracy >= ",
    "accuracy >= 97%", "accuracy >= 1e999", "two words +1", "a,b +1", "a:b +1", "loss -100%",
    "loss -250%", "accuracy +0.1\naccuracy +0.2", "acc\x07 +0.1", "accuracy +0.1, loss -1",
]  # fmt: skip


@pytest.mark.parametrize(("text", "criterion", "written"), READ)
def test_a_criterion_is_read_as_typed_and_written_in_one_way(
    text: str, criterion: Criterion, written: str
) -> None:
    assert Criterion.parse(text) == criterion
    assert str(criterion) == written
    assert Guard.parse(text) == Guard(criterion)
    assert str(Guard(criterion)) == written


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_criterion_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="is not a criterion") as refused:
        Criterion.parse(text)
    assert '"accuracy +0.005"' in refused.value.hint
    with pytest.raises(UsageError, match="is not a guard") as refused:
        Guard.parse(text)
    assert '"latency_ms +5%"' in refused.value.hint


@pytest.mark.parametrize(
    ("amount", "higher_is_better", "scale"),
    [
        (-0.1, True, DIFFERENCE),
        (math.nan, True, DIFFERENCE),
        (math.inf, True, DIFFERENCE),
        (-1, True, PERCENT),
        (100, False, PERCENT),
        (math.inf, True, PERCENT),
        (math.nan, True, CONSTANT),
        (math.inf, True, CONSTANT),
        (-math.inf, False, CONSTANT),
    ],
)
def test_an_amount_out_of_range_makes_no_criterion(
    amount: float, higher_is_better: bool, scale: Scale
) -> None:
    with pytest.raises(ValueError, match="bar"):
        Criterion("score", amount, higher_is_better, scale)


# Bars by hand: what must be reached on the scale on which differences are taken.
@pytest.mark.parametrize(
    ("text", "bar", "baseline", "candidate", "difference"),
    [
        ("accuracy +0.25", 0.25, 0.5, 0.875, 0.375),
        ("loss -0.25", 0.25, 0.5, 0.125, 0.375),
        ("speed +100%", math.log(2), 3, 6, math.log(2)),
        ("rmse -50%", math.log(2), 6, 3, math.log(2)),
        ("rmse -2%", -math.log(0.98), 1, 0.98, -math.log(0.98)),
        ("speed +2%", math.log(1.02), 1, 1.02, math.log(1.02)),
        ("accuracy >= 0.75", 0, 0.1, 0.875, 0.125),
        ("loss <= 0.75", 0, 9.0, 0.875, -0.125),
    ],
)
def test_bars_and_differences_are_on_the_criterions_own_scale(
    text: str, bar: float, baseline: float, candidate: float, difference: float
) -> None:
    criterion = Criterion.parse(text)
    assert criterion.bar == pytest.approx(bar, rel=1e-14)
    assert criterion.difference(baseline, candidate) == pytest.approx(difference, rel=1e-14)


def test_tiny_percentages_keep_their_digits() -> None:
    # ln(1.0000000001) by 1 + x would keep six of them.
    assert Criterion("rmse", 1e-8, False, PERCENT).bar == pytest.approx(1e-10, rel=1e-9)
    assert Criterion("speed", 1e-8, True, PERCENT).bar == pytest.approx(1e-10, rel=1e-9)


@pytest.mark.parametrize("scores", [(0, 1), (1, 0), (-1, 2), (2, -1), (-1, -2)])
def test_scores_at_or_under_zero_have_no_percentage(scores: tuple[float, float]) -> None:
    for limit in ("speed +2%", "rmse -2%"):
        with pytest.raises(ValueError, match="no ratio"):
            Criterion.parse(limit).difference(*scores)
        with pytest.raises(ValueError, match="no ratio"):
            Guard.parse(limit).difference(*scores)


# The sign of a guard says which way is worse: what counts as better, and how much worse may be.
@pytest.mark.parametrize(
    ("text", "margin", "better", "worse_by_the_margin"),
    [
        ("latency_ms +5", 5, (100, 99), (100, 105)),
        ("recall -0.25", 0.25, (0.5, 0.75), (0.5, 0.25)),
        ("latency_ms +100%", math.log(2), (100, 50), (100, 200)),
        ("recall -50%", math.log(2), (0.25, 0.5), (0.5, 0.25)),
        ("latency_ms <= 100", 0, (200, 99), (50, 100)),
        ("recall >= 0.5", 0, (0.1, 0.75), (0.9, 0.5)),
    ],
)
def test_a_guards_margin_lies_on_the_side_that_gets_worse(
    text: str,
    margin: float,
    better: tuple[float, float],
    worse_by_the_margin: tuple[float, float],
) -> None:
    guard = Guard.parse(text)
    assert guard.margin == pytest.approx(margin, rel=1e-14)
    assert guard.difference(*better) > 0
    assert guard.difference(*worse_by_the_margin) == pytest.approx(-margin, abs=1e-14)


def test_guards_are_a_list_of_which_each_has_its_metric() -> None:
    assert parse_guards("") == parse_guards(" , ") == ()
    two = parse_guards("latency_ms +5%, recall -0.01,")
    assert [str(guard) for guard in two] == ["latency_ms +5%", "recall -0.01"]
    assert [guard.metric for guard in two] == ["latency_ms", "recall"]
    with pytest.raises(UsageError, match="recall is guarded twice"):
        parse_guards("recall -0.01, latency_ms +5%, recall >= 0.5")
    with pytest.raises(UsageError, match="'latency_ms' is not a guard"):
        parse_guards("recall -0.01, latency_ms")


amounts = st.floats(0, 1e300)
scales = st.sampled_from(Scale)
metrics = st.text("abcXYZ059_-./@", min_size=1)


@st.composite
def _criteria(draw: st.DrawFn) -> Criterion:
    scale, higher = draw(scales), draw(st.booleans())
    amount = draw(amounts)
    if scale is CONSTANT:
        amount *= draw(st.sampled_from((1, -1)))
    elif scale is PERCENT and not higher:
        amount = draw(st.floats(0, 100, exclude_max=True))
    return Criterion(draw(metrics), amount, higher, scale)


@given(_criteria())
def test_what_is_written_reads_back_the_same(criterion: Criterion) -> None:
    assert Criterion.parse(str(criterion)) == criterion


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_with_every_digit_that_it_has(value: float) -> None:
    assert float(number_written(value)) == value


positive = st.floats(1e-6, 1e6)


@given(_criteria(), positive, positive, positive)
def test_a_better_candidate_never_counts_as_less(
    criterion: Criterion, baseline: float, one: float, other: float
) -> None:
    worse, better = sorted((one, other), reverse=not criterion.higher_is_better)
    difference = criterion.difference
    assert difference(baseline, worse) <= difference(baseline, better)
    guard = Guard(criterion)
    gain = guard.difference(baseline, better) - guard.difference(baseline, worse)
    # A limit on a change is written in the direction that gets worse, a constant in that of better.
    assert gain >= 0 if criterion.scale is CONSTANT else gain <= 0


@given(st.booleans(), positive, positive, st.floats(1e-3, 1e3))
def test_percentages_do_not_depend_on_the_unit(
    higher: bool, baseline: float, candidate: float, unit: float
) -> None:
    criterion = Criterion("latency_ms", 2, higher, PERCENT)
    in_other = criterion.difference(baseline * unit, candidate * unit)
    assert in_other == pytest.approx(criterion.difference(baseline, candidate), abs=1e-12)


@given(_criteria(), positive, positive)
def test_exchanging_the_arms_turns_the_sign(criterion: Criterion, one: float, other: float) -> None:
    if criterion.scale is not CONSTANT:
        assert criterion.difference(one, other) == -criterion.difference(other, one)
