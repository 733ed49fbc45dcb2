from __future__ import annotations

import itertools
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import same
from tests.rules.gate.config_files import flatten
from tests.rules.gate.formats.cases import leaves, said, set_to
from tests.rules.gate.formats.drawn import FORMATS

unhurried = settings(deadline=None, max_examples=60)
DOCUMENTS = FORMATS[1].documents

# Before, after, what is said of it.
EDITS = (
    # values
    ('{"a": 1}\n', '{"a": 2}\n', "a = 1 -> 2"),
    ('{"a": 1}\n', '{"a": 1.0}\n', "a = 1 -> 1.0"),
    ('{"a": 1}\n', '{"a": true}\n', "a = 1 -> true"),
    ('{"a": 1}\n', '{"a": "1"}\n', 'a = 1 -> "1"'),
    ('{"a": 0.0}\n', '{"a": -0.0}\n', "a = 0.0 -> -0.0"),
    ('{"a": null}\n', '{"a": NaN}\n', "a = null -> nan"),
    ('{"a": [1, 2]}\n', '{"a": [2, 3]}\n', "a = [1, 2] -> [2, 3]"),
    ('{"a": {\n"b": 1\n}}\n', '{"a": {\n"b": 2\n}}\n', "a.b = 1 -> 2"),
    ('[{"a": 1},\n{"a": 1}]\n', '[{"a": 1},\n{"a": 2}]\n', "[1].a = 1 -> 2"),
    ("[1]\n", "[2]\n", "(document) = [1] -> [2]"),
    ("1", "2", "(document) = 1 -> 2"),
    # keys
    ('{\n"a": 1\n}\n', '{\n"b": 2,\n"a": 1\n}\n', "b = (absent) -> 2"),
    ('{"a": {}}\n', '{"a": {"b": 1}}\n', "a.b = (absent) -> 1"),
    ('{"a": 1}\n', '{"b": 1}\n', "C9 0"),
    ('{"a": {"b": 1, "c": 2}}\n', '{"d": {"b": 1, "c": 2}}\n', "C9 0"),
    # several at once
    ('{"a": 1, "b": 2}\n', '{"a": 2, "b": 3}\n', "C2 2"),
    ('{"a": 1\n}\n', '{"a": 1,\n"b": 2\n}\n', "C3 1"),
    # the same
    ('{"a": 1, "b": 2}\n', '{"b": 2, "a": 1}\n', "C4 0"),
    ('{"a": 1e-3}\n', '{"a": 0.001}\n', "C4 0"),
    ('{"a": "ä"}\n', '{"a": "\\u00e4"}\n', "C4 0"),
    ('{"a":1}\n', '{"a": 1}\n', "C4 0"),
    ('{"a": 1}\n', '{"a": 1}\r\n', "C5 0"),
    # broken
    ('{"a": 1}\n', '{"a": 1,}\n', "C7 0"),
    ('{"a": 1}\n', '{"a": 1} // c\n', "C7 0"),
    ('{"a": 1}\n', '{"a": 2, /* c */}\n', "C7 0"),
    ('{"a": 1, // c\n}\n', '{"a": 1, // d\n}\n', "C4 0"),
    ('{"a": 1, // c\n}\n', '{"a": 2, // c\n}\n', "a = 1 -> 2"),
    ('{"a": 1, /* "a": 2\n*/}\n', '{"a": 1, /* "a": 3\n*/}\n', "C4 0"),
    ('{"a": "//b", // c\n}\n', '{"a": "//d", // c\n}\n', 'a = "//b" -> "//d"'),
    ('{"a": [1, 2,], }\n', '{"a": [1, 3,], }\n', "a = [1, 2] -> [1, 3]"),
    ('{ // c\n"a": 1,\n}\n', '{ // c\n"a": 1,\n"b": 2,\n}\n', "b = (absent) -> 2"),
    ('{"a": 1 /* c\n}\n', '{"a": 1} /* c\n', "C7 0"),
    ('{"a": 1, // c\n,}\n', '{"a": 1, // c\n}\n', "C7 0"),
)


@pytest.mark.parametrize(("before", "after", "expected"), EDITS)
def test_an_edit_is_judged_by_the_values_that_it_changes(
    before: str, after: str, expected: str
) -> None:
    assert said("c.json", before, after) == expected


MALFORMED = (
    ('{"a": 1,\n"b": }', "Expecting value (at line 2, column 6)", 2),
    ("", "Expecting value (at line 1, column 1)", 1),
    (
        '{"a": 1,\n"b": {"c": 1,\n"\\u0063": 2}}',
        'the key "c" is given twice (at line 3, column 11)',
        3,
    ),
    (
        '[{"a": 1}, {"a": 1}, {"a": 1,\n\n"a": 1}]',
        'the key "a" is given twice (at line 3, column 6)',
        3,
    ),
    ("9" * 5_000, "integer", None),
    ("9" * 4_000, "integer is too long", None),
    ("[" * 250 + "]" * 250, "nested too deeply", None),
    ("[" * 900_000, "nested too deeply", None),
)


