from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from gitexp.rules.gate import formats
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats import toml
from gitexp.rules.gate.formats.keys import Key, Line, parse_key, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import ABSENT, same, spell, to_json
from gitexp.rules.gate.one_change import inspect
from tests.rules.gate.config_files import documents, flatten, is_toml

unhurried = settings(deadline=None, max_examples=40)
quick = settings(deadline=None, max_examples=25)

UTC = dt.UTC


def leaves(text: str) -> dict[Key, Any]:
    return formats.read_leaves("config.toml", text.encode())


def read_back(spelled: str) -> Any:  # noqa: ANN401 - parsed data
    return tomllib.loads(f"value = {spelled}")["value"]


# --- leaves -------------------------------------------------------------------------------------

LEAVES: tuple[tuple[str, dict[Key, Any]], ...] = (
    ("", {}),
    ("# a comment\n", {}),
    ("a = 1", {("a",): 1}),
    ("[t]\na = 1", {("t", "a"): 1}),
    ("t.a = 1", {("t", "a"): 1}),
    ("t = {a = 1}", {("t", "a"): 1}),
    ("[t]", {("t",): {}}),
    ("[t]\n[t.u]", {("t", "u"): {}}),
    ("t = {}", {("t",): {}}),
    ("a = []", {("a",): []}),
    ("a = [1, [2, 3]]", {("a",): [1, [2, 3]]}),
    ("a = [1, {b = 2}]", {("a",): [1, {"b": 2}]}),
    ("a = [{b = 2}, {}]", {("a", 0, "b"): 2, ("a", 1): {}}),
    ("[[a]]\nb = 1\n[[a]]\nb = 2", {("a", 0, "b"): 1, ("a", 1, "b"): 2}),
    ("[[a]]\n[[a.b]]\nc = 1", {("a", 0, "b", 0, "c"): 1}),
    ('"a.b"."c d" = 1', {("a.b", "c d"): 1}),
    ("\ufeffa = 1", {("a",): 1}),
)


@pytest.mark.parametrize(("text", "expected"), LEAVES, ids=[repr(text) for text, _ in LEAVES])
def test_a_config_is_read_into_its_leaves(text: str, expected: dict[Key, Any]) -> None:
    assert leaves(text) == expected


@unhurried
@given(documents())
def test_leaves_are_what_the_standard_library_reads(text: str) -> None:
    event("valid" if is_toml(text) else "not valid")
    if not is_toml(text):
        with pytest.raises(Malformed):
            leaves(text)
        return
    found, expected = leaves(text), dict(flatten(tomllib.loads(text)))
    assert list(found) == list(expected)
    assert all(same(found[key], expected[key]) for key in expected)


MALFORMED: tuple[tuple[bytes, str, int | None], ...] = (
    (b"a = 1\nb = \n", "Invalid value", 2),
    (b"a = 1\na = 2\n", "Cannot overwrite", 2),
    (b"a = 1\n\n[t\n", "", 3),
    (b"a = [1,\n2\n", "Unclosed array", 3),
    (b"a = 1\r\nb\r\n", "", 2),
    (b"a = 1\nb = '\xff'\n", "not UTF-8 (at line 2, column 6)", 2),
    (b"\xff\xfea\x00=\x001\x00", "not UTF-8 (at line 1, column 1)", 1),
    (b"a = 1\rb = 2", "", 1),
    (b"a = " + b"[" * 300 + b"]" * 300, "nested too deeply", None),
    (b"a = " + b"{a = " * 300 + b"1" + b"}" * 300, "nested too deeply", None),
    (b"a = " + b"[" * 10_000 + b"]" * 10_000, "nested too deeply", None),
    (b"a" + b".a" * 10_000 + b" = 1", "nested too deeply", None),
    (b"[a" + b".a" * 10_000 + b"]", "nested too deeply", None),
    (b"a = 0x" + b"f" * 5_000, "integer", None),
    (b"a = [1, 0x" + b"f" * 5_000 + b"]", "integer", None),
    (b"a = " + b"9" * 5_000, "integer", None),
)


@pytest.mark.parametrize(("content", "message", "line"), MALFORMED)
def test_what_does_not_parse_says_so_and_where(
    content: bytes, message: str, line: int | None
) -> None:
    with pytest.raises(Malformed) as caught:
        formats.read_leaves("config.toml", content)
    assert message in str(caught.value)
    assert caught.value.line == line


