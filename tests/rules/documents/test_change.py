from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Any

import pytest
import tomli
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitexp.rules.documents.change import (
    Change,
    ChangeKind,
    PartialValue,
    same_value,
    whole,
)
from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration, parse_message
from gitexp.rules.gate.formats.keys import Key, Line
from gitexp.rules.gate.formats.values import ABSENT, Source, spell
from gitexp.rules.verdict.criterion import Criterion

unhurried = settings(deadline=None, max_examples=100)

# Whatever a file, a key or a value may hold, above all the signs that the line itself is made of.
_signs = st.sampled_from(
    (": ", " = ", " -> ", "->", "…", '"', "'", "\\", "[0]", ".", "(absent)", "\n", "\x1b", "\udcff")
)
_letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_texts = st.lists(_letters | _signs, max_size=6).map("".join)
_names = _texts | st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
_keys = st.lists(_names | st.integers(0, 9), max_size=4).map(tuple) | st.integers(1, 10**6).map(
    Line
).map(lambda line: (line,))
_scalars = (
    _texts
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.none()
    | st.just(ABSENT)
    | st.datetimes()
    | st.dates()
)
_values = st.recursive(
    _scalars,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_names, inside, max_size=2),
    max_leaves=4,
)
_long = st.text(min_size=100, max_size=200) | st.lists(_values, min_size=20, max_size=30)
_files = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=12)
_changes = st.builds(Change, file=_files, key=_keys, before=_values, after=_values)


def registered(change: Change) -> Registration:
    return Registration(
        "C raises accuracy because it is too low", "brave-otter", change,
        Criterion("accuracy", 0.005, higher_is_better=True), (5,), (1, 5), 0.0, 1, 0.005,
    )  # fmt: skip


@unhurried
@given(_changes)
@example(Change('"a"', ("b",), "x -> y", "x -> z"))
@example(Change("a: b = 1 -> 2.toml", ("c = d: e",), 1, 2))
@example(Change("c.toml", (" = 1 -> 2",), "a = 1", "(absent)"))
@example(Change("c.toml", ("a", 0, "0", ""), ABSENT, "null"))
@example(Change("train.list", (Line(12),), "lr = 1 -> 2", "lr: 3 = 4"))
@example(Change("c.py", ("F",), Source('f("a -> b", x = 1)'), Source("g('c -> d')")))
@example(Change("c.py", ("F",), ("a -> b", 1), ("c", 2)))
def test_a_change_comes_back_from_its_message_as_it_was(change: Change) -> None:
    written = str(change)
    assert written.isprintable()
    read, findings = parse_message(registered(change).message())
    assert findings == ()
    assert read is not None
    found = read.change
    assert str(found) == written
    assert (found.file, found.spelled_key) == (change.file, change.spelled_key)
    if not found.is_cut:
        assert (found.key, found.kind) == (change.key, change.kind)
        assert (spell(found.before), spell(found.after)) == (
            spell(change.before), spell(change.after),
        )  # fmt: skip
        assert found.sets_the_same(change)


@pytest.mark.slow
@unhurried
@given(_keys, _long, _long | _values)
def test_a_change_of_long_values_comes_back_with_its_key(key: Key, one: Any, other: Any) -> None:  # noqa: ANN401
    for before, after in ((one, other), (other, one)):
        change = Change("config.toml", key, before, after)
        found = parse_change(str(change))
        assert (found.file, found.key, str(found)) == ("config.toml", key, str(change))


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("1.0 -> 10", 1.0, 10),
        ("(absent) -> 0.1", None, 0.1),
        ('"x" -> (absent)', "x", None),
        ("null -> 1", None, 1),
        ('"a -> b" -> "c"', "a -> b", "c"),
        ('"a" -> "b -> c"', "a", "b -> c"),
        ('"a -> b" -> "a -> c"', "a -> b", "a -> c"),
        ("[1, 2] -> [1]", [1, 2], [1]),
        ("1979-05-27 -> nan", "1979-05-27", "nan"),
        ('"too lo… -> 3', '"too lo…', 3),
        ("f('a -> b') -> f('c')", "f('a -> b')", "f('c')"),
    ],
)
def test_a_change_is_shown_in_json_by_its_values(text: str, before: object, after: object) -> None:
    assert parse_change(f"config.toml: model.C = {text}").as_json() == {
        "file": "config.toml", "key": "model.C", "before": before, "after": after,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "C: 1 -> 2", "config.toml: C = 1", "config.toml: C d = 1 -> 2", "C = 1 -> 2"]
)
def test_what_is_not_a_change_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="KEY"):
        parse_change(text)


def test_a_message_that_names_no_change_cannot_be_read() -> None:
    message = registered(parse_change("config.toml: C = 1 -> 2")).message()
    read, findings = parse_message(message.replace("config.toml: C = 1 -> 2", "several values"))
    assert read is None
    assert [finding.id for finding in findings] == ["T4"]
    assert "Change: 'several values' cannot be read" in findings[0].message


@pytest.mark.parametrize("part", [': "a', "x -> ", ": a[0]", ": a = ", '"', "…"])
def test_a_line_made_to_be_searched_for_long_is_refused_at_once(part: str) -> None:
    with pytest.raises(ValueError, match="KEY"):
        parse_change(part * 100_000)


def test_a_line_that_could_be_divided_anywhere_is_divided_at_once() -> None:
    assert parse_change(": a = 1 -> " * 50_000 + "2").spelled_key == "a"


