from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.text import duration, visible

SHOWN = (
    ("", ""),
    ("plain text", "plain text"),
    ("größe, naïve, 数据, 😀", "größe, naïve, 数据, 😀"),
    ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
    ("over\rwritten", "over\\rwritten"),
    ("c1 \x9b31m", "c1 \\x9b31m"),
    ("right\u202eleft\u2066", "right\\u202eleft\\u2066"),
    ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
    ("line\u2028break\x85", "line\\u2028break\\x85"),
    ("nul\x00 del\x7f back\x08", "nul\\x00 del\\x7f back\\x08"),
    ("not UTF-8: \udcff", "not UTF-8: \\udcff"),
    ("tag \U000e0041", "tag \\U000e0041"),
    ('it\'s "quoted" \\n', 'it\'s "quoted" \\n'),
)


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_what_a_terminal_would_obey_is_shown_by_its_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters()))
def test_whatever_is_shown_is_printable_and_changes_no_more_when_shown_again(text: str) -> None:
    shown = visible(text)
    assert shown.replace("\n", "").replace("\t", "").isprintable()
    assert visible(shown) == shown
    assert shown.count("\n") == text.count("\n")
    assert (shown == text) == all(c.isprintable() or c in "\n\t" for c in text)
    shown.encode()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.01, "0.1 s"), (0.94, "0.9 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"),
        (5400, "1.5 h"), (259_199, "72.0 h"), (259_200, "3 days"), (2.3e9, "26620 days"),
    ],
)  # fmt: skip
def test_a_duration_is_told_in_the_unit_that_people_use(seconds: float, told: str) -> None:
    assert duration(seconds) == told