def test_a_file_without_a_parser_has_no_leaves() -> None:
    assert formats.format_of("config.unknown") is None
    assert formats.format_of("toml") is None
    with pytest.raises(Malformed, match="no parser"):
        formats.read_leaves("config.unknown", b"a = 1")


def test_the_format_goes_by_the_last_extension_in_any_case() -> None:
    assert formats.format_of("conf.d/my.config.TOML") is toml


def only_malformed(content: bytes) -> None:
    said = ""
    found: dict[Key, Any] = {}
    try:
        found = formats.read_leaves("config.toml", content)
    except Malformed as error:
        said = str(error)
    assert said.isprintable()
    for key, value in found.items():
        assert spell_key(key).isprintable()
        assert spell(value).isprintable()
        json.dumps(to_json(value), allow_nan=False)


@unhurried
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(content: bytes) -> None:
    only_malformed(content)


@unhurried
@given(st.text(st.sampled_from("[]{}=.,\"'\\#\n\r\t ab01-+_:TZe\x1b\x9b\u202e"), max_size=60))
def test_any_text_of_the_grammar_is_read_or_malformed(text: str) -> None:
    only_malformed(text.encode())


@unhurried
@given(documents(), st.data())
def test_a_damaged_document_is_read_or_malformed(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(at + 5, len(text))))
    damage = data.draw(st.text(st.sampled_from("[]{}=.\"'\\\x00\x1b\ufeffz\n"), max_size=3))
    only_malformed((text[:at] + damage + text[end:]).encode())


# --- sameness -----------------------------------------------------------------------------------

SAME = (
    ("1", "1", True), ("1_000", "1000", True), ("0xff", "255", True), ("1e-3", "0.001", True),
    ("1.0", "1.00", True), ("'a'", '"a"', True), ('"\\u0061"', "'a'", True), ("+1", "1", True),
    ("nan", "nan", True), ("-nan", "nan", True), ("inf", "+inf", True), ("inf", "-inf", False),
    ("[1, 2]", "[ 1,2, ]", True), ("{a = 1, b = 2}", "{b = 2, a = 1}", True),
    ("[{a = 1}]", "[{a = 1.0}]", False), ("1979-05-27T07:32:00Z", "1979-05-27 07:32:00z", True),
    ("1979-05-27T07:32:00Z", "1979-05-27T07:32:00+00:00", True),
    ("1979-05-27T07:32:00Z", "1979-05-27T08:32:00+01:00", False),
    ("1979-05-27T07:32:00Z", "1979-05-27T07:32:00", False),
    ("1979-05-27", "1979-05-27T00:00:00", False), ("07:32:00", "07:32:00.0", True),
    ("1", "1.0", False), ("1", "true", False), ("0", "false", False), ("1", '"1"', False),
    ("1.0", "true", False), ("0.0", "-0.0", False), ("0", "-0", True), ("[1]", "[1.0]", False),
    ("[1, 2]", "[2, 1]", False), ("[]", "{}", False), ("'a'", "['a']", False),
    ("'a '", "'a'", False), ("'é'", "'e\u0301'", False),
)  # fmt: skip


@pytest.mark.parametrize(("one", "other", "equal"), SAME)
def test_values_are_compared_with_their_types(one: str, other: str, *, equal: bool) -> None:
    first, second = read_back(one), read_back(other)
    assert same(first, second) is equal
    assert same(second, first) is equal


def test_what_is_absent_is_like_nothing_else() -> None:
    assert same(ABSENT, ABSENT)
    others: list[object] = [None, "", 0, False, [], {}, "absent"]
    assert not any(same(ABSENT, value) for value in others)


# --- keys and values in words -------------------------------------------------------------------

# Keys from TOML hold whole code points only; a lone surrogate cannot be encoded.
_names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_keys = st.lists(_names, min_size=1, max_size=4).map(tuple)