# --- which changes are the same -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a = 1 -> 10", "a = 2 -> 10.0", True),
        ("a = 1 -> 10", "a = (absent) -> 10", True),
        ("a = 1 -> 10", "a = 1 -> 11", False),
        ("a = 1 -> 10", "b = 1 -> 10", False),
        ('a = 1 -> "10"', "a = 1 -> 10", False),
        ("a = 1 -> true", "a = 1 -> 1", False),
        ('a = "x -> y" -> "x -> z"', 'a = "y" -> "x -> z"', True),
        ('a = "x" -> "x -> z"', 'a = "x" -> "y -> z"', False),
        ('a = "x" -> "z"', 'a = "x" -> "y -> z"', False),
        ("a = 1 -> (absent)", "a = 2 -> (absent)", True),
        ('a = 1 -> "(absent)"', "a = 2 -> (absent)", False),
        ("a = 1 -> 9007199254740993", "a = 1 -> 9007199254740992", False),
    ],
)
def test_two_changes_are_the_same_where_they_set_one_key_to_one_value(
    one: str, other: str, same: bool
) -> None:
    left, right = (parse_change(f"c.toml: {text}") for text in (one, other))
    assert left.sets_the_same(right) is right.sets_the_same(left) is same


@pytest.mark.parametrize("length", [200, 300, 5000])
def test_long_values_that_differ_at_their_end_are_not_the_same(length: int) -> None:
    before, one, other = "y" * length, "x" * length + "1", "x" * length + "2"
    left, right = (Change("c.toml", ("p",), before, after) for after in (one, other))
    assert not left.sets_the_same(right)
    read = parse_change(str(left))
    assert str(read) == str(parse_change(str(right)))  # what a message shows of them is the same
    assert isinstance(read.after, PartialValue)
    assert not read.sets_the_same(left)
    contents = [f'p = "{value}"\n'.encode() for value in (before, one)]
    assert whole(read, *contents) == left
    assert whole(read, *contents).sets_the_same(left)
    assert whole(read, None, b"not toml") == read


def test_a_long_line_of_a_format_without_a_parser_is_whole_in_its_file() -> None:
    change = Change("f", (Line(2),), "a" * 300, "b" * 300)
    read = parse_change(str(change))
    assert whole(read, b"x\n" + b"a" * 300, b"x\r\n" + b"b" * 300 + b"\r\n") == change
    assert whole(read, b"x", b"x") == read


def test_numbers_are_the_same_however_they_are_spelled() -> None:
    assert same_value("10", "1e1")
    assert same_value("-0.5", "-.5")
    assert not same_value("nan", "inf")
    assert not same_value('"1"', "1")


# --- how a change is shown ------------------------------------------------------------------------


def test_a_long_value_is_cut() -> None:
    change = Change("config.toml", ("a",), "x" * 1000, "y" * 1000)
    assert len(str(change)) < 300
    assert str(change).count("…") == 2
    assert str(replace(change, before=1, after=math.nan)) == "config.toml: a = 1 -> nan"


def test_long_values_are_cut_where_they_differ() -> None:
    long = "x" * 500
    change = str(Change("config.toml", ("a",), f"{long} 1 {long}", f"{long} 2 {long}"))
    assert len(change) < 300
    assert " 1 " in change
    assert " 2 " in change
    assert " 1 " not in str(Change("config.toml", ("a",), "b", f"{long} 1"))


@pytest.mark.parametrize(
    ("before", "after", "kind", "retyped"),
    [
        (1, 2, ChangeKind.REPLACED, ""),
        (1, 1.0, ChangeKind.REPLACED, "integer to float"),
        (None, "a", ChangeKind.REPLACED, "null to string"),
        (Source("f(x)"), "a", ChangeKind.REPLACED, "expression to string"),
        (ABSENT, 1, ChangeKind.ADDED, ""),
        (dt.date(2026, 1, 1), ABSENT, ChangeKind.REMOVED, ""),
    ],
)
def test_a_change_tells_its_kind(
    before: object, after: object, kind: ChangeKind, retyped: str
) -> None:
    change = Change("config.toml", ("a",), before, after)
    assert (change.kind, change.retyped) == (kind, retyped)


@pytest.mark.parametrize(
    ("after", "number"), [(10, 10.0), (1e-3, 1e-3), (math.inf, None), ("10", None), (True, None)]
)
def test_a_change_to_a_number_tells_it(after: object, number: float | None) -> None:
    assert Change("config.toml", ("a",), 1, after).number == number


@pytest.mark.parametrize(
    "text", ["0", "-0", "7", "-12", "0.5", "-0.0", "1.50", "01", "1.", "123456789012345678", "1e-3"]
)
def test_a_number_is_what_toml_reads(text: str) -> None:
    change = parse_change(f"config.toml: model.C = 1 -> {text}")
    try:
        [value] = tomli.loads(f"v = {text}").values()
    except tomli.TOMLDecodeError:
        value = Source(text)
    expected = value if spell(value) == text else Source(text)
    assert repr(change.after) == repr(expected)
    assert type(change.after) is type(expected)


@pytest.mark.parametrize(
    ("change", "brief"),
    [
        (Change("run.sh", ("train.py", "--lr"), "0.01", "1e-1"), "--lr 0.01 -> 1e-1"),
        (Change("train.py", ("main", "--lr"), 0.01, 0.1), "--lr 0.01 -> 0.1"),
        (Change("train.env", ("LR",), "1", "x"), 'LR "1" -> "x"'),
        (Change("c.yaml", ("m", "C"), "1", 1), 'm.C "1" -> 1'),
    ],
)
def test_an_option_is_listed_without_its_command_and_numbers_without_quotes(
    change: Change, brief: str
) -> None:
    assert change.brief == brief
