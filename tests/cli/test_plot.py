"""Plots in characters hold what was measured, fit, and do without color."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.cli.views.curves import curve_lines
from gitexp.cli.views.plot import ASCII, UNICODE, axis, log_axis, plot
from gitexp.lab.log.curves import Curves
from gitexp.statistics.curves import Band
from gitexp.workflows.curves import CurvesOf

NUMBERS = st.floats(-1.7e308, 1.7e308)


def band(*means: float, sd: float = 0.0, first: int = 0, runs: tuple[int, ...] = ()) -> Band:
    steps = tuple(range(first, first + len(means)))
    low, high = ([mean + side * sd for mean in means] for side in (-1, 1))
    return Band(steps, means, tuple(low), tuple(high), runs or (5,) * len(means))


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 59, "0 10 20 30 40 50"),
        (0.11, 0.93, "0.2 0.4 0.6 0.8"),
        (-1.2, 1.3, "-1.0 -0.5 0.0 0.5 1.0"),
        (0.9301, 0.9312, "0.9302 0.9304 0.9306 0.9308 0.9310 0.9312"),
        (0, 29900, "0 5,000 10,000 15,000 20,000 25,000"),
        (3, 3, "2.7 2.8 2.9 3.0 3.1 3.2 3.3"),
    ],
)
def test_an_axis_has_rounded_numbers(low: float, high: float, labels: str) -> None:
    assert " ".join(axis(low, high).labels) == labels


def test_an_axis_of_factors_has_powers_of_ten() -> None:
    found = log_axis(0.004, 8)
    assert found.labels == ("0.01", "0.1", "1")
    assert found.share(0.004) == 0
    assert found.share(8) == 1
    assert found.share(0.4) - found.share(0.04) == pytest.approx(
        found.share(0.04) - found.share(0.004)
    )


@given(NUMBERS, NUMBERS)
def test_any_two_numbers_have_an_axis_that_holds_them(one: float, other: float) -> None:
    found = axis(min(one, other), max(one, other))
    assert len(found.ticks) == len(found.labels) <= 12
    assert all(0 <= found.share(value) <= 1 for value in (one, other, *found.ticks))


def test_candidate_and_baseline_are_told_apart_by_their_marks() -> None:
    lines = plot([band(0, 0, 0, 4, 4), band(4, 4, 0, 0, 0)], 40)
    top, bottom = lines[0], lines[14]
    assert top.index("○") < top.index("●")
    assert bottom.index("●") < bottom.index("○")
    assert "◉" in "".join(plot([band(0, 4, 1), band(0, 4, 1)], 40))


def test_a_band_is_shaded_and_two_that_overlap_are_shaded_otherwise() -> None:
    (apart, over) = (
        "\n".join(plot([band(0, 0, sd=2.0), band(up, up, sd=2.0)], 30)) for up in (9, 2)
    )
    assert {*apart} & {*"░·▒"} == {*"░·"}
    assert {*over} & {*"░·▒"} == {*"░·▒"}
    # Three means are enough to look at.
    assert not {*"\n".join(plot([band(0, 1, sd=1.0)] * 3, 30))} & {*"░·▒"}


@given(
    st.lists(st.lists(NUMBERS, min_size=1, max_size=9), min_size=1, max_size=6),
    st.integers(40, 200),
)
@settings(max_examples=30)
def test_whatever_was_logged_fits_the_width(means: list[list[float]], width: int) -> None:
    for marks in (UNICODE, ASCII):
        lines = plot([band(*some, first=n) for n, some in enumerate(means)], width, marks)
        assert len(lines) == 17
        assert max(map(len, lines)) <= width
        assert any(mark in line for line in lines for mark in (*marks.means, marks.both))
        assert marks is UNICODE or all(map(str.isascii, lines))


def test_one_point_and_a_constant_are_drawn() -> None:
    for drawn in (band(3.0, first=5), band(0.5, 0.5, 0.5)):
        assert any("●" in line for line in plot([drawn], 60))
    # Of two curves, one may be a single point between the columns of the other.
    single = band(1.0, first=7)
    assert any("○" in line for line in plot([band(*map(float, range(50))), single], 47))


def test_a_loss_that_falls_by_powers_of_ten_is_drawn_by_factors() -> None:
    lines = plot([band(*(10.0**-n for n in range(5)))], 60)
    rows = [at for at, line in enumerate(lines) if line.split()[0] in {"0.1", "0.01", "0.001"}]
    assert len({b - a for a, b in itertools.pairwise(rows)}) == 1


def test_the_legend_says_what_was_reached_and_by_how_many_runs() -> None:
    mine, base = band(0.5, 0.9, 0.92, sd=0.01, runs=(5, 5, 2)), band(0.5, 0.8, 0.85, sd=0.02)
    one = CurvesOf("brave-otter", "b" * 40, (Curves("accuracy", mine, base),))
    other = CurvesOf("calm-owl", "b" * 40, (Curves("accuracy", band(0.3, 0.2), base),))
    lines = list(curve_lines("accuracy", [one]))
    assert "○ baseline: 0.850 at step 2 (5 runs)" in lines
    assert "● exp/brave-otter: 0.920 at step 2 (2 runs; 5 until step 1)" in lines
    # Experiments on one baseline share its curve; another baseline has its own.
    assert [line.split(":")[0] for line in curve_lines("accuracy", [one, other])][-4:-1] == [
        "● exp/brave-otter", "○ exp/calm-owl", "▲ baseline",
    ]  # fmt: skip
    apart = CurvesOf("calm-owl", "c" * 40, other.curves)
    ends = [line.split(":")[0] for line in curve_lines("accuracy", [one, apart])]
    assert ends[-3:-1] == ["▲ baseline bbbbbbbb", "△ baseline cccccccc"]
