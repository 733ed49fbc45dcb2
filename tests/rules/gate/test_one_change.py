from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitexp.rules.documents.change import Change
from gitexp.rules.gate.changed_lines import compare_lines, keep_line_end
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.gate.formats.keys import Line, spell_key
from gitexp.rules.gate.formats.values import ABSENT, spell
from gitexp.rules.gate.one_change import Inspection, inspect
from tests.rules.gate.config_files import documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.finding import Finding

REGULAR, EXECUTABLE, LINK, SUBMODULE, NONE = "100644", "100755", "120000", "160000", "000000"

unhurried = settings(deadline=None, max_examples=100)


def edited(
    before: str | bytes | None,
    after: str | bytes | None,
    path: str = "config.toml",
    old_mode: str = REGULAR,
    new_mode: str = REGULAR,
) -> Edited:
    contents = [text.encode() if isinstance(text, str) else text for text in (before, after)]
    return Edited(path, old_mode, new_mode, *contents)


def judge(*files: Edited, config: Sequence[str] = ("config.toml",), seed: str = "") -> Inspection:
    return inspect(files, config, seed_key=seed)


def ids(found: Inspection) -> list[str]:
    return [finding.id for finding in found.findings]


def lines_of(findings: Sequence[Finding]) -> list[str]:
    return [
        line
        for finding in findings
        for text in (finding.message, finding.hint)
        for line in text.split("\n")
    ]


def settings_in(hint: str) -> list[str]:
    """Return what follows --set in each command of a hint, as a shell would hand it on."""
    lines = [line for line in hint.split("\n") if line.startswith("  gitexp start --set ")]
    return [shlex.split(line)[3] for line in lines]


# --- one value on one line ----------------------------------------------------------------------

ACCEPTED = (
    # replaced
    ("a = 1\n", "a = 2\n", "a = 1 -> 2"),
    ("x = 0\n[m]\nC = 1.0  # c\n", "x = 0\n[m]\nC = 10.0  # d\n", "m.C = 1.0 -> 10.0"),
    ("a = 1", "a = 2", "a = 1 -> 2"),
    ("a = 'x'\n", 'a = "y"\n', 'a = "x" -> "y"'),
    ("a = 'x y'\n", "a = 'x  y'\n", 'a = "x y" -> "x  y"'),
    ("a = true\n", "a = false\n", "a = true -> false"),
    ("a = 1979-05-27\n", "a = 1979-05-28\n", "a = 1979-05-27 -> 1979-05-28"),
    ("a = 07:32:00\n", "a = 07:32:01\n", "a = 07:32:00 -> 07:32:01"),
    (
        "a = 1979-05-27T07:32:00Z\n", "a = 1979-05-27T07:32:00\n",
        "a = 1979-05-27T07:32:00+00:00 -> 1979-05-27T07:32:00",
    ),
    ("a = 0.0\n", "a = -0.0\n", "a = 0.0 -> -0.0"),
    ("a = nan\n", "a = inf\n", "a = nan -> inf"),
    # one value of several in the line
    ("t = {a = 1, b = 2}\n", "t = {a = 1, b = 3}\n", "t.b = 2 -> 3"),
    ("t = {a = 1}\n", "t = {a = 1, b = 3}\n", "t.b = (absent) -> 3"),
    ("t = {a = 1, b = 2}\n", "t = {a = 1}\n", "t.b = 2 -> (absent)"),
    ("t = {}\n", "t = {a = 1}\n", "t.a = (absent) -> 1"),
    # added and removed
    ("a = 1\n", "a = 1\nb = 2\n", "b = (absent) -> 2"),
    ("a = 1\nb = 2\n", "b = 2\n", "a = 1 -> (absent)"),
    ("", "a = 1\n", "a = (absent) -> 1"),
    ("a = 1\n", "", "a = 1 -> (absent)"),
    ("[t]\n", "[t]\na = 1\n", "t.a = (absent) -> 1"),
    ("[t]\na = 1\n", "[t]\n", "t.a = 1 -> (absent)"),
    ("[t]\n", "[t]\na = {}\n", "t.a = (absent) -> {}"),
    ("a = 1\n", "a = 1\n[t]\n", "t = (absent) -> {}"),
    # arrays
    ("a = [1, 2]\n", "a = [2, 1, 3]\n", "a = [1, 2] -> [2, 1, 3]"),
    ("a = [1, 2]\n", "a = [1, 2.0]\n", "a = [1, 2] -> [1, 2.0]"),
    ("a = []\n", "a = [1]\n", "a = [] -> [1]"),
    ("a = [\n  1,\n  2,\n]\n", "a = [\n  1,\n  3,\n]\n", "a = [1, 2] -> [1, 3]"),
    ("a = [\n  1,\n]\n", "a = [\n  1,\n  2,\n]\n", "a = [1] -> [1, 2]"),
    ("[[a]]\nb = 1\n[[a]]\nb = 1\n", "[[a]]\nb = 1\n[[a]]\nb = 2\n", "a[1].b = 1 -> 2"),
    ("a = [{b = 1}, {b = 2}]\n", "a = [{b = 1}, {b = 3}]\n", "a[1].b = 2 -> 3"),
    ("a = []\n", "a = [{b = 1}]\n", "a[0].b = (absent) -> 1"),
    ("a = [{b = 1}]\n", "a = []\n", "a[0].b = 1 -> (absent)"),
    # text on several lines, of which one differs
    ('a = """\nx\ny\n"""\n', 'a = """\nx\nz\n"""\n', 'a = "x\\ny\\n" -> "x\\nz\\n"'),
    # line ends as they were
    ("a = 1\r\nb = 2\r\n", "a = 1\r\nb = 3\r\n", "b = 2 -> 3"),
    ("a = 1\r\n", "a = 1\r\nb = 3\r\n", "b = (absent) -> 3"),
    ("a = 1\r\nb = 2\r\nc = 3\n", "a = 1\r\nb = 3\r\nc = 3\n", "b = 2 -> 3"),
    ("\ufeffa = 1\nb = 2\n", "\ufeffa = 2\nb = 2\n", "a = 1 -> 2"),
    # the last line without its newline: nothing that stood there changed but one line
    ("a = 1\n", "a = 1\nb = 2", "b = (absent) -> 2"),
    ("a = 1\nb = 2", "a = 1\n", "b = 2 -> (absent)"),
    ("a = 1\nb = 2", "a = 1\nb = 3", "b = 2 -> 3"),
    # another spelling, another meaning
    ("a = [1, '2']\n", "a = [1, 2]\n", 'a = [1, "2"] -> [1, 2]'),
    ("a = 0o17\n", "a = 0x17\n", "a = 15 -> 23"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "after", "change"), ACCEPTED)
