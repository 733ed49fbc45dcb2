from __future__ import annotations

import datetime as dt
import math
import warnings
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import Source, same
from gitexp.rules.gate.formats.yaml import read_as_pyyaml
from gitexp.rules.gate.formats.yaml_1_1 import read_plain, spell_for_both
from gitexp.rules.gate.one_change import inspect
from tests.rules.gate.config_files import flatten
from tests.rules.gate.formats.cases import leaves, said, set_to, spelled_leaves
from tests.rules.gate.formats.drawn import FORMATS

unhurried = settings(deadline=None, max_examples=60)
DOCUMENTS = FORMATS[0].documents

# Before, after, what is said of it.
EDITS = (
    # values
    ("a: 1\n", "a: 2\n", "a = 1 -> 2"),
    ("a: 1\n", "a: 1.0\n", "a = 1 -> 1.0"),
    ("a: 1\n", "a: '1'\n", 'a = 1 -> "1"'),
    ("a: 0.0\n", "a: -0.0\n", "a = 0.0 -> -0.0"),
    ("a: yes\n", "a: 'true'\n", 'a = "yes" -> "true"'),
    ("a: null\n", "a: 'null'\n", 'a = null -> "null"'),
    ("a: ${b}\n", "a: ${c}\n", 'a = "${b}" -> "${c}"'),
    ("a: [1, 2]\n", "a: [2, 3, 4]\n", "a = [1, 2] -> [2, 3, 4]"),
    ("a:\n- 1\n- 2\n", "a:\n- 1\n- 3\n", "a = [1, 2] -> [1, 3]"),
    ("a:\n- b: 1\n- b: 2\n", "a:\n- b: 1\n- b: 3\n", "a[1].b = 2 -> 3"),
    ("- a: 1\n", "- a: 2\n", "[0].a = 1 -> 2"),
    ("- 1\n", "- 2\n", "(document) = [1] -> [2]"),
    ("a: {b: 1, c: 2}\n", "a: {b: 1, c: 3}\n", "a.c = 2 -> 3"),
    ("a: |\n  x\n  y\n", "a: |\n  x\n  z\n", 'a = "x\\ny\\n" -> "x\\nz\\n"'),
    # keys
    ("a: 1\n", "a: 1\nb: 2\n", "b = (absent) -> 2"),
    ("a:\n  b: 1\nc: 2\n", "a:\n  b: 1\n  d: 3\nc: 2\n", "a.d = (absent) -> 3"),
    ("a: 1\n", "b: 1\n", "C9 0"),
    ("a:\n  x: 1\n  y: 2\n", "b:\n  x: 1\n  y: 2\n", "C9 0"),
    ("a:\n", "a:\n  b: 1\n", "a.b = (absent) -> 1"),
    ("a:\n  b: 1\n", "a:\n", "a.b = 1 -> (absent)"),
    ("", "a: 1\n", "a = (absent) -> 1"),
    ("1: a\n", "'1': a\n", "C9 0"),
    ("0: cat\n1: dog\n", "0: cat\n1: cow\n", '1 = "dog" -> "cow"'),
    # several at once
    ("a: {b: 1, c: 2}\n", "a: {b: 2, c: 3}\n", "C2 2"),
    ("a: 1\nb: 2\n", "a: 2\nb: 3\n", "C2 2"),
    ("[{a: 1}, {a: 2}]\n", "[{a: 2}, {a: 3}]\n", "C2 2"),
    # steps of a list
    ("s:\n- {a: 1, b: 2}\n", "s:\n- {a: 3, b: 4}\n- {a: 1, b: 2}\n",
     "s[0] = (absent) -> { a = 3, b = 4 }"),
    ("s:\n- {a: 1, b: 2}\n- {a: 3, b: 4}\n- {c: 5}\n", "s:\n- {a: 1, b: 2}\n- {c: 5}\n",
     "s[1] = { a = 3, b = 4 } -> (absent)"),
    ("s: []\n", "s: [{a: 1, b: 2}]\n", "s[0] = (absent) -> { a = 1, b = 2 }"),
    ("s:\n", "s:\n- {a: 1, b: 2}\n", "s[0] = (absent) -> { a = 1, b = 2 }"),
    ("s:\n- a: 1\n", "s:\n- a: 1\n- a: 2\n", "s[1].a = (absent) -> 2"),
    ("s:\n- {a: 1, b: 2}\n", "s:\n- {a: 1, b: 2}\n- {a: 1, b: 2}\n",
     "s[1] = (absent) -> { a = 1, b = 2 }"),
    ("s:\n- {a: 1, b: 2}\n", "s:\n- {a: 1, b: 2}\n- {a: 3, b: 4}\n- {a: 5, b: 6}\n", "C2 2"),
    ("s:\n- {a: 1, b: 2}\n", "s:\n- {a: 3, b: 4}\n- {a: 1, b: 3}\n", "C2 3"),
    ("s:\n- {a: 1, b: 2}\n", "s:\n- {a: 1, b: 2}\n- a: 3\n  b: 4\n", "C3 1"),
    ("s: [{a: 1, l: [{b: 1, c: 2}]}]\n", "s: [{a: 1, l: [{b: 1, c: 2}, {b: 3, c: 4}]}]\n",
     "s[0].l[1] = (absent) -> { b = 3, c = 4 }"),
    # anchors
    ("a: &x 1\nb: *x\nc: *x\n", "a: &x 2\nb: *x\nc: *x\n", "a = 1 -> 2"),
    ("a: [&x 1, 2]\nb: [*x, 2]\n", "a: [&x 3, 2]\nb: [*x, 2]\n", "a = [1, 2] -> [3, 2]"),
    ("a: &x {l: 1}\nb:\n  <<: *x\n", "a: &x {l: 2}\nb:\n  <<: *x\n", "a.l = 1 -> 2"),
    ("a: &x {l: 1}\nb: *x\nc: {<<: [*x]}\n", "a: &x {l: 1, m: 2}\nb: *x\nc: {<<: [*x]}\n",
     "a.m = (absent) -> 2"),
    ("a: &x {l: 1, m: 1}\nb: *x\n", "a: &x {l: 2, m: 2}\nb: *x\n", "C2 2"),
    ("a: &x 1\nb: *x\nc: 3\n", "a: &x 2\nb: *x\nc: 4\n", "C2 2"),
    ("{a: &x 1, b: &y 2, c: *x}\n", "{a: &y 3, b: &x 2, c: *x}\n", "C2 2"),
    ("a: &x {l: 1, m: 2}\nb: &y {l: 3, m: 4}\nc: *x\n",
     "a: &x {l: 1, m: 2}\nb: &y {l: 3, m: 4}\nc: *y\n", "c = *a -> *b"),
    ("a: &x {l: 1, m: 2}\nb: &y {l: 3, m: 4}\nc:\n  <<: *x\n",
     "a: &x {l: 1, m: 2}\nb: &y {l: 3, m: 4}\nc:\n  <<: *y\n", 'c."<<" = *a -> *b'),
    ("a: &x {l: 1, m: 2}\n", "a: &x {l: 1, m: 2}\nb: *x\n", "C2 2"),
    ("a: &x 1\n---\na: &x 1\nb: *x\n", "a: &x 1\n---\na: &x 2\nb: *x\n", "[1].a = 1 -> 2"),
    ("a: &x {l: 1}\nb:\n  <<: *x\n", "a: &x {l: 1}\nb:\n  <<: *x\n  l: 3\n", "b.l = 1 -> 3"),
    ("a: &x 1\nb: &y 2\nc: *x\n", "a: &x 1\nb: &y 2\nc: *y\n", "c = 1 -> 2"),
    ("a: &x 1\nb: *x\n", "a: &x 1\nb: 1\n", "C4 0"),
    ("a: &x 1\n", "a: &y 1\n", "C4 0"),
    # several documents
    ("a: 1\n---\na: 2\n", "a: 1\n---\na: 3\n", "[1].a = 2 -> 3"),
    ("---\na: 1\n...\n", "---\na: 2\n...\n", "a = 1 -> 2"),
    ("a: 1\nb: 2\n", "a: 1\n---\nb: 2\n", "C2 4"),
    # tags
    ("a: !Adam {lr: 1}\n", "a: !SGD {lr: 1}\n", 'a."(tag)" = !Adam -> !SGD'),
    ("a: !Adam {lr: 1}\n", "a: !Adam {lr: 2}\n", "a.lr = 1 -> 2"),
    ("a: !Adam {lr: 1, b: 2}\n", "a: !Adam {lr: 2, b: 3}\n", "C2 2"),
    ("a: !L [{b: 1}, {b: 2}]\n", "a: !L [{b: 1}, {b: 3}]\n", "a.1.b = 2 -> 3"),
    ("a: !S [1]\n", "a: !S [2]\n", "a = !S [1] -> !S [2]"),
    ("a: !T x\n", "a: !T y\n", 'a = !T "x" -> !T "y"'),
    ("a: x\n", "a: !T x\n", 'a = "x" -> !T "x"'),
    ("a: !!python/name:x y\n", "a: !!python/name:z y\n",
     'a = !!python/name:x "y" -> !!python/name:z "y"'),
    # the same
    ("a: 1 # c\n", "a: 1 # d\n", "C4 0"),
    ("a: x\n", "a: 'x'\n", "C4 0"),
    ("a: 1.0e-3\n", "a: 0.001\n", "C4 0"),
    ("a: [1,2]\n", "a: [ 1, 2 ]\n", "C4 0"),
    ("a: 0x10\n", "a: 16\n", "C4 0"),
    ("{a: 1, b: 2}\n", "{b: 2, a: 1}\n", "C4 0"),
    ("a: 1\n", "a: 1\r\n", "C5 0"),
    ("a: 1\n", "a: 1", "C5 0"),
    # the same in one version of YAML alone
    ("a: 1e-3\n", "a: 0.001\n", "C13 0"),
    ("a: 10\n", "a: 010\n", "C13 0"),
    ("a: yes\n", "a: true\n", "C13 1"),
    ("a: false\n", "a: off\n", "C13 1"),
    ("a: 90\n", "a: 1:30\n", "C13 1"),
    ("a: 8\n", "a: 0o10\n", "C13 0"),
    # broken
    ("a: 1\n", "a: [1\n", "C7 0"),
    ("a: 1\n", "a: 1\na: 2\n", "C7 0"),
    ("a: 1\n", "a: *x\n", "C7 0"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), EDITS)
