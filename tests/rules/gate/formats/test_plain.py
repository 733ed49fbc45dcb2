from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.gate.formats.cases import leaves, said, set_to

unhurried = settings(deadline=None, max_examples=100)

# Before, after, what is said of it.
EDITS = (
    # values
    ("a = 1\n", "a = 2\n", 'a = "1" -> "2"'),
    ("a=1\n", "a=1.0\n", 'a = "1" -> "1.0"'),
    ("a: 1\n", "a: 2\n", 'a = "1" -> "2"'),
    ("a 1\n", "a 2\n", 'a = "1" -> "2"'),
    ("--lr 0.1\n", "--lr 0.2\n", '--lr = "0.1" -> "0.2"'),
    ("url http://x\n", "url https://x\n", 'url = "http://x" -> "https://x"'),
    ("a = x # c\n", "a = y # d\n", 'a = "x" -> "y"'),
    ("a = '# c'\n", "a = '# d'\n", "a = \"'# c'\" -> \"'# d'\""),
    ("export A=1\n", "export A=2\n", 'A = "1" -> "2"'),
    ("[s]\na = 1\n", "[s]\na = 2\n", 's.a = "1" -> "2"'),
    ("a = 1\na = 2\n", "a = 1\na = 3\n", 'a = ["1", "2"] -> ["1", "3"]'),
    ("a = 1\n", "a = 1\na = 2\n", 'a = "1" -> ["1", "2"]'),
    # keys
    ("a = 1\n", "a = 1\nb = 2\n", 'b = (absent) -> "2"'),
    ("a = 1\n", "a = 1\nflag\n", "flag = (absent) -> null"),
    ("a = 1\n", "b = 1\n", "C9 0"),
    ("one\n", "two\n", "C9 0"),
    ("[s]\na = 1\nb = 2\n", "[t]\na = 1\nb = 2\n", "C9 0"),
    ("a = 1\nb = 2\n", "a = 1\n[s]\nb = 2\n", "C9 0"),
    # the same
    ("# c\na = 1\n", "// d\na = 1\n", "C4 0"),
    ("a = 1\n", "a = 1 # c\n", "C4 0"),
    ("a = 1\n", "a: 1\n", "C4 0"),
    ("a = 1\nb = 2\n", "b = 2\na = 1\n", "C4 0"),
    ("a = 1\n", "\na = 1\n", "C4 0"),
    ("a = 1\n", "a = 1", "C5 0"),
)


@pytest.mark.parametrize(("before", "after", "expected"), EDITS)
def test_an_edit_is_judged_by_the_values_that_it_changes(
    before: str, after: str, expected: str
) -> None:
    assert said("c.conf", before, after) == expected


LINES: tuple[tuple[str, dict[Any, Any]], ...] = (
    ("  a =  b c  ", {("a",): "b c"}),
    ("learning rate = 0.1", {("learning rate",): "0.1"}),
    ("a : 1", {("a",): "1"}),
    ("a:b=c", {("a",): "b=c"}),
    ("a b: c", {("a",): "b: c"}),
    ("a=", {("a",): ""}),
    ("= 1", {("",): "1"}),
    (": 1", {(":",): "1"}),
    ("a#b = c#d", {("a#b",): "c#d"}),
    ("a = it's # c", {("a",): "it's"}),
    ('a = "x # y" # z', {("a",): '"x # y"'}),
    ("[a]# x", {("[a]#",): "x"}),
    ("[a] # x\n[b]", {("a",): {}, ("b",): {}}),
    ("[a]\nx = 1\n[a]\ny = 2", {("a", 0, "x"): "1", ("a", 1, "y"): "2"}),
    ("s = 1\n[s]\na = 1", {("s",): ["1", {"a": "1"}]}),
    ("; c\n# c\n// c\n\n", {}),
)


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_every_line_that_is_not_a_comment_counts(text: str, expected: dict[Any, Any]) -> None:
    assert leaves("c.conf", text) == expected


SET = (
    ("a = 1 # c\n", "a", "2", "a = 2 # c\n"),
    ("a=1\r\nb=1\r\n", "a", "2", "a=2\r\nb=1\r\n"),
    ("  a\t1  \n", "a", "x y", "  a\tx y  \n"),
    ("a =\n", "a", "2", "a = 2\n"),
    ("a = ''\n", "a", "'x # y'", "a = 'x # y'\n"),
    ("a = 1\n[s]\na = 1\n", "s.a", "2", "a = 1\n[s]\na = 2\n"),
    ("[s]\na = 1\n[s]\na = 1\n", "s[1].a", "2", "[s]\na = 1\n[s]\na = 2\n"),
    ("ü = 😀\nb = 1\n", "b", "2", "ü = 😀\nb = 2\n"),
)


@pytest.mark.parametrize(("text", "key", "typed", "expected"), SET)
def test_a_value_is_replaced_where_it_is(text: str, key: str, typed: str, expected: str) -> None:
    assert set_to("c.conf", text, key, typed) == expected


@pytest.mark.parametrize(
    ("text", "typed", "reason"),
    [
        ("a = 1\na = 2\n", "3", "more than once"),
        ("a = 1\n", "2 # c", "it would be read differently"),
        ("a 1\n", "b=c", "it would be read differently"),
        ("a = 1\n", "2\nb = 3", "several lines"),
    ],
)
def test_what_a_line_cannot_hold_is_not_set(text: str, typed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        set_to("c.conf", text, "a", typed)


def test_a_key_without_a_value_gets_none() -> None:
    with pytest.raises(LookupError):
        set_to("c.conf", "flag\n", "flag", "2")


_LINE = st.text(st.sampled_from("ab =:'\"[]\t"), min_size=1, max_size=12)


@unhurried
@given(st.lists(_LINE, min_size=1, max_size=4), _LINE, st.integers(0, 3))
def test_without_comments_only_blanks_and_separators_change_unseen(
    lines: list[str], line: str, at: int
) -> None:
    at %= len(lines)
    edited = [*lines[:at], line, *lines[at + 1 :]]
    if said("c.conf", "\n".join(lines), "\n".join(edited)).startswith("C4"):
        assert re.sub(r"[\s=:]", "", line) == re.sub(r"[\s=:]", "", lines[at])
