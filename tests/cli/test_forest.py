"""The forest plot in text: one scale, and nothing on the wrong side of zero or of the bar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.cli.views.forest import ASCII, UNICODE, Estimate, Forest

BAR = 0.005
KNOWN = [
    Estimate("accuracy", 0.02, 0.008, 0.026, BAR),
    Estimate("accuracy", -0.01, -0.02, -0.002, BAR),
    Estimate("accuracy", 0.003, None, None, BAR),
]


def test_effects_are_drawn_on_one_scale() -> None:
    forest = Forest(KNOWN, 25)
    assert [forest.drawn(one) for one in KNOWN] == [
        "          │  ┊ ├─────●──┤",
        "├────●───┤│  ┊           ",
        "          │ ●┊           ",
    ]
    assert forest.drawn(Estimate("accuracy", 0.001, -0.003, 0.012, BAR)) == (
        "         ├┼●─┿───┤       "
    )
    assert forest.head() == "worse     0        better"
    assert forest.empty() == "          │              "


def test_ascii_draws_the_same_and_what_does_not_fit_ends_in_an_arrow() -> None:
    forest = Forest(KNOWN, 25, ASCII)
    assert forest.drawn(KNOWN[0]) == "          |  : [-----o--]"
    assert forest.drawn(Estimate("accuracy", 0.3, 0.2, 0.4, BAR)) == "          |  :          >"
    assert forest.drawn(Estimate("accuracy", -0.3, -0.4, 0.01, BAR)) == "<---------+--+--]        "


def test_another_metric_is_drawn_by_its_own_size() -> None:
    seconds = Estimate("seconds", 20.0, 8.0, 26.0, 5.0)
    assert Forest([*KNOWN, seconds], 25).drawn(seconds) == Forest(KNOWN, 25).drawn(KNOWN[0])


def test_one_wild_effect_does_not_make_dots_of_the_others() -> None:
    for sign, arrow in ((1, "▸"), (-1, "◂")):
        wild = Estimate("accuracy", sign * 50.0, sign * 50 - 10, sign * 50 + 10, BAR)
        for times in (2, 6):
            forest = Forest([*KNOWN * times, wild], 25)
            assert forest.drawn(KNOWN[0]).count(UNICODE.line) > 2
            assert arrow in forest.drawn(wild)
    assert Forest([*KNOWN * 6, wild], 25).drawn(KNOWN[0]) == Forest(KNOWN, 25).drawn(KNOWN[0])


values = st.floats(-0.1, 0.1)
cases = st.builds(
    lambda three, bar: Estimate("accuracy", three[1], three[0], three[2], bar),
    st.tuples(values, values, values).map(sorted),
    st.sampled_from([0.0, 1e-4, 0.005, 0.05]),
)


@given(st.lists(cases, max_size=6), cases, st.integers(9, 41))
def test_a_plot_never_shows_an_effect_on_the_wrong_side(
    known: list[Estimate], one: Estimate, cells: int
) -> None:
    forest = Forest(known, cells)
    line = forest.drawn(one)
    assert len(line) == cells
    at = line.find(UNICODE.effect)
    if at >= 0:
        assert (at > forest.zero) == (one.effect > 0)
        bar = line.find(UNICODE.bar)
        if bar >= 0:
            assert (at > bar) <= (one.effect >= one.bar)
            assert (at < bar) <= (one.effect <= one.bar)


@pytest.mark.parametrize("kind", ["accuracy", "never seen"])
def test_nothing_to_choose_a_scale_from_is_no_error(kind: str) -> None:
    forest = Forest([], 13)
    assert forest.drawn(Estimate(kind, 0.0, 0.0, 0.0, 0.0)).strip() == UNICODE.effect