def test_an_edit_is_judged_by_the_values_that_it_changes(
    before: str, after: str, expected: str
) -> None:
    assert said("c.yaml", before, after) == expected


VALUES = (
    ("yes", '"yes"'), ("on", '"on"'), ("True", "true"), ("~", "null"), ("", "null"),
    ("1_000", "1000"), ("010", "10"), ("0o10", "8"), ("1e3", "1000.0"), (".5", "0.5"),
    (".inf", "inf"), ("2020-01-01", '"2020-01-01"'), ("12:30:00", '"12:30:00"'), ("_", '"_"'),
    ("=", '"="'), ("!!str 1", '"1"'), ("!!int '1'", "1"), ("!!int x", '"x"'), ("!!float 1", "1.0"),
    ("!!binary aGk=", '!!binary "aGk="'), ("!<x> 1", '!<x> "1"'), ("${oc.env:HOME}",
     '"${oc.env:HOME}"'),
)  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_scalars_are_read_by_yaml_1_2(text: str, value: str) -> None:
    assert spelled_leaves("c.yaml", f"a: {text}\n") == {"a": value}


def test_a_document_that_asks_for_yaml_1_1_is_read_so() -> None:
    text = "%YAML 1.1\n---\na: yes\nb: 010\nc: 1e3\n"
    assert leaves("c.yaml", text) == {("a",): True, ("b",): 8, ("c",): 1000.0}


