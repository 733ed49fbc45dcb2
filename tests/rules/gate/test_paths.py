from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings
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
    ("conf/a.yaml", "conf/**/*.yaml", True),
    ("conf/x/a.yaml", "conf/**/*.yaml", True),
    ("conf/x/y/a.yaml", "conf/**/*.yaml", True),
    ("conf/.x/.a.yaml", "conf/**/*.yaml", True),
    ("conf/A.YAML", "conf/**/*.yaml", False),
    ("other/conf/a.yaml", "conf/**/*.yaml", False),
    ("a.yaml", "**/*.yaml", True),
    ("x/y/a.yaml", "**/*.yaml", True),
    ("x/y/a.toml", "**/*.yaml", False),
    ("x/y/a.yaml", "**/y/*.yaml", True),
    ("x/z/a.yaml", "**/y/*.yaml", False),
    ("a/x/b/y/c", "a/**/b/**/c", True),
    ("a/b/c", "a/**/b/**/c", True),
    ("a/c", "a/**/b/**/c", False),
    ("conf/x/y", "conf/**", True),
    ("conf", "conf/**", False),
    ("x/a**", "x/a**", True),
    ("x/ab", "x/a**", True),
    ("x/a/b", "x/a**", False),
    ("x/a", "**", True),
    ("/conf/a.yaml", "conf/**/*.yaml", False),
)


@pytest.mark.parametrize(("path", "pattern", "expected"), CONFIGS)
def test_a_config_is_where_its_pattern_says_and_no_deeper(
    path: str, pattern: str, *, expected: bool
) -> None:
    assert is_config(path, [pattern]) is expected
    assert is_config(path, ["other.toml", pattern]) is expected
    assert not is_config(path, [])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sets(st.from_regex(r"([ab.]{1,2}/){0,3}c\.(yaml|toml)", fullmatch=True), max_size=6),
    st.from_regex(r"((\*\*|[ab*?]{1,2})/){0,3}(c\.yaml|\*\.yaml|\*)", fullmatch=True),
)
def test_a_pattern_matches_what_pathlib_finds_by_it(names: set[str], pattern: str) -> None:
    assume(not any({".", ".."} & set(name.split("/")) for name in names))
    assume(not any("**" in part and part != "**" for part in pattern.split("/")))
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name in names:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).touch()
        found = {
            path.relative_to(place).as_posix() for path in place.glob(pattern) if path.is_file()
        }
    assert {name for name in names if is_config(name, [pattern])} == found


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
    is_config("a/" * 500 + "a", ["**/*a/" * 30 + "b"])
    assert time.perf_counter() - began < 5
