"""JSON within a bound: never longer, and nothing lost without being counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.bounded import LEFT_OUT, bounded
from gitexp.rules.text import json_line

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=8), inner, max_size=50)
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=9), st.integers(60, 2000))
@settings(max_examples=60)
def test_what_is_returned_fits_and_what_fits_is_returned_whole(
    content: dict[str, Any], most: int
) -> None:
    found = bounded(content, most)
    assert len(json_line(found)) <= most
    if len(json_line(content)) <= most:
        assert found is content
    assert json.loads(json_line(found)) == json.loads(json.dumps(found))


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ({"rows": [{"name": f"row {n}"} for n in range(900)]}, {"rows": 880}),
        ({"a": {"rows": [*range(10**4)]}, "name": "b"}, {"a.rows": 10**4 - 200}),
        ({"packages": {f"package-{n}": "1.0" for n in range(500)}}, {"packages": 460}),
        ({"rows": [{"pairs": [1] * 300, "n": n} for n in range(3)]}, {"rows.pairs": 750}),
    ],
)
def test_items_that_are_left_out_are_counted_where_they_were(
    content: dict[str, Any], left: dict[str, int]
) -> None:
    found = bounded(content, 1000)
    assert found[LEFT_OUT] == left
    assert found.keys() == content.keys() | {LEFT_OUT}


def test_a_long_text_is_cut_and_says_so() -> None:
    found = bounded({"note": "x" * 5000, "name": "a"}, 1000)
    assert found == {"note": "x" * 500 + "…", "name": "a"}


def test_what_cannot_be_cut_is_counted_as_a_whole() -> None:
    content = {f"key number {n}": n for n in range(100)}
    assert bounded(content, 60) == {LEFT_OUT: {"everything": 100}}