def test_keys_that_are_not_texts_are_spelled_as_in_yaml() -> None:
    text = "1: a\n'1': b\ntrue: c\n~: d\n? [1, 2]\n: e\n1.5: f\n? {x: y}\n: g\n'': h\n"
    assert [key[0] for key in leaves("c.yaml", text)] == [
        "1", '"1"', "true", "null", "[1, 2]", "1.5", '{ x = "y" }', '""',
    ]  # fmt: skip


MERGES = (
    ("<<: {a: 1}\na: 2\n", {"a": "2"}),
    ("a: 2\n<<: {a: 1}\n", {"a": "2"}),
    ("<<: [{a: 1}, {a: 2, b: 3}]\n", {"a": "1", "b": "3"}),
    ("x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y, a: 3}\n",
     {"x.a": "1", "y.a": "1", "y.b": "2", "z.a": "3", "z.b": "2"}),
    ("'<<': {a: 1}\n", {'"<<".a': "1"}),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MERGES)
def test_merge_keys_are_resolved(text: str, expected: dict[str, str]) -> None:
    assert spelled_leaves("c.yaml", text) == expected


MALFORMED = (
    ("a: 1\nb: [1\n", "expected ',' or ']'", 3),
    ("a: 1\nb: 2\na: 3\n", 'the key "a" is given twice (at line 3, column 1)', 3),
    ("x:\n  0: 1\n  0x0: 2\n", 'the key "0" is given twice', 3),
    ("b: 1\na: \tb\n", "cannot start any token", 2),
    ("a: *x\n", "undefined alias 'x'", 1),
    ("a: 1\n<<: 2\n", "<< merges something that is not a mapping", 2),
    ("a: \x00\n", "an unprintable character", 1),
    ("&a [*a]", "nested too deeply", None),
    ("&a {<<: *a}", "nested too deeply", None),
    ("a: &a {b: *a}", "nested too deeply", None),
    ("%YAML 3.0\n---\na: 1\n", "incompatible", 1),
)


