from __future__ import annotations

import configparser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.gate.formats.malformed import Malformed
from tests.rules.gate.formats.cases import leaves, said, set_to
from tests.rules.gate.formats.drawn import FORMATS

unhurried = settings(deadline=None, max_examples=60)
DOCUMENTS = FORMATS[2].documents

# Before, after, what is said of it.
EDITS = (
    # values
    ("[s]\na = 1\n", "[s]\na = 2\n", 's.a = "1" -> "2"'),
    ("[s]\na = 1\n", "[s]\na = 1.0\n", 's.a = "1" -> "1.0"'),
    ("[s]\na = x\n", "[s]\na = 'x'\n", 's.a = "x" -> "\'x\'"'),
    ("[s]\na =\n", "[s]\na = 1\n", 's.a = "" -> "1"'),
    ("[s]\na\n", "[s]\na = 1\n", 's.a = null -> "1"'),
    ("[s.t]\na: %(b)s\n", "[s.t]\na: %(c)s\n", '"s.t".a = "%(b)s" -> "%(c)s"'),
    ("[s]\na = x\n  y\n", "[s]\na = x\n  z\n", 's.a = "x\\ny" -> "x\\nz"'),
    ("[s]\na = x\n  y\n", "[s]\na = x\n  y\n  z\n", 's.a = "x\\ny" -> "x\\ny\\nz"'),
    # what follows a value belongs to it, as configparser has it
    ("[s]\na = 1 # c\n", "[s]\na = 1 # d\n", 's.a = "1 # c" -> "1 # d"'),
    ("[DEFAULT]\na = 1\n[s]\nb = 1\n[t]\n", "[DEFAULT]\na = 2\n[s]\nb = 1\n[t]\n",
     'DEFAULT.a = "1" -> "2"'),
    # keys
    ("[s]\na = 1\n", "[s]\na = 1\nb = 2\n", 's.b = (absent) -> "2"'),
    ("[s]\na = 1\n", "[s]\nA = 1\n", "C9 0"),
    ("[s]\na = 1\nb = 2\n", "[t]\na = 1\nb = 2\n", "C9 0"),
    ("[s]\na = 1\nb = 2\n", "[s]\na = 1\n[t]\nb = 2\n", "C9 0"),
    # the same
    ("[s]\n# c\na = 1\n", "[s]\n; d\na = 1\n", "C4 0"),
    ("[s]\na=1\n", "[s]\na: 1\n", "C4 0"),
    ("[s]\na = 1\nb = 2\n", "[s]\nb = 2\na = 1\n", "C4 0"),
    ("[s]\na = 1\n", "[s]\na = 1\r\n", "C5 0"),
    # what configparser refuses and others write
    ("[c]\na = 1\n[c]\na = 1\n", "[c]\na = 1\n[c]\na = 2\n", 'c[1].a = "1" -> "2"'),
    ("a = 1\n[s]\nb = 1\n", "a = 2\n[s]\nb = 1\n", 'a = "1" -> "2"'),
    # broken
    ("[s]\na = 1\n", "[s\na = 1\n", "C7 0"),
    ("[s]\na = 1\n", "[s]\na = 1\na = 1\n", "C7 0"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), EDITS)
def test_an_edit_is_judged_by_the_values_that_it_changes(
    before: str, after: str, expected: str
) -> None:
    assert said("c.ini", before, after) == expected


MALFORMED = (
    ("[s]\na = 1\n[t]\na = 1\na = 2\n", "the key t.a is given twice (at line 5, column 1)", 5),
    ("[\x07]\na\x00 = 1\na\x00 = 2\n", 'the key "\\u0007"."a\\u0000" is given twice', 3),
    ("[s\na = 1\n", "a broken section header (at line 1, column 1)", 1),
    ("[s]\n= 1\n", "neither a section nor a key (at line 2, column 1)", 2),
    ("[s]\na\n  b\n", "an indented line follows a key without a value", None),
)