def test_one_value_on_one_line_is_an_experiment(before: str, after: str, change: str) -> None:
    found = judge(edited(before, after))
    assert found.findings == ()
    assert str(found.change) == f"config.toml: {change}"


@pytest.mark.parametrize(("before", "after", "change"), ACCEPTED)
def test_the_way_back_is_an_experiment_too(before: str, after: str, change: str) -> None:
    key, _, values = change.partition(" = ")
    old, _, new = values.partition(" -> ")
    found = judge(edited(after, before))
    assert found.findings == ()
    assert str(found.change) == f"config.toml: {key} = {new} -> {old}"


def test_the_change_says_where_it_is() -> None:
    found = judge(edited("a = 1\n[t]\nb = 2\n", "a = 1\n[t]\nb = 3\n"))
    assert found.change == Change("config.toml", ("t", "b"), 2, 3, 3)
    found = judge(edited("a = 1\nc = 3\n", "a = 1\nb = 2\nc = 3\n"))
    assert found.change == Change("config.toml", ("b",), ABSENT, 2, 2)
    found = judge(edited("a = 1\nb = 2\nc = 3\n", "a = 1\nc = 3\n"))
    assert found.change == Change("config.toml", ("b",), 2, ABSENT, 2)


KINDS = (
    ("1", "1.0", "integer to float"),
    ("1", "true", "integer to boolean"),
    ("0", "false", "integer to boolean"),
    ('"1"', "1", "string to integer"),
    ('"true"', "true", "string to boolean"),
    ("1.0", "'1.0'", "float to string"),
    ("1", "[1]", "integer to array"),
    ("[]", "{}", "array to table"),
    ("{}", "''", "table to string"),
    ("1979-05-27", "1979-05-27T00:00:00", "date to datetime"),
    ("'07:32:00'", "07:32:00", "string to time"),
    ("1", "2", ""),
    ("'a'", "'b'", ""),
    ("[1]", "['1']", ""),
)


@pytest.mark.parametrize(("before", "after", "kind"), KINDS)
def test_another_type_is_a_change_and_named(before: str, after: str, kind: str) -> None:
    for old, new, expected in (
        (before, after, kind),
        (after, before, " to ".join(reversed(kind.split(" to "))) if kind else ""),
    ):
        found = judge(edited(f"a = {old}\n", f"a = {new}\n"))
        assert found.findings == ()
        assert found.change is not None
        assert found.change.retyped == expected


def test_an_added_or_removed_key_has_no_type_to_change() -> None:
    for before, after in (("", "a = 1\n"), ("a = 1\n", "")):
        change = judge(edited(before, after)).change
        assert change is not None
        assert change.retyped == ""


# --- refused ------------------------------------------------------------------------------------