SPELLED_KEYS: tuple[tuple[Key, str], ...] = (
    (("model", "C"), "model.C"),
    (("layers", 0, "size"), "layers[0].size"),
    (("a", 0, 1), "a[0][1]"),
    (("odd name", "x"), '"odd name".x'),
    (("dots.in", 0, "x"), '"dots.in"[0].x'),
    (('quote"', "back\\slash"), '"quote\\""."back\\\\slash"'),
    (("",), '""'),
    (("größe",), '"größe"'),
    (("two\nlines",), '"two\\nlines"'),
    (("\x1b[31mred",), '"\\u001b[31mred"'),
    (("\x9b31m\x7f",), '"\\u009b31m\\u007f"'),
    (("abc\u202edef\u2066",), '"abc\\u202edef\\u2066"'),
    (("\U000e0041tag", "😀"), '"\\U000e0041tag"."😀"'),
    ((Line(3),), "line 3"),
)


@pytest.mark.parametrize(("key", "spelled"), SPELLED_KEYS)
def test_keys_are_spelled_as_people_type_them(key: Key, spelled: str) -> None:
    assert spell_key(key) == spelled


@unhurried
@given(_keys)
def test_a_spelled_key_is_printable_and_can_be_typed_back(key: tuple[str, ...]) -> None:
    spelled = spell_key(key)
    assert spelled.isprintable()
    assert parse_key(spelled) == key
    assert list(dict(flatten(tomllib.loads(f"{spelled} = 1")))) == [key]


@quick
@given(_names, st.lists(st.integers(0, 99), min_size=1, max_size=3), _names)
def test_list_indices_of_a_typed_key_come_back_as_digits(
    name: str, indices: list[int], last: str
) -> None:
    key: Key = (name, *indices, last)
    assert parse_key(spell_key(key)) == tuple(map(str, key))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ".", "a.", ".a", "a b", "a[", "a]", "a[x]", "a[-1]", "a[0]b", "a = 1",
        "a = 1 #", "a # c", "a\nb", "a = 0\nb", '"a', "a#", "[a]\nb", "é", "a = " + "[" * 9999,
    ],
)  # fmt: skip
def test_what_is_not_a_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        parse_key(text)


@unhurried
@given(st.text(max_size=20))
def test_any_text_is_a_key_or_a_value_error(text: str) -> None:
    try:
        key = parse_key(text)
    except ValueError:
        return
    assert key
    assert all(isinstance(name, str) for name in key)


SPELLED: tuple[tuple[Any, str], ...] = (
    (ABSENT, "(absent)"), (True, "true"), (1, "1"), (1.0, "1.0"), (-0.0, "-0.0"), (1e-3, "0.001"),
    (1e22, "1e+22"), (float("inf"), "inf"), (float("nan"), "nan"), ("a", '"a"'),
    ('say "hi"', '"say \\"hi\\""'), ("c:\\d", '"c:\\\\d"'), ("a\nb\tc", '"a\\nb\\tc"'),
    ("  two  spaces  ", '"  two  spaces  "'), ("größe 😀", '"größe 😀"'),
    ("\x1b]0;x\x07\x9b\x7f\u202e\u00a0", '"\\u001b]0;x\\u0007\\u009b\\u007f\\u202e\\u00a0"'),
    ([1, "a", [True]], '[1, "a", [true]]'), ([], "[]"), ({}, "{}"),
    ({"a": 1, "b c": {"d": []}}, '{ a = 1, "b c" = { d = [] } }'), (None, "null"),
    (dt.date(1979, 5, 27), "1979-05-27"), (dt.time(7, 32), "07:32:00"),
    (dt.datetime(1979, 5, 27, 7, 32, tzinfo=UTC), "1979-05-27T07:32:00+00:00"),
)  # fmt: skip


@pytest.mark.parametrize(("value", "spelled"), SPELLED)
def test_values_are_spelled_as_toml_has_them(value: object, spelled: str) -> None:
    assert spell(value) == spelled


_zones = st.sampled_from((None, UTC, dt.timezone(dt.timedelta(hours=-3, minutes=-30))))
_scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.dates(),
    st.times().map(lambda time: time.replace(fold=0)),
    st.datetimes(timezones=_zones).map(lambda time: time.replace(fold=0)),
)
_nested = st.recursive(
    _scalars,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_names, inside, max_size=3),
    max_leaves=6,
)


@unhurried
@given(_nested)
def test_a_spelled_value_stays_on_one_line_and_means_the_same_to_toml(value: object) -> None:
    spelled = spell(value)
    assert spelled.isprintable()
    assert same(read_back(spelled), value)