@pytest.mark.parametrize(("text", "message", "line"), MALFORMED)
def test_what_does_not_parse_says_so_and_where(text: str, message: str, line: int | None) -> None:
    with pytest.raises(Malformed) as caught:
        leaves("c.cfg", text)
    assert message in str(caught.value)
    assert caught.value.line == line


SET = (
    ("[s]\na = 1\n", "s.a", "2", "[s]\na = 2\n"),
    ("[s]\na=1\r\nb = 1\r\n", "s.a", "2", "[s]\na=2\r\nb = 1\r\n"),
    (
        "[s]\na = 1\n[t]\n  a\t:\t1  \n",
        "t.a",
        "two words",
        "[s]\na = 1\n[t]\n  a\t:\ttwo words  \n",
    ),
    ("[s]\na = 1 # c\n", "s.a", "2", "[s]\na = 2\n"),
    ("[s]\na =\n", "s.a", "2", "[s]\na = 2\n"),
    ("[s]\na =\nb = 1\n", "s.a", "2", "[s]\na = 2\nb = 1\n"),
    ("[DEFAULT]\na = 1\n[s]\na = 1\n", "DEFAULT.a", "2", "[DEFAULT]\na = 2\n[s]\na = 1\n"),
    ("[a.b]\nc = 1\n", "a.b.c", "2", "[a.b]\nc = 2\n"),
    ("[s]\na = x=y\n", "s.a", "z=w", "[s]\na = z=w\n"),
    ("[s]\na = ü\n# a = 1\nb = 1", "s.b", "2", "[s]\na = ü\n# a = 1\nb = 2"),
    ("[c]\na = 1\n[c]\na = 1\n", "c[1].a", "2", "[c]\na = 1\n[c]\na = 2\n"),
    ("a = 1\n[s]\na = 1\n", "a", "2", "a = 2\n[s]\na = 1\n"),
)


@pytest.mark.parametrize(("text", "key", "typed", "expected"), SET)
def test_a_value_is_replaced_where_it_is(text: str, key: str, typed: str, expected: str) -> None:
    assert set_to("c.ini", text, key, typed) == expected


@pytest.mark.parametrize(
    ("text", "typed", "reason"),
    [
        ("[s]\na = 1\n  2\n", "3", "several lines"),
        ("[s]\na = 1\n", "3\n4", "several lines"),
        ("[s]\na = 1\n[s]\nb = 1\n", "3 # c", "it would be read differently"),
    ],
)
def test_what_a_line_cannot_hold_is_not_set(text: str, typed: str, reason: str) -> None:
    key = "s[0].a" if "b" in text else "s.a"
    with pytest.raises(ValueError, match=reason):
        set_to("c.ini", text, key, typed)


def test_a_key_without_a_value_gets_none() -> None:
    with pytest.raises(LookupError):
        set_to("c.ini", "[s]\na\n", "s.a", "2")


def read_by_configparser(text: str) -> dict[tuple[str, str], str | None]:
    # Without a section of defaults no value is counted in every other section too.
    parser = configparser.ConfigParser(interpolation=None, allow_no_value=True, default_section="")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return {
        (section, name): value
        for section in parser.sections()
        for name, value in parser[section].items()
    }


@unhurried
@given(DOCUMENTS)
def test_leaves_are_what_configparser_reads(text: str) -> None:
    assert leaves("c.ini", text) == read_by_configparser(text)


_LINES = st.lists(
    st.sampled_from(
        ("[s]", "[t] x", "[", "a = 1", "b:2", "  c", " d = 4 ", "e", "# f", "", "=", "a\t=")
    ),
    max_size=8,
)


@unhurried
@given(_LINES)
def test_any_lines_are_read_as_configparser_does_or_refused_as_it_does(lines: list[str]) -> None:
    text = "[first]\n" + "\n".join(lines)
    try:
        expected = read_by_configparser(text)
    except (configparser.Error, AttributeError) as error:
        if not isinstance(error, configparser.DuplicateSectionError):
            with pytest.raises(Malformed):
                leaves("c.ini", text)
        return
    found = leaves("c.ini", text)
    assert {key: value for key, value in found.items() if value != {}} == expected
