from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitexp.rules.verdict.figures import (
    decimals_of,
    fixed,
    interval,
    number,
    p_value,
    rough,
    rounded_like,
    within,
)

INF = math.inf


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (None, "?", "?"), (0.0, "0", "+0"), (-0.0, "0", "+0"), (0.123456, "0.1235", "+0.1235"),
        (-0.5, "-0.5", "-0.5"), (123456.0, "123456", "+123456"), (1e-9, "1e-09", "+1e-09"),
        (12.0, "12", "+12"), (INF, "inf", "+inf"), (math.nan, "nan", "+nan"), (7, "7", "+7"),
        (0.9699999, "0.97", "+0.97"), (1.5e12, "1.5e+12", "+1.5e+12"),
        (999999999.0, "999999999", "+999999999"), (1e9, "1e+09", "+1e+09"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits_and_no_sign_before_zero(
    value: float | None, plain: str, signed: str
) -> None:
    assert number(value) == plain
    assert number(value, sign=True) == signed


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.0196296, 0.0080934, 0.0261386, "+0.020 [+0.008, +0.026]"),
        (-0.0196296, -0.0261386, -0.0080934, "-0.020 [-0.026, -0.008]"),
        (0.5, -1.0, 2.0, "+0.5 [-1.0, +2.0]"),
        (12, 11, 13, "+12.0 [+11.0, +13.0]"),
        (12345.6, 12000.0, 12800.0, "+12346 [+12000, +12800]"),
        (1.23e-8, 0.8e-8, 2e-8, "+1.2e-08 [+8e-09, +2.0e-08]"),
        (1.5e12, 1.4e12, 1.6e12, "+1.50e+12 [+1.40e+12, +1.60e+12]"),
        (0.5, -INF, 0.6, "+0.50 [-inf, +0.60]"),  # one-sided: twice the half that there is
        (0.5, -INF, INF, "+0.5 [-inf, +inf]"),
        (0.0123456, 0.0123456, 0.0123456, "+0.01235 [+0.01235, +0.01235]"),  # no width tells
        (0.0, 0.0, 0.0, "+0 [+0, +0]"),
        (0.0123456, None, None, "+0.01235"),
        (0.0123456, 0.01, None, "+0.01235"),
    ],
)  # fmt: skip
def test_an_effect_and_its_bounds_share_the_decimals_that_the_width_supports(
    value: float, low: float | None, high: float | None, text: str
) -> None:
    assert interval(value, low, high, sign=True) == text


@pytest.mark.parametrize(
    ("figures", "bar", "text"),
    [
        ((0.0196, 0.00496, 0.0261), 0.005, "+0.01960 [+0.00496, +0.02610]"),
        ((0.00496, -0.001, 0.011), 0.005, "+0.00496 [-0.00100, +0.01100]"),
        ((0.0196, 0.0003, 0.0261), 0.005, "+0.0196 [+0.0003, +0.0261]"),  # above 0 for sure
        ((0.0196, 0.005, 0.0261), 0.005, "+0.020 [+0.005, +0.026]"),  # on the bar
        ((0.0196, 0.005 + 1e-17, 0.0261), 0.005, "+0.020 [+0.005, +0.026]"),
        ((0.0196, 1e-13, 0.0261), 0.005, "+0.020 [+0.000, +0.026]"),  # on 0 but for rounding
    ],
)
def test_one_more_digit_is_shown_where_rounding_would_contradict_the_verdict(
    figures: tuple[float, float, float], bar: float, text: str
) -> None:
    assert interval(*figures, sign=True, bar=bar) == text


def test_a_percentage_has_its_unit_everywhere() -> None:
    found = interval(-2.13, -3.42, -0.84, sign=True, unit="%", bar=-2.0)
    assert found == "-2.1% [-3.4%, -0.8%]"