@pytest.mark.parametrize(
    ("text", "message", "line"), MALFORMED, ids=[m[:24] for _, m, _ in MALFORMED]
)
def test_what_does_not_parse_says_so_and_where(text: str, message: str, line: int | None) -> None:
    with pytest.raises(Malformed) as caught:
        leaves("c.json", text)
    assert message in str(caught.value)
    assert caught.value.line == line


SET = (
    ('{"a": 1}', "a", "2", '{"a": 2}'),
    ('{ "a" :\t1 , "b": 1}\r\n', "a", "2", '{ "a" :\t2 , "b": 1}\r\n'),
    ('{"a": "x,}\\""}', "a", "y", '{"a": "y"}'),
    ('{"a": [1, {"b": "]"}]}', "a", "[2]", '{"a": [2]}'),
    ('{"a": [{"b": 1}, {"b": 1}]}', "a[1].b", "null", '{"a": [{"b": 1}, {"b": null}]}'),
    ('{"a.b": {"c d": 1}}', '"a.b"."c d"', "0.5", '{"a.b": {"c d": 0.5}}'),
    ('{"\\u0061": 1}', "a", "2", '{"\\u0061": 2}'),
    ('{"a": {}, "b": 1}', "a", "2", '{"a": 2, "b": 1}'),
    ('[{"a": true}]', "[0].a", "false", '[{"a": false}]'),
    ('{// {\n"a": 1, /* 1 */ }', "a", "2", '{// {\n"a": 2, /* 1 */ }'),
    ('{"a": [{/*,*/"b": 1,}, /*]*/ ],}', "a[0].b", "2", '{"a": [{/*,*/"b": 2,}, /*]*/ ],}'),
    ('{"a": "/*", "b": "*/"}', "b", "//", '{"a": "/*", "b": "//"}'),
    ('{"a": 1}', "a", "True", '{"a": "True"}'),
    ('{"a": 1}', "a", "ü", '{"a": "ü"}'),
    ('{"a": 1}', "a", "\u202e", '{"a": "\\u202e"}'),
    ('{"a": 1}', "a", "", '{"a": ""}'),
)


@pytest.mark.parametrize(("text", "key", "typed", "expected"), SET)
def test_a_value_is_replaced_where_it_is(text: str, key: str, typed: str, expected: str) -> None:
    assert set_to("c.json", text, key, typed) == expected


def test_a_value_on_several_lines_is_left_to_an_editor() -> None:
    with pytest.raises(ValueError, match="several lines"):
        set_to("c.json", '{"a": [\n1]}', "a", "2")
    with pytest.raises(ValueError, match="several lines"):
        set_to("c.json", '{"a": 1}', "a", "[\n1]")


_NOISE = st.sampled_from(("", " ", "/* , ] */", "// }\n", "/**/", "\n", '/* "a": 1 */'))


@unhurried
@given(DOCUMENTS, st.data())
def test_comments_and_last_commas_change_no_value(text: str, data: st.DataObject) -> None:
    parts = re.split(r'("(?:[^"\\]|\\.)*"|[\[\]{}:,])', text)
    noisy = ""
    for before, part in itertools.pairwise(["", *parts]):
        last = (
            part in set("]}")
            and before not in set("[{,")
            and not noisy.rstrip().endswith(("[", "{"))
        )
        noisy += data.draw(_NOISE) + ("," if last and data.draw(st.booleans()) else "") + part
    noisy += data.draw(_NOISE)
    assert leaves("c.jsonc", noisy) == leaves("c.json", text) or "NaN" in text


@unhurried
@given(DOCUMENTS)
def test_leaves_are_what_the_standard_library_reads(text: str) -> None:
    found, expected = leaves("c.json", text), dict(flatten(json.loads(text)))
    assert list(found) == list(expected)
    assert all(same(found[key], expected[key]) for key in expected)


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=8,
)


@unhurried
@given(st.dictionaries(st.text(max_size=5), _values, max_size=4), st.integers(0, 3) | st.none())
def test_whatever_json_writes_every_value_is_found_in_it(document: object, indent: int) -> None:
    text = json.dumps(document, indent=indent)
    form = formats.format_of("c.json")
    assert form is not None
    for key, value in leaves("c.json", text).items():
        start, end = form.find_value(text, key)
        assert same(json.loads(text[start:end]), value)


@pytest.mark.parametrize("part", ["/*", "/**/", "//", '"', ",", ",]", "/* *", "//\n,"])
def test_hostile_comments_take_no_longer(part: str) -> None:
    began = time.perf_counter()
    with pytest.raises(Malformed):
        leaves("c.json", part * (400_000 // len(part)))
    assert time.perf_counter() - began < 5