@unhurried
@given(_nested)
def test_any_value_has_a_form_that_json_can_hold(value: object) -> None:
    held = to_json(value)
    assert json.loads(json.dumps(held, allow_nan=False)) == held


def test_json_has_words_for_what_it_lacks() -> None:
    found = leaves("a = [nan, inf, 1979-05-27, {b = -inf}]")
    assert to_json(found["a",]) == ["nan", "inf", "1979-05-27", {"b": "-inf"}]
    assert to_json(ABSENT) is None


# --- what is typed ------------------------------------------------------------------------------

TYPED: tuple[tuple[str, Any, str], ...] = (
    ("10", 10, "10"), ("1e-3", 1e-3, "1e-3"), (" 10 ", 10, "10"), ("true", True, "true"),
    ('"10"', "10", '"10"'), ("'10'", "10", "'10'"), ("[1, 2]", [1, 2], "[1, 2]"),
    ("adam", "adam", '"adam"'), ("two words", "two words", '"two words"'), ("", "", '""'),
    ("True", "True", '"True"'), ("1\nb = 2", "1\nb = 2", '"1\\nb = 2"'), ("01", "01", '"01"'),
    ("1, 2", "1, 2", '"1, 2"'), ("c:\\new", "c:\\new", '"c:\\\\new"'), ("-", "-", '"-"'),
    ("1 # x", "1 # x", '"1 # x"'), ("'#'", "#", "'#'"), ("#1", "#1", '"#1"'),
    ("9" * 5000, "9" * 5000, f'"{"9" * 5000}"'), ("[" * 9999, "[" * 9999, f'"{"[" * 9999}"'),
)  # fmt: skip


@pytest.mark.parametrize(("typed", "value", "spelled"), TYPED, ids=[t[0][:12] for t in TYPED])
def test_typed_values_are_read_as_toml_and_else_as_text(
    typed: str, value: object, spelled: str
) -> None:
    assert same(toml.parse_value(typed), value)
    assert toml.spell_value(typed) == spelled


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_whatever_is_typed_is_spelled_so_that_toml_reads_it_back(typed: str) -> None:
    assert same(read_back(toml.spell_value(typed)), toml.parse_value(typed))


# --- one value set ------------------------------------------------------------------------------

MARK = 987654321

SET: tuple[tuple[str, Key, str, str], ...] = (
    ("a = 1", ("a",), "2", "a = 2"),
    ("a=1#c", ("a",), "2", "a=2#c"),
    ("  a\t=  1_0  # c\r\nb = 2\r\n", ("a",), "2", "  a\t=  2  # c\r\nb = 2\r\n"),
    ("a = 1\nb = 1\n", ("b",), "2", "a = 1\nb = 2\n"),
    ("[t]\na = 1\n[u]\na = 1", ("u", "a"), "2", "[t]\na = 1\n[u]\na = 2"),
    ("[u]\n[t]\na = 1\n[u.v]\na = 1", ("u", "v", "a"), "2", "[u]\n[t]\na = 1\n[u.v]\na = 2"),
    ("t . 'a' = 1", ("t", "a"), "2", "t . 'a' = 2"),
    ("t = {a = 1, b.c = 2}", ("t", "b", "c"), "3", "t = {a = 1, b.c = 3}"),
    ("t = {a = 1, b = []}", ("t", "b"), "3", "t = {a = 1, b = 3}"),
    ("[[a]]\nb = 1\n[[a]]\nb = 1", ("a", 1, "b"), "2", "[[a]]\nb = 1\n[[a]]\nb = 2"),
    (
        "[[a]]\n[[a.b]]\nc = 1\n[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 1", ("a", 1, "b", 1, "c"), "2",
        "[[a]]\n[[a.b]]\nc = 1\n[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2",
    ),
    ("[[a]]\n[a.b]\nc = 1", ("a", 0, "b", "c"), "2", "[[a]]\n[a.b]\nc = 2"),
    ("a = [{b = 1}, {b = 1}]", ("a", 1, "b"), "2", "a = [{b = 1}, {b = 2}]"),
    ("a = [\n  {b = 1}, # x\n]", ("a", 0, "b"), "2", "a = [\n  {b = 2}, # x\n]"),
    ("a = [1, '#', \"]\"] # ]", ("a",), "[]", "a = [] # ]"),
    ('a = """x"""""\nb = 1', ("a",), "2", "a = 2\nb = 1"),
    ("a = '''it's'''\nb = 1", ("a",), "2", "a = 2\nb = 1"),
    ('a = "\\""\nb = 1', ("a",), "2", "a = 2\nb = 1"),
    ("a = 1979-05-27 07:32:00Z # t", ("a",), "2", "a = 2 # t"),
    ("a = 1979-05-27 # t", ("a",), "2", "a = 2 # t"),
    ('a = """\nb = 1\n"""\nb = 1', ("b",), "2", 'a = """\nb = 1\n"""\nb = 2'),
    ("# a = 1\na = 1", ("a",), "2", "# a = 1\na = 2"),
    ("\ufeffa = 1", ("a",), "2", "\ufeffa = 2"),
    ('"\\u0061" = 1', ("a",), "2", '"\\u0061" = 2'),
    ("a = {}", ("a",), "2", "a = 2"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "key", "spelled", "expected"), SET)