REFUSED: tuple[tuple[str, str, str, list[str]], ...] = (
    # two values
    ("in an inline table", "t = {a = 1, b = 2}\n", "t = {a = 3, b = 4}\n", ["C2"]),
    ("on two lines", "a = 1\nb = 2\n", "a = 3\nb = 4\n", ["C2"]),
    ("one changed, one added", "a = 1\n", "a = 2\nb = 2\n", ["C2"]),
    ("one changed, one removed", "a = 1\nb = 2\n", "b = 3\n", ["C2"]),
    ("a value becomes a table", "a = 1\n", "a = {b = 2}\n", ["C2"]),
    ("a table taken out", "t = {a = 1, b = 2}\n", "", ["C2"]),
    ("a header decides for two", "[t]\na = 1\n", "[t]\na = 1\n[u]\nb = 2\n[v]\nb = 2\n", ["C2"]),
    ("an array of tables grows", "[[a]]\nb = 1\n", "[[a]]\nb = 1\n[[a]]\nb = 1\nc = 2\n", ["C3"]),
    ("array elements trade places", "a = [{b = 1}, {b = 2}]\n", "a = [{b = 2}, {b = 1}]\n", ["C2"]),
    ("a header commented out", "[t]\na = 1\n[u]\nb = 2\n", "[t]\na = 1\n#[u]\nb = 3\n", ["C2"]),
    # renamed
    ("a key", "a = 1\n", "b = 1\n", ["C9"]),
    ("a key, in a table", "[t]\nlr = 1e-3\n", "[t]\nlearning_rate = 1e-3\n", ["C9"]),
    ("a key, into a table", "a = 1\n", "a.b = 1\n", ["C9"]),
    ("a table", "[t]\na = 1\nb = 2\n", "[u]\na = 1\nb = 2\n", ["C9"]),
    ("an empty table", "[t]\n", "[u]\n", ["C9"]),
    ("a table of one", "[t]\na = 1\n", "[u]\na = 1\n", ["C9"]),
    ("an array of tables", "[[t]]\na = 1\n[[t]]\na = 1\n", "[[u]]\na = 1\n[[t]]\na = 1\n", ["C9"]),
    ("a sole array of tables", "[[t]]\na = 1\nb = 2\n", "[[u]]\na = 1\nb = 2\n", ["C9"]),
    ("a sub-table", "[t.a]\nx = 1\n", "[t.b]\nx = 1\n", ["C9"]),
    ("an inline table", "t = {a = 1, b = 2}\n", "u = {a = 1, b = 2}\n", ["C9"]),
    ("two keys", "[t]\na = 1\nb = 2\n", "[t]\nc = 1\nd = 2\n", ["C2"]),
    ("two tables", "a.x = 1\nb.y = 2\n", "c.x = 1\nd.y = 2\n", ["C2"]),
    ("a table and a key in it", "[t]\na = 1\nb = 2\n", "[u]\na = 1\nc = 2\n", ["C2"]),
    ("a key, with its type", "a = 1\n", "b = 1.0\n", ["C2"]),
    ("a key, by its header", "[t]\na = 1\n[u]\n", "[t]\n[u]\na = 1\n", ["C9"]),
    ("two keys, by their header", "[t]\na = 1\nb = 1\n[u]\n", "[t]\n[u]\na = 1\nb = 1\n", ["C2"]),
    # nothing
    ("a comment", "a = 1 # x\n", "a = 1 # y\n", ["C4"]),
    ("a comment line", "a = 1\n", "# x\na = 1\n", ["C4"]),
    ("a blank line", "a = 1\nb = 2\n", "a = 1\n\nb = 2\n", ["C4"]),
    ("space in the line", "a = 1\n", "a  =  1\n", ["C4"]),
    ("space after the line", "a = 1\n", "a = 1 \n", ["C4"]),
    ("space in an array", "a = [1,2]\n", "a = [1, 2]\n", ["C4"]),
    ("order of keys", "a = 1\nb = 2\n", "b = 2\na = 1\n", ["C4"]),
    ("order in an inline table", "t = {a = 1, b = 2}\n", "t = {b = 2, a = 1}\n", ["C4"]),
    ("an exponent", "a = 1e-3\n", "a = 0.001\n", ["C4"]),
    ("an underscore", "a = 1_000\n", "a = 1000\n", ["C4"]),
    ("a base", "a = 255\n", "a = 0xff\n", ["C4"]),
    ("a sign", "a = +1\n", "a = 1\n", ["C4"]),
    ("a zero's sign that integers lack", "a = 0\n", "a = -0\n", ["C4"]),
    ("nan and its sign", "a = nan\n", "a = -nan\n", ["C4"]),
    ("quotes of a value", "a = 'x'\n", 'a = "x"\n', ["C4"]),
    ("quotes of a key", "a = 1\n", '"a" = 1\n', ["C4"]),
    ("an escape", "a = 'A'\n", 'a = "\\u0041"\n', ["C4"]),
    ("a time's T", "a = 1979-05-27T07:32:00Z\n", "a = 1979-05-27 07:32:00Z\n", ["C4"]),
    ("dotted for a table", "[t]\na = 1\n", "t.a = 1\n", ["C4"]),
    ("inline for dotted", "t.a = 1\n", "t = {a = 1}\n", ["C4"]),
    ("inline for a header", "[t]\na = 1\n", "t = {a = 1}\n", ["C4"]),
    ("an array on several lines", "a = [1, 2]\n", "a = [\n1,\n2,\n]\n", ["C4"]),
    ("a byte-order mark", "a = 1\n", "\ufeffa = 1\n", ["C4"]),
    ("a header that a sub-table implies", "[t.u]\na = 1\n", "[t]\n[t.u]\na = 1\n", ["C4"]),
    # one value on several lines
    ("an array grown by lines", "a = [1]\n", "a = [\n1,\n2,\n]\n", ["C3"]),
    ("a value and a comment", "a = 1\n# x\n", "a = 2\n# y\n", ["C3"]),
    ("a value and a far comment", "# x\nz = 0\na = 1\n", "# y\nz = 0\na = 2\n", ["C3"]),
    ("a value and the order", "a = 1\nb = 2\nc = 3\n", "b = 2\na = 1\nc = 4\n", ["C3"]),
    ("a key with its header", "a = 1\n", "a = 1\n[t]\nb = 2\n", ["C3"]),
    ("a key with a blank line", "a = 1\n", "a = 1\n\nb = 2\n", ["C3"]),
    ("a key and its comment taken out", "# x\na = 1\nb = 2\n", "b = 2\n", ["C3"]),
    ("two lines that were one text", 'a = """\nx\ny\n"""\n', 'a = """\nz\n"""\n', ["C3"]),
    # line ends
    ("the last newline lost", "a = 1\nb = 2\n", "a = 1\nb = 2", ["C5"]),
    ("the last newline gained", "a = 1\nb = 2", "a = 1\nb = 2\n", ["C5"]),
    ("the last newline lost with a value", "a = 1\n", "a = 2", ["C5"]),
    ("the last newline gained with a line", "a = 1", "a = 1\nb = 2\n", ["C5", "C3"]),
    ("CRLF for the file", "a = 1\nb = 2\nc = 3\n", "a = 1\r\nb = 2\r\nc = 3\r\n", ["C5"]),
    ("CRLF for one line", "a = 1\nb = 2\nc = 3\n", "a = 1\nb = 2\r\nc = 3\n", ["C5"]),
    ("CRLF for one changed line", "a = 1\nb = 2\n", "a = 1\nb = 3\r\n", ["C5"]),
    ("LF for the file, with a value", "a = 1\r\nb = 2\r\n", "a = 1\nb = 3\n", ["C5", "C3"]),
    ("CRLF for the file, with a line", "a = 1\n", "a = 1\r\nb = 2\r\n", ["C5", "C3"]),
    ("CRLF inside a text", 'a = """\nx\n"""\n', 'a = """\r\nx\r\n"""\r\n', ["C5"]),
    ("a byte-order mark with a value", "a = 1\n", "\ufeffa = 2\n", ["C5"]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_not_one_value_on_one_line_is_refused(
    before: str, after: str, expected: list[str]
) -> None:
    found = judge(edited(before, after))
    assert ids(found) == expected
    assert found.change is None
    assert all(finding.file == "config.toml" for finding in found.findings)
    assert all(finding.hint for finding in found.findings)
    assert not any(finding.advice for finding in found.findings)


def test_refusals_say_which_line_comes_first() -> None:
    found = judge(edited("a = 1\nb = 2\nc = 3\n", "a = 1\nb = 3\nc = 4\n"))
    assert [finding.line for finding in found.findings] == [2]
    found = judge(edited("b = 1\na = 1\n", "b = 1\na  = 1\n"))
    assert [(finding.id, finding.line) for finding in found.findings] == [("C4", 2)]


def test_a_value_on_two_lines_is_set_again_by_the_command_shown() -> None:
    found = judge(edited("[t]\na = 1\n# x\n", "[t]\na = 2\n# y\n"))
    [finding] = found.findings
    assert finding.hint == (
        "restore the file: git checkout main -- config.toml\n"
        'then set the value: gitexp start --set t.a=2 "HYPOTHESIS"'
    )


def test_two_lines_without_a_parser_are_one_too_many() -> None:
    found = judge(edited("a\nb\n", "x\ny\n", "knobs.list"), config=("knobs.list",))
    [finding] = found.findings
    assert finding.id == "C3"
    assert finding.hint == ("restore the file: git checkout main -- knobs.list\nthen edit one line")


def test_only_lines_that_differ_are_counted() -> None:
    far = "\n".join(f"k{number} = 0" for number in range(100))
    found = judge(edited(f"# x\n{far}\na = 1\n", f"# y\n{far}\na = 2\n"))
    assert "one value differs, but 2 lines do" in found.findings[0].message
    moved = judge(edited(f"a = 1\n{far}\nb = 1\n", f"{far}\na = 1\nb = 2\n"))
    assert "one value differs, but 2 lines do" in moved.findings[0].message


def test_a_rename_names_key_or_table() -> None:
    def said(before: str, after: str) -> str:
        return judge(edited(before, after)).findings[0].message

    assert "the key t.a was renamed to t.b;" in said("[t]\na = 1\n", "[t]\nb = 1\n")
    assert "the table t was renamed to u (with its 2 keys);" in said(
        "[t]\na = 1\nb = 1\n", "[u]\na = 1\nb = 1\n"
    )
    assert "the table t was renamed to u (with its 1 key);" in said("[t]\na = 1\n", "[u]\na = 1\n")
    assert "the key t.a was renamed to a;" in said("[t]\na = 1\n", "a = 1\n")
    assert "the key a was renamed to t.a;" in said("a = 1\n", "[t]\na = 1\n")
    assert "the key t.a was renamed to u.a;" in said("[t]\na = 1\n[u]\n", "[t]\n[u]\na = 1\n")
    assert "the table t[1] was renamed to u[0] (with its 1 key);" in said(
        "[[t]]\na = 1\n[[t]]\na = 1\n", "[[t]]\na = 1\n[[u]]\na = 1\n"
    )
    assert "the table m.t was renamed to m.u (with its 1 key);" in said(
        "[m.t]\na = 1\n", "[m.u]\na = 1\n"
    )
    assert "the table t was renamed to u (with its 2 keys);" in said(
        "[[t]]\na = 1\nb = 2\n", "[[u]]\na = 1\nb = 2\n"
    )


def test_several_changes_are_listed_and_each_gets_its_command() -> None:
    before = "[m]\nC = 1.0\nname = 'a'\nlayers = [{n = 1}]\n"
    after = "[m]\nC = 10.0\nname = 'b c'\nlayers = [{n = 2}]\n"
    (finding,) = judge(edited(before, after)).findings
    assert finding.message.split("\n") == [
        "config.toml: 3 values differ from main, and an experiment changes one",
        "  m.C            1.0 -> 10.0",
        '  m.name         "a" -> "b c"',
        "  m.layers[0].n  1 -> 2",
    ]
    assert settings_in(finding.hint)[:2] == ["m.C=10.0", 'm.name="b c"']


def test_a_long_list_of_changes_is_cut() -> None:
    before = "".join(f"k{number} = 0\n" for number in range(30))
    (finding,) = judge(edited(before, before.replace("= 0", "= 1"))).findings
    assert len(finding.message.split("\n")) == 10
    assert finding.message.endswith("and 22 more")


def test_commands_in_hints_never_carry_a_cut_value() -> None:
    before, after = "a = 'x'\nb = 1\n", f"a = '{'y' * 500}'\nb = 2\n"
    (finding,) = judge(edited(before, after)).findings
    assert "a=VALUE" in finding.hint
    assert "…" not in finding.hint


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=10), st.text("ab '\"$(`\\"))
def test_commands_in_hints_survive_a_shell(name: str, value: str) -> None:
    key, spelled = spell_key((name,)), spell(value)
    before = f"[t]\n{key} = 0\n[u]\nz = 0\n"
    found = judge(edited(before, f"[t]\n{key} = {spelled}\n[u]\nz = 1\n"))
    assert ids(found) == ["C2"]
    assert settings_in(found.findings[0].hint)[:2] == [f"t.{key}={spelled}", "u.z=1"]


