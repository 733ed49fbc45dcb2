"""Step series are thinned alike, small, and numbers alone."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.rules.documents.lines import canonical
from gitexp.rules.documents.redaction import Sought, redact_note
from gitexp.rules.documents.series import (
    LONGEST,
    MOST_POINTS,
    Curve,
    Series,
    parse_series,
    series_lines,
)

RUN = {"seed": 7, "attempt": 1, "condition": "9f3c2a"}


def a_curve(length: int, *, begin: int = 0, value: float = 0.123456789) -> Curve:
    curve = Curve()
    for number in range(begin, begin + length):
        curve.add(number, value + number)
    return curve


def written(**curves: Curve) -> str:
    return "\n".join(map(canonical, series_lines(RUN, curves, "accuracy")))


@given(st.integers(0, 9_000))
def test_at_most_a_thousand_points_are_kept_evenly_with_the_first_and_the_last(n: int) -> None:
    points = a_curve(n).points
    steps = [step for step, _ in points]
    assert len(points) <= MOST_POINTS
    assert len(points) >= min(n, MOST_POINTS // 2)
    assert steps[:1] + steps[-1:] == [0, n - 1][: 2 * bool(n)]
    assert len({b - a for a, b in pairwise(steps[:-1])}) <= 1
    assert steps == sorted({*steps})


def test_metrics_of_the_same_steps_share_a_line_and_come_back_rounded() -> None:
    text = written(loss=a_curve(2), accuracy=a_curve(2), late=a_curve(1, begin=9))
    assert [json.loads(line)["steps"] for line in text.split("\n")] == [[0, 1], [9]]
    assert {one.metric: (one.steps, one.values) for one in parse_series(text)} == {
        "loss": ((0, 1), (0.123457, 1.12346)),
        "accuracy": ((0, 1), (0.123457, 1.12346)),
        "late": ((9,), (9.12346,)),
    }
    one = Series(7, 1, "9f3c2a", "loss", (0,), (0.123457,))
    assert parse_series(written(loss=a_curve(1))) == [one]
    assert written(empty=Curve()) == ""


def test_a_run_takes_no_more_than_its_share_and_keeps_what_is_judged() -> None:
    many = {f"layer.{n}": a_curve(900, begin=n) for n in range(50)}
    text = written(**many, accuracy=a_curve(900, begin=1_000_000))
    kept = [one.metric for one in parse_series(text)]
    assert len(text) <= LONGEST + 100 * len(kept)
    assert kept[0] == "accuracy"
    assert 5 < len(kept) < len(many)


@pytest.mark.parametrize(
    "change",
    [
        {"values": {"loss": ["hunter2", 1]}},
        {"values": {"loss": [1, 2, 3]}},
        {"values": {"loss": [None, 1]}},
        {"steps": ["hunter2", 1]},
        {"steps": [0.5, 1]},
    ],
)
def test_a_line_that_holds_anything_but_numbers_is_not_read(change: dict[str, object]) -> None:
    line = json.loads(written(loss=a_curve(2)))
    assert parse_series(canonical(line))
    assert not parse_series(canonical(line | change))


def test_redaction_leaves_what_was_measured() -> None:
    text = written(loss=a_curve(3))
    assert redact_note(text, Sought("2"), {}) == ([text], 0)
    assert redact_note(text, Sought(key="loss"), {}) == ([text], 0)