@pytest.mark.parametrize(("text", "message", "line"), MALFORMED)
def test_what_does_not_parse_says_so_and_where(text: str, message: str, line: int | None) -> None:
    with pytest.raises(Malformed) as caught:
        leaves("c.yaml", text)
    assert message in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize("joined", ["[{}]", "{{{}}}", "{{<<: [{}]}}"])
def test_a_billion_laughs_are_cut_short(joined: str) -> None:
    lines = ["a0: &a0 {x: 1, y: 2}"]
    for depth in range(1, 30):
        names = [f"*a{depth - 1}"] * 9
        if joined == "{{{}}}":
            names = [f"k{number}: {name}" for number, name in enumerate(names)]
        lines.append(f"a{depth}: &a{depth} {joined.format(', '.join(names))}")
    with pytest.raises(Malformed, match="aliases unfold into more than 100,000 values"):
        leaves("c.yaml", "\n".join(lines))


def test_tags_never_construct_anything() -> None:
    text = "a: !!python/object/apply:os.system ['echo no > /dev/null']\nb: !!python/none x\n"
    found = leaves("c.yaml", text)
    assert all(isinstance(value, Source) for value in found.values())


def test_no_warning_reaches_anybody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        leaves("c.yaml", "%YAML 1.1\n---\na: &x 1e3\nb: &x 2\n")


SET = (
    ("a: 1 # c\n", "a", "2", "a: 2 # c\n"),
    ("a:   1\r\nb: 2\r\n", "a", "2", "a:   2\r\nb: 2\r\n"),
    ("a:\n  b: 'x\ty'  # c\n", "a.b", "y", "a:\n  b: y  # c\n"),
    ("a: {b: 1, c: [1, 2]}\n", "a.c", "[3]", "a: {b: 1, c: [3]}\n"),
    ("a: {b: 1}\n", "a.b", "x, y", 'a: {b: "x, y"}\n'),
    ("a:\n- b: 1\n  c: 2\n- b: 3\n", "a[1].b", "4", "a:\n- b: 1\n  c: 2\n- b: 4\n"),
    ("a: &x 1\nb: *x\n", "a", "2", "a: &x 2\nb: *x\n"),
    ("a: &x !!int 1\n", "a", "2", "a: &x !!int 2\n"),
    ("a:\nb: 1\n", "a", "2", "a: 2\nb: 1\n"),
    ("a: # c: # d\n", "a", "2", "a: 2 # c: # d\n"),
    ("a:\n\n  # c\n\n# d\nb: 1\n", "a", "2", "a: 2\n\n  # c\n\n# d\nb: 1\n"),
    ("a: &x # c\nb: 1\n", "a", "2", "a: &x 2 # c\nb: 1\n"),
    ("- a:\n  b: 1\n", "[0].a", "2", "- a: 2\n  b: 1\n"),
    ("a: &x\nb: 1\n", "a", "2", "a: &x 2\nb: 1\n"),
    ("a: 1\n---\na: 1\n", "[1].a", "2", "a: 1\n---\na: 2\n"),
    ("? a\n: 1\n", "a", "2", "? a\n: 2\n"),
    ("a: 'it''s'\n", "a", "b: c", 'a: "b: c"\n'),
    ("a: x\n", "a", "b # c", 'a: "b # c"\n'),
    ("a: x\n", "a", "*y", 'a: "*y"\n'),
    ("a: x\n", "a", "yes", "a: yes\n"),
    ("a: x\n", "a", "2020-01-01", "a: 2020-01-01\n"),
    ("a: ü😀 # c\nb: 1\n", "b", "2", "a: ü😀 # c\nb: 2\n"),
    ("0: a\n1: b\n", "1", "c", "0: a\n1: c\n"),
    ("b: &b {x: 1}\na:\n  <<: *b\n  y: 2\n", "a.y", "3", "b: &b {x: 1}\na:\n  <<: *b\n  y: 3\n"),
    ("a: !L [{b: 1}, {b: 1}]\n", "a.1.b", "2", "a: !L [{b: 1}, {b: 2}]\n"),
)