# --- files --------------------------------------------------------------------------------------


def test_a_commit_without_a_difference_is_not_an_experiment() -> None:
    assert ids(judge()) == ["C10"]
    assert ids(judge(edited("a = 1\n", "a = 1\n"))) == ["C10"]
    assert judge().change is None


MODES = (
    (REGULAR, EXECUTABLE, "a = 1\n", "a = 1\n", "was a regular file and is now an executable file"),
    (EXECUTABLE, REGULAR, "a = 1\n", "a = 2\n", "was an executable file and is now a regular file"),
    (NONE, REGULAR, None, "a = 1\n", "was no file and is now a regular file"),
    (REGULAR, NONE, "a = 1\n", None, "was a regular file and is now no file"),
    (REGULAR, LINK, "a = 1\n", None, "was a regular file and is now a symbolic link"),
    (SUBMODULE, REGULAR, None, "a = 1\n", "was a submodule and is now a regular file"),
    (LINK, LINK, None, None, "is a symbolic link"),
    (LINK, LINK, "there.toml", "here.toml", "is a symbolic link"),
    (SUBMODULE, SUBMODULE, None, None, "is a submodule"),
    (REGULAR, REGULAR, "a = 1\n", None, "cannot be read"),
    (REGULAR, REGULAR, None, None, "cannot be read"),
)


@pytest.mark.parametrize(("old", "new", "before", "after", "message"), MODES)
def test_a_config_stays_a_regular_file_with_its_mode(
    old: str, new: str, before: str | None, after: str | None, message: str
) -> None:
    found = judge(edited(before, after, old_mode=old, new_mode=new))
    assert "C6" in ids(found)
    assert found.change is None
    assert found.findings[0].message.startswith(f"config.toml {message}")


