from __future__ import annotations

from typing import Any

import pytest

from gitexp.rules.gate import formats
from gitexp.rules.gate.several_values import refuse_settings
from gitexp.rules.gate.typed_value import inspect_typed, spelled_as_meant


def judged(file: str, old: Any, typed: str) -> str:  # noqa: ANN401 - parsed data
    """What is written for a typed value, or the rule that refuses it."""
    form = formats.format_of(file)
    assert form is not None
    meant = spelled_as_meant(typed, old, form)
    found = inspect_typed(file, ("k",), meant, old, form.parse_value(meant))
    return found.id if found else str(form.spell_value(meant))


TYPED = (
    # booleans as any language writes them
    ("c.toml", True, "False", "false"),
    ("c.json", True, "False", "false"),
    ("c.yaml", True, "False", "false"),
    ("c.py", True, "false", "False"),
    ("c.toml", True, "no", "C14"),
    ("c.toml", True, "ture", "C14"),
    ("c.toml", True, "1", "C14"),
    ("c.toml", True, "'auto'", "'auto'"),
    # a list, or anything that is mostly meant as one, for a number
    ("c.toml", 1.0, "1,10", "C14"),
    ("c.toml", 1, "0.1, 0.2", "C14"),
    ("c.toml", 1, "[1, 2]", "C14"),
    ("c.yaml", 1, "[1, 2]", "C14"),
    ("c.yaml", 1, "1,2", "C14"),
    ("c.json", 1, "[1]", "C14"),
    ("c.py", 1, "(1, 2)", "C14"),
    ("c.py", 1, "1, 2", "C14"),
    ("c.ini", "1.0", "1,10", "C14"),
    ("c.ini", "1.0", "[1, 10]", "C14"),
    ("c.conf", "a", "a,b", "a,b"),
    ("c.conf", "1e-3", "2e-3", "2e-3"),
    # other words for a number
    ("c.yaml", 1, "True", "C14"),
    ("c.json", 1, "True", "C14"),
    ("c.json", 1, "None", "C14"),
    ("c.json", 1, "nan", "C14"),
    ("c.json", 1, "1.0.0", "C14"),
    ("c.json", 1, "0x10", "C14"),
    ("c.json", 1, "", "C14"),
    ("c.toml", 1, "scale", '"scale"'),
    *(("c.toml", 1, word, "C14") for word in ("yes", "No", "on", "off", "none", "Infinity")),
    ("c.toml", 1, "'1,10'", "'1,10'"),
    ("c.json", 1, "null", "null"),
    ("c.json", 1, "2.5", "2.5"),
    ("c.py", 1, "10 * 2", "C14"),
    # lists and texts
    ("c.toml", [1, 2], "1", "C14"),
    ("c.toml", [1, 2], "1,2", "C14"),
    ("c.toml", [1, 2], "[3]", "[3]"),
    ("c.toml", "adam", "sgd", '"sgd"'),
    ("c.toml", "adam", "[1]", "C14"),
    # several words for one
    *((file, "rbf", "rbf,poly", "C14") for file in ("c.toml", "c.yaml", "c.json", "c.py")),
    ("c.yaml", "rbf", "'rbf,poly'", "'rbf,poly'"),
    ("c.toml", "age,sex", "age,sex,bmi", '"age,sex,bmi"'),
    ("c.toml", "a", "a sentence, with words", '"a sentence, with words"'),
    ("c.toml", "1", "2", "2"),
    ("c.json", None, "[1]", "[1]"),
    # two versions of YAML
    ("c.yaml", True, "off", "C13"),
    ("c.yaml", "on", "off", "C13"),
    ("c.yaml", 10, "010", "C13"),
    ("c.yaml", 10, "1:30", "C13"),
    ("c.yaml", 10, "0o17", "C13"),
    ("c.yaml", 0.1, "1e-4", "1.0e-4"),
    ("c.yaml", "x", "'off'", "'off'"),
    ("c.yaml", "x", "!!str off", "!!str off"),
)


@pytest.mark.parametrize(("file", "old", "typed", "expected"), TYPED)
def test_a_typed_value_is_of_the_kind_that_is_there_or_plainly_meant(
    file: str,
    old: Any,  # noqa: ANN401 - parsed data
    typed: str,
    expected: str,
) -> None:
    assert judged(file, old, typed) == expected


def test_what_is_refused_comes_with_a_command_that_is_not() -> None:
    form = formats.format_of("c.toml")
    assert form is not None
    found = inspect_typed("c.toml", ("m", "C"), "1,10", 1.0, "1,10")
    assert found is not None
    assert found.message == 'm.C is the float 1.0, and this would make it the string "1,10"'
    assert 'gitexp start --set m.C=1 "HYPOTHESIS"' in found.hint
    assert inspect_typed("c.toml", ("m", "C"), "1", 1.0, form.parse_value("1")) is None
    found = inspect_typed("c.toml", ("m", "kernel"), "rbf,poly", "rbf", "rbf,poly")
    assert found is not None
    assert found.message == 'm.kernel is the string "rbf", and rbf,poly may be one text or several'
    assert found.hint.split("\n") == [
        'set one string: gitexp start --set m.kernel=poly "HYPOTHESIS"',
        'or each, one experiment a value: gitexp start --sweep m.kernel=rbf,poly "HYPOTHESIS"',
        """or, if you mean it, gitexp start --set 'm.kernel="rbf,poly"' "HYPOTHESIS\"""",
    ]
    found = inspect_typed("c.toml", ("amp",), "no", True, "no")
    assert found is not None
    assert "gitexp start --set amp=false " in found.hint
    found = inspect_typed("c.yaml", ("amp",), "off", True, "off")
    assert found is not None
    assert found.hint.split("\n") == [
        "say which:",
        """gitexp start --set 'amp="off"' "HYPOTHESIS\"""",
        'gitexp start --set amp=false "HYPOTHESIS"',
    ]


def test_several_values_typed_at_once_are_several_changes() -> None:
    found = refuse_settings(["C=1", "name=a b"])
    assert found.id == "C2"
    assert "2 values are set" in found.message
    assert "gitexp start --set 'name=a b' " in found.hint
    assert "gitexp start --preset NAME C=1 'name=a b'" in found.hint
