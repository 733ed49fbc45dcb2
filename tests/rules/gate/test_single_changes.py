"""Edits with several changes, taken apart."""

from __future__ import annotations

import pytest

from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.one_change import inspect
from gitexp.rules.gate.single_changes import separate_changes

CONFIG = (
    b"# knobs\n[model]\nC = 1.0  # c\nk = 'rbf'\ninline = {a = 1, b = 2}\n\n[train]\nlr = 1e-3\n"
)


def parts(after: bytes, before: bytes = CONFIG) -> tuple[list[str], list[str]]:
    file = Edited("c.toml", "100644", "100644", before, after)
    found, findings = separate_changes(file, ["c.toml"])
    for part in found:
        alone = inspect([Edited("c.toml", "100644", "100644", before, part.content)], ["c.toml"])
        assert alone.change == part.change
        assert not alone.findings
    return [str(part.change).removeprefix("c.toml: ") for part in found], [f.id for f in findings]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ((b"C = 1.0", b"lr = 1e-3"), (b"C = 10", b"lr = 0.1"),
         ["model.C = 1.0 -> 10", "train.lr = 0.001 -> 0.1"]),
        ((b"C = 1.0  # c\nk = 'rbf'",), (b"C = 2.0  # c\nk = 'poly'",),
         ["model.C = 1.0 -> 2.0", 'model.k = "rbf" -> "poly"']),
        ((b"a = 1, b = 2",), (b"a = 3, b = 4",),
         ["model.inline.a = 1 -> 3", "model.inline.b = 2 -> 4"]),
        ((b"# knobs", b"C = 1.0"), (b"# the knobs", b"C = 5.0"), ["model.C = 1.0 -> 5.0"]),
        ((b"lr = 1e-3\n",), (b"lr = 1e-3\nmomentum = 0.9\nnesterov = true\n",),
         ["train.momentum = (absent) -> 0.9", "train.nesterov = (absent) -> true"]),
        ((b"k = 'rbf'\n", b"C = 1.0"), (b"", b"C = 3.0"),
         ["model.C = 1.0 -> 3.0", 'model.k = "rbf" -> (absent)']),
    ],
)  # fmt: skip
def test_each_change_is_alone_in_its_own_version_of_the_file(
    old: tuple[bytes, ...], new: tuple[bytes, ...], changes: list[str]
) -> None:
    after = CONFIG
    for one, other in zip(old, new, strict=True):
        assert after.count(one) == 1
        after = after.replace(one, other)
    assert parts(after) == (changes, [])


def test_a_renamed_key_cannot_stand_alone_and_is_named() -> None:
    found, findings = parts(CONFIG.replace(b"lr = 1e-3", b"rate = 1e-3").replace(b"1.0", b"2.0"))
    assert found == ["model.C = 1.0 -> 2.0"]
    assert findings == ["C9"]


def test_of_a_line_with_a_new_name_and_a_new_value_the_value_stands_alone() -> None:
    found, findings = parts(CONFIG.replace(b"{a = 1, b = 2}", b"{a = 3, c = 4}"))
    assert found == ["model.inline.a = 1 -> 3"]
    assert findings == ["C2"]


def test_formatting_alone_yields_nothing() -> None:
    assert parts(CONFIG.replace(b"C = 1.0  # c", b"C=1.00 # d")) == ([], [])


def test_crlf_files_are_taken_apart_too() -> None:
    crlf = CONFIG.replace(b"\n", b"\r\n")
    after = crlf.replace(b"1.0", b"2.0").replace(b"1e-3", b"1e-4")
    found, findings = parts(after, crlf)
    assert found == ["model.C = 1.0 -> 2.0", "train.lr = 0.001 -> 0.0001"]
    assert findings == []