@pytest.mark.parametrize("file", ["config.yaml", "config.conf", "config.toml", "config.txt"])
def test_a_pointer_to_content_outside_git_is_not_a_config(file: str) -> None:
    pointers = [
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digit * 64}\nsize 12\n"
        for digit in "ab"
    ]
    for before, after in (pointers, ("a = 1\n", pointers[0]), (pointers[0], "a = 1\n")):
        found = judge(edited(before, after, file), config=[file])
        assert (found.change, ids(found)) == (None, ["C6"])
        assert f"git lfs untrack {file}" in found.findings[0].hint


def test_an_executable_config_may_change_its_value() -> None:
    found = judge(edited("a = 1\n", "a = 2\n", old_mode=EXECUTABLE, new_mode=EXECUTABLE))
    assert found.findings == ()
    assert str(found.change) == "config.toml: a = 1 -> 2"


def test_another_file_is_refused_and_named() -> None:
    change = edited("a = 1\n", "a = 2\n")
    for file, verb in (
        (edited(None, None, "train.py"), "differs"),
        (edited(None, None, "train.py", NONE, REGULAR), "is new"),
        (edited(None, None, "train.py", REGULAR, NONE), "was removed"),
        (edited(None, None, "train.py", REGULAR, EXECUTABLE), "differs"),
        (edited(None, None, "vendor", SUBMODULE, SUBMODULE), "differs"),
        (edited("a = 1\n", "a = 2\n", "sub/config.toml"), "differs"),
        (edited("a = 1\n", "a = 2\n", "/config.toml"), "differs"),
    ):
        found = judge(change, file)
        assert ids(found) == ["C1"]
        assert found.findings[0].message.startswith(f"{file.path} {verb}, and only one line of")
        assert found.findings[0].file == file.path
        assert found.change is None


def test_a_notebook_is_refused_as_one() -> None:
    found = judge(edited(None, None, "eda/My Notes.IPYNB"))
    assert ids(found) == ["N1"]
    assert found.findings[0].hint == (
        "jupyter nbconvert --to script 'eda/My Notes.IPYNB' && git rm --cached --"
        " 'eda/My Notes.IPYNB'"
    )


def test_many_other_files_are_counted_not_listed() -> None:
    found = judge(*(edited(None, None, f"f{number}.py") for number in range(100)))
    assert ids(found) == ["C1"] * 9
    assert found.findings[-1].message == "92 more files differ from main"


def test_one_of_several_configs_may_change() -> None:
    config = ("model.toml", "conf/*.toml")
    change = edited("a = 1\n", "a = 2\n", "conf/train.toml")
    assert str(judge(change, config=config).change) == "conf/train.toml: a = 1 -> 2"
    found = judge(change, edited("a = 1\n", "a = 3\n", "model.toml"), config=config)
    assert ids(found) == ["C2"]
    assert "  conf/train.toml:a  1 -> 2\n  model.toml:a       1 -> 3" in found.findings[0].message
    assert "--set model.toml:a=3" in found.findings[0].hint
    reformatted = edited("a = 1\n", "a=1\n", "model.toml")
    assert ids(judge(change, reformatted, config=config)) == ["C4"]
    assert judge(change, reformatted, config=config).change is None


def test_everything_wrong_is_said_at_once() -> None:
    found = judge(
        edited("a = 1\nb = 1\n", "a = 2\r\nb = 2\r\n", new_mode=EXECUTABLE),
        edited(None, None, "train.py"),
        edited(None, None, "x.ipynb"),
    )
    assert sorted(ids(found)) == ["C1", "C2", "C5", "C6", "N1"]


# --- the seed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seed_key"),
    [
        ("[train]\nseed = {}\n", "train.seed"),
        ("[train]\nseed = {}\n", "train . 'seed'"),
        ("train = {{seed = {}}}\n", 'train."seed"'),
        ("[[runs]]\nseed = {}\n", "runs[0].seed"),
        ("[[runs]]\nseed = {}\n", "runs.0.seed"),
        ('["odd name"]\nseed = {}\n', '"odd name".seed'),
    ],
)
def test_the_seed_is_never_the_change(text: str, seed_key: str) -> None:
    found = judge(edited(text.format(1), text.format(2)), seed=seed_key)
    assert ids(found) == ["C8"]
    assert found.change is None


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("seed = 1", "seed = 2", True),
        ("random_state = 42", "random_state = 7", True),
        ("split-seed = 1", "split-seed = 2", True),
        ("dataSeed = 1", "dataSeed = 2", False),
        ("seeded = 1", "seeded = 2", False),
        ("seed_words = 12", "seed_words = 24", False),
        # A text or a switch under such a name may be anything.
        ("seed = true", "seed = false", False),
        ('seed = "a"', 'seed = "b"', False),
        ("a = 1", "a = 1\nseed = 2", False),
    ],
)
def test_a_number_that_is_named_like_a_seed_is_told(before: str, after: str, told: bool) -> None:
    found = judge(edited(f"{before}\n", f"{after}\n"))
    assert ids(found) == ["C17"] * told
    assert found.change is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[eval]\naverage = {}\n", True),
        ("test_size = {}\n", True),
        ("limit_val_batches = {}\n", True),
        ("[data]\nholdout = {}\n", True),
        ("eval_every = {}\n", False),
        ("val_check_interval = {}\n", False),
        ("[test]\nnum_workers = {}\n", False),
        ("values = {}\n", False),
        ("gradient_clip_val = {}\n", False),
        ("base_score = {}\n", False),
        ("clip_val_score = {}\n", True),
        ("latest = {}\n", False),
        ("[model]\ndropout = {}\n", False),
    ],
)
def test_a_change_of_what_measures_is_told_by_its_name(text: str, told: bool) -> None:
    found = judge(edited(text.format(1), text.format(2)))
    assert ids(found) == ["C17"] * told
    assert found.change is not None


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ("--lr 0.1 --depth 3", "--lr 0.2 --depth 5", "--lr, --depth"),
        ("--lr=0.1 --depth=3", "--lr=0.2 --depth=3 --fast", "--lr, --fast"),
        ("lr=0.1,depth=3", "lr=0.2, depth=5", "lr, depth"),
        ('{"lr": 1, "depth": 3}', '{"lr": 2, "depth": 5}', "lr, depth"),
        ("", "--lr 0.2 --depth 5", "--lr, --depth"),
        ("a?lr=1&depth=3", "b?lr=2&depth=5", "lr, depth"),
        ("lr: 1, depth = 3", "lr: 2, depth = 5", "lr, depth"),
        ("{\"lr\": 1, 'depth': 3}", "{\"lr\": 2, 'depth': 5}", "lr, depth"),
        (f"{'x' * 5000} a=1 b=1", f"{'x' * 5000} a=2 b=2", "a, b"),
        ("--lr 0.1 --depth 3", "--lr 0.2 --depth 3", ""),
        ("--layers 64 32", "--layers 128 64", ""),
        ("a, b", "c, d", ""),
        ("where x=1 and y=2", "where x=2 and y=3", ""),
        ("rbf", "--a 1 --b 2", ""),
        ("{", '{"a": 1}', ""),
        ("well-known --- yes", "well-known --- no", ""),
    ],
)
def test_several_settings_in_a_text_are_told(before: str, after: str, keys: str) -> None:
    found = judge(edited(f'options = """{before}"""\n', f'options = """{after}"""\n'))
    assert ids(found) == ["C18"] * bool(keys)
    assert not keys or found.findings[0].message.endswith(keys)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("model { lr = 1, depth = 2 }", "model { lr = 3, depth = 4 }", True),
        ("export LR=1 DEPTH=2", "export LR=3 DEPTH=4", True),
        ('OPTS="--lr 1 --depth 2"', 'OPTS="--lr 3 --depth 4"', True),
        ("NAME=first, of two", "NAME=second, of three", False),
        ("name = first try: wide", "name = second try: deep", False),
        ("lr = 1, depth = 2", "lr = 3, depth = 2", False),
    ],
)
def test_settings_behind_another_in_a_line_without_quotes_are_told(
    before: str, after: str, told: bool
) -> None:
    found = judge(edited(f"{before}\n", f"{after}\n", "c.conf"), config=("c.conf",))
    assert ids(found) == ["C18"] * told