def test_a_value_is_replaced_where_it_is(text: str, key: Key, spelled: str, expected: str) -> None:
    assert toml.set_value(text, key, spelled) == expected


def a_leaf(text: str, data: st.DataObject, besides: tuple[type, ...]) -> tuple[Key, Any]:
    found = [(key, value) for key, value in leaves(text).items() if not isinstance(value, besides)]
    assume(found)
    drawn: tuple[Key, Any] = data.draw(st.sampled_from(found))
    return drawn


def set_and_judge(text: str, key: Key, old: object) -> None:
    edited = toml.set_value(text, key, str(MARK))
    before, _, after = edited.partition(str(MARK))
    assert text.startswith(before)
    assert text.endswith(after)
    replaced = text[len(before) : len(text) - len(after)]
    assert "\n" not in replaced
    assert same(read_back(replaced), old)
    found = inspect(
        [Edited("c.toml", "100644", "100644", text.encode(), edited.encode())], ["c.toml"]
    )
    assert found.findings == ()
    assert found.change is not None
    assert found.change.key == key
    assert found.change.after == MARK
    assert same(found.change.before, old)


@settings(deadline=None, max_examples=40)
@given(documents(lines=False).filter(is_toml), st.data())
def test_setting_a_value_changes_it_and_keeps_every_other_byte(
    text: str, data: st.DataObject
) -> None:
    # An empty table in an array of tables would make another kind of array when replaced.
    set_and_judge(text, *a_leaf(text, data, besides=(dict,)))


@quick
@given(documents().filter(is_toml), st.data())
def test_setting_a_value_beside_values_on_several_lines_keeps_every_other_byte(
    text: str, data: st.DataObject
) -> None:
    set_and_judge(text, *a_leaf(text, data, besides=(dict, list, str)))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("value", ["[\n1,\n2]", '"""a\nb"""', "'''\n'''", "[ # c\n]"])
def test_a_value_on_several_lines_is_left_to_an_editor(value: str, line_end: str) -> None:
    text = f"a = {value}\nb = 1\n".replace("\n", line_end)
    with pytest.raises(ValueError, match="several lines"):
        toml.set_value(text, ("a",), "1")
    assert toml.set_value(text, ("b",), "2") == text.replace("b = 1", "b = 2")


@pytest.mark.parametrize(
    ("text", "key"),
    [("a = 1", ("b",)), ("[t]\na = 1", ("t",)), ("[t]", ("t",)), ("[[a]]", ("a", 0)), ("", ("a",))],
)
def test_a_missing_value_is_not_set(text: str, key: Key) -> None:
    with pytest.raises(LookupError):
        toml.set_value(text, key, "1")


def test_what_is_not_toml_is_not_edited() -> None:
    with pytest.raises(ValueError, match="line 1"):
        toml.set_value("a = \n", ("a",), "1")


def test_a_value_is_set_in_a_long_file_and_in_a_long_line() -> None:
    many = "".join(f"k{number} = {number}  # c\n" for number in range(20_000))
    assert toml.set_value(many, ("k19999",), "0") == many.replace("= 19999 ", "= 0 ")
    long = f"a = '{'x' * 5_000_000}'\nb = 1\n"
    assert toml.set_value(long, ("b",), "2") == long.replace("b = 1", "b = 2")