@pytest.mark.parametrize(
    ("p", "limit", "text"),
    [
        (0.000183, 0.005, "p = 0.0002 (limit 0.005)"),
        (0.0131, 0.005, "p = 0.013 (limit 0.005)"),
        (0.00496, 0.005, "p = 0.00496 (limit 0.005)"),
        (0.005, 0.005, "p = 0.0050 (limit 0.005)"),
        (0.4567, 0.00125, "p = 0.46 (limit 0.00125)"),
        (1.0, 0.005, "p = 1.00 (limit 0.005)"),
        (1e-9, 0.005, "p < 0.000001 (limit 0.005)"),
        (1e-9, 1e-8, "p = 1e-09 (limit 1e-08)"),
        (0.0131, None, "p = 0.013"),
    ],
)
def test_a_p_value_stands_beside_its_limit(p: float, limit: float | None, text: str) -> None:
    assert p_value(p, limit) == text


def test_means_and_standard_deviations_have_the_digits_that_they_support() -> None:
    assert within(0.98961, 0.00423) == "0.9896 ± 0.0042"
    assert within(0.98961, None) == "0.9896"
    assert within(0.98961, 0.0) == "0.9896 ± 0"
    assert within(1.9391, 2.6e-16) == "1.939 ± 0"
    assert within(0.0196, 0.0034, sign=True) == "+0.0196 ± 0.0034"
    assert rounded_like(0.9700001, 0.00571) == "0.9700"
    assert rounded_like(0.9700001, 0.0) == "0.97"
    assert (rough(0.005712), rough(0.0), rough(None), rough(123456)) == (
        "0.0057",
        "0",
        "?",
        "123456",
    )
    assert rough(0.00503, marks=(0.005,)) == "0.00503"


finite = st.floats(-1e15, 1e15).filter(lambda value: value == 0 or abs(value) > 1e-15)


@given(finite, finite, finite, st.floats(1, 1e6))
def test_a_wider_interval_never_gets_more_decimals(
    value: float, one: float, other: float, times: float
) -> None:
    low, high = sorted((one, other))
    assume(high > low)
    narrow = decimals_of(value, low, high)
    middle, reach = (low + high) / 2, (high - low) / 2 * times
    wide = decimals_of(value, middle - reach, middle + reach)
    assume(narrow is not None and wide is not None)
    assert narrow is not None
    assert wide is not None
    # Only a bound close to 0 gets more, so that it keeps its sign.
    kept = 0.0 in {round(bound, narrow) for bound in (middle - reach, middle + reach)}
    assert wide <= narrow or kept


def _read(text: str) -> list[float]:
    return [float(part) for part in text.replace("[", "").replace("]", "").replace(",", "").split()]


@given(
    st.floats(-1, 1), st.floats(1e-9, 1), st.floats(0, 1),
    st.sampled_from((0.0, 0.005, -0.02, 0.5)),
)  # fmt: skip
def test_no_figure_is_printed_on_the_other_side_of_the_bar(
    low: float, width: float, share: float, bar: float
) -> None:
    high, value = low + width, low + share * width
    printed = _read(interval(value, low, high, sign=True, bar=bar))
    for exact, shown in zip((value, low, high), printed, strict=True):
        if abs(exact - bar) > 1e-11:
            assert (exact > bar) == (shown > bar)
            assert (exact < bar) == (shown < bar)
        assert shown == pytest.approx(exact, abs=width / 10)
    decimals = {len(part.partition(".")[2]) for part in _texts(value, low, high, bar)}
    assert len(decimals) == 1


def _texts(value: float, low: float, high: float, bar: float) -> list[str]:
    text = interval(value, low, high, sign=True, bar=bar)
    found = text.replace("[", "").replace("]", "").replace(",", "").split()
    return found if "e" not in text else ["0.0"]


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(-20, 40), st.booleans())
def test_any_number_can_be_written(value: float, decimals: int, sign: bool) -> None:
    for text in (fixed(value, decimals, sign=sign), number(value, sign=sign), rough(value)):
        assert math.isnan(value) or not math.isnan(float(text))
        assert len(text) < 30