@pytest.mark.parametrize(("text", "key", "typed", "expected"), SET)
def test_a_value_is_replaced_where_it_is(text: str, key: str, typed: str, expected: str) -> None:
    assert set_to("c.yaml", text, key, typed) == expected


UNSETTABLE = (
    ("a: &x {l: 1}\nb: *x\n", "b.l", "part of an alias"),
    ("a: &x {l: 1}\nb:\n  <<:\n  - *x\n", "b.l", "several lines"),
    ("a: |\n  x\n", "a", "several lines"),
    ("a: >-\n  x\n", "a", "several lines"),
    ("a: [1,\n  2]\n", "a", "several lines"),
    ("a:\n- 1\n", "a", "several lines"),
    ("a: 'x\n  y'\n", "a", "several lines"),
    ("{a, b: 1}\n", "a", "it would be read differently"),
    ("a: !!str 1\n", "a", "it would be read differently"),
)


@pytest.mark.parametrize(("text", "key", "reason"), UNSETTABLE)
def test_what_has_no_line_of_its_own_is_left_to_an_editor(text: str, key: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        set_to("c.yaml", text, key, "2")


MERGED = "a: &x {l: 1}\nb:"

OF_ITS_OWN = (
    ("a:\n  <<: {l: 1}\n", "a.l", "a:\n  <<: {l: 2}\n"),
    ("a: &x 1\nb: *x # c\n", "b", "a: &x 1\nb: 2 # c\n"),
    ("a: &x {l: 1}\nb: [*x, {m: 1}]\nc: *x\n", "b[1].m", "a: &x {l: 1}\nb: [*x, {m: 2}]\nc: *x\n"),
    ("{x: &k y, z: &v 1, *k : *v}\n", "y", "{x: &k y, z: &v 1, *k : 2}\n"),
    (f"{MERGED}\n  <<: *x # c\n  m: 1\n", "b.l", f"{MERGED}\n  <<: *x # c\n  l: 2\n  m: 1\n"),
    (f"{MERGED}\n- <<: [*x]\n", "b[0].l", f"{MERGED}\n- <<: [*x]\n  l: 2\n"),
    (f"{MERGED} {{<<: *x, m: 1}}\n", "b.l", f"{MERGED} {{<<: *x, l: 2, m: 1}}\n"),
    (f"{MERGED}\r\n  <<: *x\r\nc: 1\r\n", "b.l", f"{MERGED}\r\n  <<: *x\r\n  l: 2\r\nc: 1\r\n"),
)


@pytest.mark.parametrize(("text", "key", "expected"), OF_ITS_OWN)
def test_a_value_from_elsewhere_gets_one_of_its_own(text: str, key: str, expected: str) -> None:
    assert set_to("c.yaml", text, key, "2") == expected
    assert said("c.yaml", text, expected) == f"{key} = 1 -> 2"


def test_the_values_that_follow_are_named() -> None:
    before = "a: &x {l: 1}\nb: *x\nc: {<<: *x}\nd: {<<: *x, l: 3}\n"
    edited = before.replace("l: 1", "l: 2").encode()
    found = inspect([Edited("c.yaml", "100644", "100644", before.encode(), edited)], ["c.yaml"])
    assert [finding.id for finding in found.findings] == ["C12"]
    assert "a.l also sets b.l, c.l, by an alias" in found.findings[0].message


def test_a_seed_that_follows_is_the_seed() -> None:
    before, after = b"a: &x 1\nseed: *x\n", b"a: &x 2\nseed: *x\n"
    edited = [Edited("c.yaml", "100644", "100644", before, after)]
    assert inspect(edited, ["c.yaml"], seed_key="seed").findings[0].id == "C8"


@pytest.mark.parametrize(
    ("typed", "written"),
    [("1e-4", "1.0e-4"), ("1.5e4", "1.5e+4"), ("5e+1", "5.0e+1"), ("1.", "1.")],
)
def test_a_typed_number_is_written_as_one_to_pyyaml(typed: str, written: str) -> None:
    text = set_to("c.yaml", "a: 1\n", "a", typed)
    assert text == f"a: {written}\n"
    assert pyyaml.safe_load(text) == {"a": float(typed)}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1e-5, "1.0e-05"),
        (1e22, "1.0e+22"),
        (1.5e300, "1.5e+300"),
        (0.25, "0.25"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        (math.nan, ".nan"),
        ("off", '"off"'),
        (9, "9"),
    ],
)
def test_a_value_is_written_so_that_both_versions_read_it(value: object, written: str) -> None:
    assert spell_for_both("", value) == written
    assert repr(pyyaml.safe_load(written)) == repr(value)