def test_taking_the_seed_out_is_a_change_of_the_seed() -> None:
    assert ids(judge(edited("a = 1\nseed = 1\n", "a = 1\n"), seed="seed")) == ["C8"]
    assert ids(judge(edited("a = 1\n", "a = 1\nseed = 1\n"), seed="seed")) == ["C8"]


def test_another_key_of_the_seeds_name_may_change() -> None:
    found = judge(edited("[data]\nseed = 1\n", "[data]\nseed = 2\n"), seed="train.seed")
    assert str(found.change) == "config.toml: data.seed = 1 -> 2"


# --- what does not parse ------------------------------------------------------------------------

UNREADABLE: tuple[tuple[bytes, bytes, str, int | None], ...] = (
    (b"a = 1\n", b"a = \n", "config.toml does not parse: ", 1),
    (b"a = 1\nb = 1\n", b"a = 1\nb = 01\n", "config.toml does not parse: ", 2),
    (b"a = 1\nb = 1\n", b"a = 1\na = 1\n", "config.toml does not parse: Cannot overwrite", 2),
    (b"a = 1\n\nb\n", b"a = 1\n\nb = 1\n", "config.toml does not parse on the baseline: ", 3),
    (b"a = \n", b"b = \n", "config.toml does not parse on the baseline: ", 1),
    (b"a = 'x'\n", b"a = '\xff'\n", "config.toml does not parse: not UTF-8", 1),
    (b"a = 1\n", b"a = 1\n\x00\n", "config.toml does not parse: ", 2),
    (b"a = 1\n", "a = 1\n".encode("utf-16"), "config.toml does not parse: not UTF-8", 1),
)


@pytest.mark.parametrize(("before", "after", "message", "line"), UNREADABLE)
def test_a_config_that_does_not_parse_is_refused_with_its_line(
    before: bytes, after: bytes, message: str, line: int | None
) -> None:
    found = judge(edited(before, after))
    assert ids(found) == ["C7"]
    assert found.change is None
    assert found.findings[0].message.startswith(message)
    assert found.findings[0].line == line
    assert found.findings[0].message.isprintable()


# --- formats without a parser -------------------------------------------------------------------

BY_LINE: tuple[tuple[str | bytes, str | bytes, str, object, object], ...] = (
    ("a 1\nb 2\n", "a 1\nb 3\n", 'line 2 = "b 2" -> "b 3"', "b 2", "b 3"),
    ("a 1\n", "a 1\nb 2\n", 'line 2 = (absent) -> "b 2"', ABSENT, "b 2"),
    ("a 1\nb 2\n", "b 2\n", 'line 1 = "a 1" -> (absent)', "a 1", ABSENT),
    ("a 1\r\nb 2\r\n", "a 1\r\nb 3\r\n", 'line 2 = "b 2" -> "b 3"', "b 2", "b 3"),
    ("  a  1\n", "  a  2\n", 'line 1 = "  a  1" -> "  a  2"', "  a  1", "  a  2"),
    ("a 1", "a \x1b[2J\u202e", 'line 1 = "a 1" -> "a \\u001b[2J\\u202e"', "a 1", "a \x1b[2J\u202e"),
    (b"a 1\n", b"a \xff\n", 'line 1 = "a 1" -> "a \\\\xff"', "a 1", "a \\xff"),
)


@pytest.mark.parametrize(("old", "new", "change", "before", "after"), BY_LINE)
def test_without_a_parser_one_line_is_one_change_and_that_is_told(
    old: str | bytes, new: str | bytes, change: str, before: object, after: object
) -> None:
    found = judge(edited(old, new, "run.unknown"), config=("run.unknown",))
    assert str(found.change) == f"run.unknown: {change}"
    assert found.change is not None
    assert (found.change.before, found.change.after) == (before, after)
    assert isinstance(found.change.key[0], Line)
    assert found.change.line == found.change.key[0]
    assert found.change.retyped == ""
    assert ids(found) == ["C11"]
    assert found.findings[0].advice


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a 1\nb 2\n", "a 2\nb 3\n", ["C3"]),
        ("a 1\nb 2\n", "b 2\na 1\n", ["C3"]),
        ("a 1\n", "a 1\nb 2\nc 3\n", ["C3"]),
        ("a 1\n", "a 1", ["C5"]),
        ("a 1\nb 2\n", "a 1\r\nb 2\r\n", ["C5"]),
        ("a 1\n", "a 2", ["C5"]),
        ("a 1\nb 2\n", "a 1\r\nb 3\r\n", ["C5", "C3"]),
    ],
)
def test_without_a_parser_the_line_rule_still_holds(
    old: str, new: str, expected: list[str]
) -> None:
    found = judge(edited(old, new, "run.unknown"), config=("run.unknown",))
    assert [finding.id for finding in found.findings if not finding.advice] == expected
    assert found.change is None


