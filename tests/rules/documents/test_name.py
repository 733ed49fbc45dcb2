from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import UsageError
from gitexp.rules.documents.name import base_name, is_name, names_commit, set_apart

COMMIT = "0123456789abcdef0123456789abcdef01234567"

_names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?", fullmatch=True)


NAMES = (
    ("brave-otter", True), ("a", True), ("7", True), ("a" * 60, True), ("x--y", True),
    ("", False), ("a" * 61, False), ("-a", False), ("a-", False), ("A", False), ("a b", False),
    ("a/b", False), ("a.lock", False), ("é", False), ("a\n", False), ("$(id)", False),
)  # fmt: skip


@pytest.mark.parametrize(("name", "good"), NAMES)
def test_names_are_words_for_branches_files_and_shells(name: str, *, good: bool) -> None:
    assert is_name(name) is good


@given(_names, st.sets(st.integers(4, 12)))
def test_a_name_that_is_taken_gets_digits_of_its_commit(name: str, lengths: set[int]) -> None:
    taken = {f"{name[: 59 - n].rstrip('-')}-{COMMIT[:n]}" for n in lengths}
    apart = set_apart(name, COMMIT, taken)
    assert is_name(apart)
    assert apart not in taken
    assert names_commit(apart, name, COMMIT)
    assert not names_commit(apart, name, COMMIT[::-1])


def test_digits_are_told_from_a_name_by_the_commit() -> None:
    assert base_name("brave-otter-01234", COMMIT) == "brave-otter"
    assert base_name("brave-otter-99999", COMMIT) == "brave-otter-99999"
    assert base_name("brave-otter-012", COMMIT) == "brave-otter-012"
    assert names_commit("brave-otter", "brave-otter", COMMIT)
    assert not names_commit("calm-crane", "brave-otter", COMMIT)


def test_a_commit_without_a_free_name_is_refused() -> None:
    taken = {f"a-{COMMIT[:n]}" for n in range(41)}
    with pytest.raises(UsageError, match="no name left"):
        set_apart("a", COMMIT, taken)