READ_TWICE = (
    ("0.001", "1e-4", "the float 0.0001 by YAML 1.2 and the string"),
    ("1", "0o11", 'the integer 9 by YAML 1.2 and the string "0o11"'),
    ("1e-3", "1.0e-4", 'was the float 0.001 by YAML 1.2 and the string "1e-3"'),
    ("1:30", "1:40", 'the string "1:40" by YAML 1.2 and the integer 100'),
)


@pytest.mark.parametrize(("before", "after", "told"), READ_TWICE)
def test_a_change_that_two_versions_read_differently_is_told(
    before: str, after: str, told: str
) -> None:
    sides = (f"a: {before}\nb: off\n".encode(), f"a: {after}\nb: off\n".encode())
    found = inspect([Edited("c.yaml", "100644", "100644", *sides)], ["c.yaml"])
    assert found.change is not None
    assert [finding.id for finding in found.findings] == ["C13"]
    assert told in found.findings[0].message


WORDS = (
    "yes", "Yes", "yEs", "on", "OFF", "n", "null", "~", "nULL", "TRUE", "1e3", "1.0e3", "1.e+3",
    "0o7", "010", "08", "0x1F", "0b1", "0b_", "1_000", "1:30", "1:90", "190:20:30.15", "-1:30",
    "+.inf", ".nan", "0.", "-.5", ".5e+1", "0_", "-0", "00", "0:0",
)  # fmt: skip

# --- other readers ------------------------------------------------------------------------------


def plainly(value: Any) -> Any:  # noqa: ANN401 - parsed data
    """Dates as texts, as here."""
    match value:
        case dict():
            return {name: plainly(item) for name, item in value.items()}
        case list():
            return [plainly(item) for item in value]
        case dt.date():
            return value.isoformat()
    return value


def assert_same_leaves(text: str, loaded: object) -> None:
    found, expected = leaves("c.yaml", text), dict(flatten(plainly(loaded)))
    assert list(found) == list(expected)
    assert all(same(found[key], expected[key]) for key in expected)


@unhurried
@given(DOCUMENTS)
def test_leaves_are_what_ruamels_safe_loader_reads(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an anchor that comes again
        loaded = YAML(typ="safe", pure=True).load(text)
    assert_same_leaves(text, loaded)


@unhurried
@given(DOCUMENTS)
def test_leaves_are_what_pyyaml_reads_where_yaml_1_1_agrees(text: str) -> None:
    assume(not any(quirk in text for quirk in ("yes", "1e-3")))
    assume(text.count("&") < 2)  # it refuses an anchor that is given anew
    assert_same_leaves(text, pyyaml.safe_load(text))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(WORDS) | st.text("0123456789.:_-+eExbo", min_size=1, max_size=7))
def test_plain_scalars_are_what_pyyaml_makes_of_them(text: str) -> None:
    loader: Any = pyyaml.SafeLoader("")
    tag = loader.resolve(pyyaml.ScalarNode, text, (True, False))
    assume(tag.rpartition(":")[2] in {"int", "float", "bool", "null", "str"})
    try:
        read = loader.construct_object(pyyaml.ScalarNode(tag, text))
    except ValueError:  # `0b_`
        assume(False)
    assert same(read_plain(text), read)


def test_a_tag_says_what_a_plain_scalar_is_to_pyyaml_too() -> None:
    text = "a: !!float 1e-3\nb: &x !!float 1e-3\nc: *x\nd: !!str yes\ne: 1e-3\nf: yes\n"
    assert read_as_pyyaml(text) == pyyaml.safe_load(text)