@pytest.mark.parametrize("path", ["c.ini", "c.env", "c.gin", "c.properties", "run.unknown"])
@pytest.mark.parametrize("end", ["\r", "\f", "\v", "\x1c", "\x85", "\u2028"])
def test_a_second_setting_behind_another_kind_of_line_end_is_refused(path: str, end: str) -> None:
    found = judge(
        edited("[m]\nlr = 0.1\nepochs = 20\n", f"[m]\nlr = 0.1\nepochs = 30{end}lr = 5\n", path),
        config=(path,),
    )
    assert "C5" in ids(found)
    assert found.change is None


def test_a_line_that_reads_on_in_the_next_is_refused() -> None:
    found = judge(edited("lr=1\ndepth=2\n", "lr=3\\\ndepth=2\n", "c.conf"), config=("c.conf",))
    assert ids(found) == ["C5"]


def test_python_that_is_read_as_another_text_is_refused() -> None:
    line = "# coding: utf-7\nlr = {} #+AAo-depth=9\n"
    found = judge(edited(line.format(1), line.format(2), "c.py"), config=("c.py",))
    assert ids(found) == ["C7"]
    for encoding in ("latin-1", "utf-8-unix", "utf_8"):
        line = f"#!python\n# -*- coding: {encoding} -*-\nlr = {{}}\n"
        assert judge(edited(line.format(1), line.format(2), "c.py"), config=("c.py",)).change


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("c.toml", "a = {x = 1, y = 2, lr = 3}\n", "a = {y = 2, x = 1, lr = 4}\n"),
        ("c.yaml", "a: {x: 1, y: 2, lr: 3}\n", "a: {y: 2, x: 1, lr: 4}\n"),
        ("c.json", '{"x": 1, "y": 2}\n', '{"lr": 4, "y": 2, "x": 1}\n'),
        ("c.py", "import a; from b import *; lr = 1\n", "from b import *; import a; lr = 2\n"),
    ],
)
def test_a_value_and_the_order_of_others_are_two_changes(
    path: str, before: str, after: str
) -> None:
    assert ids(judge(edited(before, after, path), config=(path,))) == ["C19"]


def test_a_text_of_toml_may_hold_such_a_character() -> None:
    assert ids(judge(edited('a = "x\u2028y"\n', 'a = "x\u2028z"\n'))) == []


def test_a_line_and_a_value_are_two_changes() -> None:
    found = judge(
        edited("a 1\n", "a 2\n", "run.unknown"),
        edited("a = 1\n", "a = 2\n"),
        config=("run.unknown", "config.toml"),
    )
    assert "C2" in ids(found)
    assert found.change is None
    assert "line 1=" not in found.findings[-1].hint


# --- size ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "monster",
    [
        "[" * 10_000 + "]" * 10_000,
        "{a = " * 10_000 + "1" + "}" * 10_000,
        "[" * 10_000,
        "0x" + "f" * 5_000,
        "9" * 5_000,
    ],
)
def test_a_monster_is_malformed_on_either_side(monster: str) -> None:
    for before, after in ((f"a = {monster}\n", "a = 1\n"), ("a = 1\n", f"a = {monster}\n")):
        assert ids(judge(edited(before, after))) == ["C7"]


def test_ten_thousand_levels_of_dotted_keys_are_malformed() -> None:
    for text in (f"a{'.a' * 10_000} = 1\n", f"[a{'.a' * 10_000}]\n"):
        assert ids(judge(edited("", text))) == ["C7"]


@pytest.mark.parametrize("opening", ["[", "{a = "])
def test_as_deep_as_is_read_is_also_compared_and_written(opening: str) -> None:
    closing = {"[": "]", "{a = ": "}"}[opening]
    text = "a = " + opening * 150 + "{}" + closing * 150 + "\n"
    found = judge(edited(text.replace("{}", "1"), text.replace("{}", "2")))
    assert found.findings == ()
    assert str(found.change).startswith("config.toml: a")


def test_a_huge_line_is_one_line() -> None:
    huge = "x" * 900_000
    found = judge(edited(f"a = '{huge}'\n", f"a = '{huge}y'\n"))
    assert found.findings == ()
    assert len(str(found.change)) < 300
    assert ids(judge(edited(f"a = 1 #{huge}\n", f"a = 1 #{huge}y\n"))) == ["C4"]
    numbers = f"a = [{'1, ' * 100_000}"
    assert judge(edited(f"{numbers}2]\n", f"{numbers}3]\n")).findings == ()


def test_a_file_beyond_any_config_is_refused_unless_only_lines_are_compared() -> None:
    huge = "x" * 5_000_000
    assert ids(judge(edited(f"a = '{huge}'\n", f"a = '{huge}y'\n"))) == ["C7"]
    assert ids(judge(edited(f"{huge}\n", f"{huge}y\n", "f"), config=("f",))) == ["C11"]


def test_millions_of_lines_are_counted_and_not_taken_apart() -> None:
    many = b"a\n" * 3_000_000
    (finding,) = judge(edited(many, many.replace(b"a", b"b"), "f"), config=("f",)).findings
    assert finding.id == "C3"
    assert "3000000 lines differ" in finding.message
    found = judge(edited(many, many + b"b\n", "f"), config=("f",))
    assert str(found.change) == 'f: line 3000001 = (absent) -> "b"'


