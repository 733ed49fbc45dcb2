"""Text for a terminal: as wide as it is, and colored only where somebody sees it."""

from __future__ import annotations

import sys

import pytest

from gitexp.cli.views import terminal
from gitexp.cli.views.terminal import columns, filled, hanging, padded, shortened, styled, wrapped
from gitexp.rules.verdict.verdict import Verdict


@pytest.mark.parametrize(
    ("text", "wide"),
    [("abc", 3), ("", 0), ("学習率", 6), ("e\u0301", 1), ("ok✓", 3), ("ｗｉｄｅ", 8)],
)
def test_wide_characters_take_two_columns_and_combining_ones_none(text: str, wide: int) -> None:
    assert columns(text) == wide
    assert columns(padded(text, 10)) == 10
    assert padded(text, 10, right=True).endswith(text)


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("model.C 1.0 -> 10", 20, "model.C 1.0 -> 10"),
        ("model.C 1.0 -> 10", 17, "model.C 1.0 -> 10"),
        ("model.C 1.0 -> 10", 11, "model…-> 10"),
        ("model.C 1.0 -> 10", 1, "…"),
        ("model.C 1.0 -> 10", 0, ""),
        ("学習率 0.1 -> 学習率", 9, "学習…習率"),
    ],
)
def test_a_long_text_loses_its_middle(text: str, most: int, short: str) -> None:
    assert shortened(text, most) == short
    assert columns(shortened(text, most)) <= most


def test_prose_is_broken_at_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(["word"] * 60)
    for width in (40, 80, 132):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = wrapped(text).splitlines()
        assert width - 6 < max(map(len, lines)) <= width
        assert all(line.startswith("  ") for line in lines)
        assert " ".join(" ".join(lines).split()) == text
    monkeypatch.delenv("COLUMNS")
    assert filled(text) == text  # a program wants whole lines
    assert filled("word " * 200, lines=2) == f"{'word ' * 31}wor …"


def test_what_has_no_blanks_is_broken_only_where_it_is_wide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = "a/" * 40
    assert wrapped(f"see {path} there").splitlines() == ["  see", f"  {path}", "  there"]
    lines = wrapped("学" * 50).splitlines()
    assert [columns(line) for line in lines] == [40, 40, 26]


def test_a_cut_paragraph_says_that_there_was_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = wrapped(" ".join(["word"] * 60), lines=2).splitlines()
    assert len(lines) == 2
    assert lines[-1].endswith(" …")
    assert max(map(len, lines)) <= 40
    # A word of any length is no way to fill a screen.
    assert wrapped("x" * 1000, lines=2) == f"  {'x' * 38}\n  {'x' * 36} …"


def test_lines_below_a_head_are_indented_like_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    first, *rest = hanging("  success: ", " ".join(["word"] * 20)).splitlines()
    assert first.startswith("  success: word")
    assert all(line.startswith(" " * 11 + "word") for line in rest)


def test_text_is_colored_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert styled("text", "red") == "text"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert styled("text", "red") == "\x1b[31mtext\x1b[0m"
    assert terminal.colored("RULED OUT: x", Verdict.RULED_OUT).endswith("\x1b[0m: x")
    monkeypatch.setenv("TERM", "dumb")
    assert styled("text", "red") == "text"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("text", "red", bold=True) == "text"
