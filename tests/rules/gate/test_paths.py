from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.documents.settings import INERT
from gitexp.rules.gate.paths import is_config, matches

MATCHES = (
    ("README.md", "*.md", True),
    ("docs/deep/notes.md", "*.md", True),
    ("README.md.py", "*.md", False),
    ("docs/a.py", "docs/", True),
    ("docs/deep/a.py", "docs/", True),
    ("docs", "docs/", False),
    ("src/docs/a.py", "docs/", False),
    ("docs2/a.py", "docs/", False),
    ("data/a.csv", "data/*.csv", True),
    ("other/data/a.csv", "data/*.csv", False),
    ("a.csv", "data/*.csv", False),
    ("LICENSE", "LICENSE", True),
    ("sub/LICENSE", "LICENSE", True),
    ("license", "LICENSE", False),
    ("a.py", "?.py", True),
    ("ab.py", "?.py", False),
    ("b.py", "[ab].py", True),
    ("two\nlines.md", "*.md", True),
    ("a.md\n", "*.md", False),
    (".github/workflows/ci.yml", ".github/", True),
)


@pytest.mark.parametrize(("path", "pattern", "expected"), MATCHES)
def test_a_pattern_means_a_folder_a_name_or_a_whole_path(
    path: str, pattern: str, *, expected: bool
) -> None:
    assert matches(path, [pattern]) is expected
    assert matches(path, ["nothing", pattern]) is expected
    assert not matches(path, [])


def test_by_default_documents_and_tests_cannot_alter_a_run() -> None:
    inert = ("README.md", "docs/index.html", "tests/test_x.py", ".github/workflows/ci.yml")
    assert all(matches(path, INERT) for path in inert)
    active = ("train.py", "src/tests/helper.py", "data/docs/x.csv", "config.toml", "tests.py")
    assert not any(matches(path, INERT) for path in active)


CONFIGS = (
    ("config.toml", "config.toml", True),
    ("sub/config.toml", "config.toml", False),
    ("/config.toml", "config.toml", False),
    ("Config.toml", "config.toml", False),
    ("config.toml.py", "config.toml", False),
    ("conf/a.toml", "conf/*.toml", True),
    ("conf/deep/a.toml", "conf/*.toml", False),
    ("conf/.toml", "conf/*.toml", True),
    ("conf/a.toml", "*.toml", False),
    ("a.toml", "*.toml", True),
    ("a/b.toml", "*/b.toml", True),
    ("a/c/b.toml", "*/b.toml", False),
    ("a/c/b.toml", "*/*/b.toml", True),
    ("b.toml", "*/b.toml", False),
)


@pytest.mark.parametrize(("path", "pattern", "expected"), CONFIGS)
def test_a_config_is_where_its_pattern_says_and_no_deeper(
    path: str, pattern: str, *, expected: bool
) -> None:
    assert is_config(path, [pattern]) is expected
    assert is_config(path, ["other.toml", pattern]) is expected
    assert not is_config(path, [])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.from_regex(r"[a-z0-9._ -]{1,8}", fullmatch=True), min_size=1, max_size=4))
def test_a_plain_path_means_itself_alone(parts: list[str]) -> None:
    path = "/".join(parts)
    assert is_config(path, [path])
    assert not is_config(f"{path}x", [path])
    assert not is_config(f"x/{path}", [path])
    assert matches(f"{path}/x", [f"{path}/"])


def test_a_hostile_pattern_takes_no_longer() -> None:
    began = time.perf_counter()
    matches("a" * 5_000, ["*a" * 30 + "b"])
    is_config("a" * 5_000, ["*a" * 30 + "b"])
    assert time.perf_counter() - began < 5
