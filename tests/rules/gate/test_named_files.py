from __future__ import annotations

import pytest

from gitexp.rules.documents.change import Change
from gitexp.rules.gate.formats.values import ABSENT, Source
from gitexp.rules.gate.named_files import compare_named, named_pairs

CHANGE = Change("conf/main.yaml", ("model",), "small", "big")


def test_a_name_is_looked_up_where_programs_do() -> None:
    pairs = named_pairs(CHANGE)
    for folder in ("", "conf/", "conf/model/"):
        assert (f"{folder}small.yaml", f"{folder}big.yaml") in pairs
    assert ("conf/a.yaml", "conf/b.yaml") in named_pairs(
        Change("c.toml", ("config",), "conf/a.yaml", "conf/b.yaml")
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["../base/a.py", "run.py"], ["../base/b.py", "run.py"]),
        (Source('!include "../base/a.py"'), Source('!include "../base/b.py"')),
        ("@../base/a.py", "@../base/b.py"),
        ("'../base/a.py'", "'../base/b.py'"),
        ("./../base/a.py", "./../base/b.py"),
        (Source("from ..base.a import *"), Source("from ..base.b import *")),
        (
            [Source("from base.a import *"), Source("from os import path")],
            [Source("from base.b import lr"), Source("from os import path")],
        ),
    ],
)
def test_a_name_may_be_one_of_a_list_or_stand_behind_a_mark(before: object, after: object) -> None:
    pairs = named_pairs(Change("conf/main.py", ("_base_",), before, after))
    assert ("base/a.py", "base/b.py") in pairs


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["a", "b"], ["c", "d"]),
        (["a"], ["a", "b"]),
        ([1], [2]),
        (1, 2),
        ("a", ABSENT),
        ("../a", "b"),
        ("/a", "/b"),
        ("a\nb", "c"),
        ("", "a"),
    ],
)
def test_what_cannot_name_a_file_of_the_project_is_not_looked_up(
    before: object, after: object
) -> None:
    assert named_pairs(Change("c.toml", ("k",), before, after)) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (b"lr: 1\nwd: 1\n", b"lr: 2\nwd: 2\n", "they differ in 2 values: lr, wd"),
        (b"lr: 1\nwd: 1\n", b"lr: 2\nwd: 1\n", ""),
        (b"lr: 1\n", b"[\nlr\n", "they differ in 2 lines"),
        (b"lr: 1\n", b"lr: 1\n", ""),
    ],
)
def test_several_values_exchanged_by_a_name_are_told(
    before: bytes, after: bytes, told: str
) -> None:
    found = compare_named(CHANGE, ("conf/small.yaml", "conf/big.yaml"), before, after)
    assert (found.message if found else "").endswith(told)
    assert (found is None) == (not told)
    assert found is None or (found.id, found.advice) == ("C15", True)