def first_line_and_count(before: bytes, after: bytes) -> tuple[int, int]:
    """Where two texts begin to differ, and in how many lines, told line by line."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    old, new = old[head:], new[head:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    return head + 1, max(gone.total(), come.total(), min(2, max(len(old), len(new))))


lines = st.lists(st.sampled_from((b"a", b"b", b"", b"ab")), max_size=6).map(b"\n".join)


@settings(unhurried, max_examples=200)
@given(lines, lines)
def test_lines_are_compared_as_if_one_by_one(before: bytes, after: bytes) -> None:
    assume(before != after)
    at, count = first_line_and_count(before, after)
    found = judge(edited(before, after, "f"), config=("f",))
    assert {finding.line for finding in found.findings} == {at}
    if any(finding.id == "C3" for finding in found.findings):
        assert f" {count} lines differ" in found.findings[-1].message
    else:
        assert count == 1 or {finding.id for finding in found.findings} == {"C5"}


def test_many_changes_and_many_lines_are_compared_in_one_go() -> None:
    before = "".join(f"[t{number}]\n" for number in range(20_000))
    (finding,) = judge(edited(before, before.replace("[t", "[u"))).findings
    assert finding.id == "C2"
    assert len(finding.message) < 1_000


# --- what is shown ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (b"a\nb", b"a\nc\n", b"a\nc"),
        (b"a\nb\n", b"a\nc", b"a\nc\n"),
        (b"a\r\nb\r\n", b"a\r\nc\n", b"a\r\nc\r\n"),
        (b"a\nb\n", b"c\r\nb\n", b"c\nb\n"),
        # nothing else is touched: what remains is judged
        (b"a\nb", b"a\nb\n", b"a\nb\n"),
        (b"a\nb", b"c\nb\n", b"c\nb\n"),
        (b"a\nb", b"a\nb\nc\n", b"a\nb\nc\n"),
        (b"a\nb\n", b"a", b"a"),
        (b"", b"a", b"a"),
        (b"a", b"a", b"a"),
    ],
)
def test_a_replaced_line_keeps_its_end_where_no_other_line_differs(
    before: bytes, after: bytes, kept: bytes
) -> None:
    assert keep_line_end(before, after) == kept


ODD_KEYS = (
    '"with space"', '"dots.in.it"', '"quote\\""', '"two\\nlines"', '"\\u001b[31mred"', '"\\u009b"',
    '"right\\u202eleft"', '"\\u2066"', '"tab\\t"', '"\\u0000"', "'back\\slash'", '"größe"', '"😀"',
    '""', '" = "', '" -> "', '"a: b"', '"\\u2028"', '"\\u00a0"',
)  # fmt: skip


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_are_shown_escaped_and_on_one_line(key: str) -> None:
    found = judge(edited(f"{key} = 1\n", f"{key} = 2\n"))
    assert found.findings == ()
    assert str(found.change).isprintable()
    for before, after in (
        (f"{key} = 1\nb = 1\n", f"{key} = 2\nb = 2\n"),
        (f"{key} = 1\n", "b = 1\n"),
        (f"{key} = 1\n# x\n", f"{key} = 2\n# y\n"),
        (f"[{key}]\na = 1\n", f"[{key}]\na = 1\n[{key}]\n"),
    ):
        found = judge(edited(before, after))
        assert found.change is None
        assert all(line.isprintable() for line in lines_of(found.findings))


@pytest.mark.parametrize(
    "name", ["\x1b[2J.toml", "two\nlines.toml", "a\u202eb.toml", "a\udcff.toml", " a  b .toml"]
)
def test_odd_file_names_are_shown_escaped_and_on_one_line(name: str) -> None:
    config = ("*.toml",)
    found = judge(edited("a = 1\n", "a = 2\n", name), config=config)
    assert str(found.change).isprintable()
    assert str(found.change).startswith('"')
    for file in (
        edited("a = 1\n", "a=1\n", name), edited("a = 1\n", "a = 1", name),
        edited("a = 1\n", "a = ", name), edited("a = 1\n", "b = 1\n", name),
        edited("a = 1\n", "a = 2\n#\n", name), edited("a = 1\nb = 1", "a = 2\nb = 2", name),
        edited("a = 1\n", "a = 1\n", name, REGULAR, EXECUTABLE),
        edited(None, None, f"{name}.py"), edited(None, None, f"{name}.ipynb"),
    ):  # fmt: skip
        findings = judge(file, config=config).findings
        assert findings
        assert all(finding.message.isprintable() or finding.id == "C2" for finding in findings)
        assert all(line.isprintable() for f in findings for line in f.message.split("\n"))


@unhurried
@given(documents(), documents())
def test_any_two_documents_give_a_change_or_a_reason_but_not_both(before: str, after: str) -> None:
    assume(before != after)
    found = judge(edited(before, after))
    refusals = [finding for finding in found.findings if not finding.advice]
    assert (found.change is None) == bool(refusals)
    assert all(line.isprintable() for line in lines_of(found.findings))


@unhurried
@given(st.binary(max_size=80), st.binary(max_size=80), st.sampled_from(("f.toml", "f.unknown")))
def test_any_two_contents_give_a_change_or_a_reason_but_not_both(
    before: bytes, after: bytes, path: str
) -> None:
    found = judge(edited(before, after, path), config=(path,))
    refusals = [finding for finding in found.findings if not finding.advice]
    assert (found.change is None) == bool(refusals)


def test_a_file_outside_the_project_is_named_as_such() -> None:
    [finding] = judge(Edited("/data.csv", "100644", "100644"), config=("config.toml",)).findings
    assert (finding.id, finding.file) == ("C1", "/data.csv")
    assert finding.message.endswith("it is outside this project")
    [inside] = judge(Edited("data.csv", "100644", "100644"), config=("config.toml",)).findings
    assert "outside" not in inside.message


def test_millions_of_removed_lines_are_only_counted() -> None:
    lines = b"\n" * (LARGEST + 1)
    removed, added = compare_lines(lines, b""), compare_lines(b"", lines)
    assert removed.count == added.count == LARGEST + 1
    assert (removed.before, added.after) == ((lines,), (lines,))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("a = 1\n", "b = 1\n", "the key a was renamed to b;"),
        ("[a]\nx = 1\n", "[b]\nx = 1\n", "the table a was renamed to b (with its 1 key);"),
    ],
)
def test_a_rename_at_the_top_is_of_a_key_or_a_table(before: str, after: str, said: str) -> None:
    [finding] = judge(edited(before, after)).findings
    assert said in finding.message
