"""Axes: where values lie, and which of them are named."""

from __future__ import annotations

import datetime as dt

import pytest

from gitexp.cli.figures.scale import Scale, tick_labels, time_ticks, usual


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-0.012, 0.031, ["-0.01", "0", "0.01", "0.02", "0.03"]),
        (0.9012, 0.9098, ["0.902", "0.904", "0.906", "0.908"]),
        (0.0, 60_000.0, ["0", "10000", "20000", "30000", "40000", "50000", "60000"]),
        (0.0, 0.15, ["0", "0.025", "0.050", "0.075", "0.100", "0.125", "0.150"]),
        (3.0, 3.0, ["3"]),
    ],
)
def test_an_axis_names_round_values(low: float, high: float, labels: list[str]) -> None:
    assert tick_labels(Scale(low, high, 0, 100).ticks(6)) == labels


def test_a_value_beyond_an_end_is_placed_at_the_end() -> None:
    scale = Scale(0.0, 2.0, 100.0, 0.0)
    assert [scale(value) for value in (-9.0, 0.0, 0.5, 2.0, 1e300)] == [100, 100, 75, 0, 0]
    assert (scale.holds(2.0), scale.holds(2.1)) == (True, False)


def test_one_run_that_diverged_does_not_squeeze_the_others() -> None:
    values = [0.001 * n for n in range(20)]
    low, high = usual([*values, -1e30, 5.0], must=[0.05])
    assert -0.1 < low < 0
    assert 0.05 < high < 0.1
    assert usual([]) == (0.0, 1.0)
    assert usual([2.0]) == pytest.approx((1.88, 2.12))


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2026-03-01T10:02", "2026-03-01T10:20", ["10:05", "10:10", "10:15", "10:20"]),
        ("2026-02-26T00:00", "2026-03-03T00:00",
         ["26 Feb", "27 Feb", "28 Feb", "1 Mar", "2 Mar", "3 Mar"]),
        ("2025-11-20T00:00", "2026-03-05T00:00", ["Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026"]),
        ("2019-05-01T00:00", "2026-03-05T00:00", ["2020", "2022", "2024", "2026"]),
    ],
)  # fmt: skip
def test_an_axis_of_time_names_what_a_calendar_does(
    first: str, last: str, labels: list[str]
) -> None:
    low, high = (dt.datetime.fromisoformat(f"{one}+00:00").timestamp() for one in (first, last))
    assert [label for _, label in time_ticks(low, high)] == labels
