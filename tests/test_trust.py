"""The table of ways round in docs/trust.md: each row is held by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OUTCOMES = {"prevented", "detected", "visible", "not detectable"}


def rows() -> list[tuple[str, str, str, str]]:
    """Way round, outcome, what happens, tests: of every row, in its order."""
    found = []
    for line in (ROOT / "docs/trust.md").read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and cells[1] in OUTCOMES:
            found.append((cells[0], cells[1], cells[2], cells[3]))
    return found


def test_the_table_has_all_four_outcomes() -> None:
    assert {outcome for _, outcome, _, _ in rows()} == OUTCOMES


@pytest.mark.parametrize(("way", "outcome", "what", "tests"), rows(), ids=lambda text: text[:40])
def test_each_row_is_held_by_tests(way: str, outcome: str, what: str, tests: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
    assert way
    assert what
    assert named or outcome == "not detectable"
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(), f"{file}::{name}"
