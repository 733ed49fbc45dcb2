"""The line that says how far a command is."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import pytest

from gitexp.cli.views.progress import ProgressLine
from gitexp.cli.watching import Terminal, watch
from gitexp.lab import progress
from gitexp.store.transfer import Progress


def test_a_line_is_written_over_and_taken_away(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine()
    line.show(Progress("checking rules", 1, 4, ""))
    line.show(Progress("checking rules", 2, 4, ""))  # too soon after the first
    line.show(Progress("checking rules", 4, 4, ""))
    line.clear()
    line.clear()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "\r  checking rules: 25 % (1 of 4)\x1b[K\r  checking rules: 100 % (4 of 4)\x1b[K\r\x1b[K"
    )


@pytest.fixture
def listened(monkeypatch: pytest.MonkeyPatch) -> list[progress.Listener]:
    """Whoever listens during a test."""
    listeners: list[progress.Listener] = []
    monkeypatch.setattr(progress, "_listeners", listeners)
    return listeners


def test_a_long_step_is_shown_and_taken_away_before_anything_else_is_printed(
    capsys: pytest.CaptureFixture[str], listened: list[progress.Listener]
) -> None:
    progress.listen(Terminal(patience=0))
    assert [*progress.counted_off("checking", "abc", 3)] == ["a", "b", "c"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "\r  checking: 0 % (0 of 3)\x1b[K\r\x1b[K"
    with progress.heard_by():
        assert [*progress.counted_off("checking", "abc", 3)] == ["a", "b", "c"]
    assert capsys.readouterr().err == ""
    assert len(listened) == 1


def test_a_slow_step_is_shown_though_nothing_more_is_told(
    capsys: pytest.CaptureFixture[str], listened: list[progress.Listener]
) -> None:
    progress.listen(Terminal(patience=0.05))
    with progress.in_one_piece("searching"):
        time.sleep(0.2)
    assert capsys.readouterr().err == "\r  searching ...\x1b[K\r\x1b[K"
    with progress.in_one_piece("searching again"):
        pass
    assert capsys.readouterr().err == "\r  searching again ...\x1b[K\r\x1b[K"
    assert listened


def test_a_step_is_shown_again_after_a_part_of_it_that_was_counted(
    capsys: pytest.CaptureFixture[str], listened: list[progress.Listener]
) -> None:
    progress.listen(Terminal(patience=0))
    with progress.in_one_piece("writing"):
        assert [*progress.counted_off("checking", "ab", 2)] == ["a", "b"]
        assert capsys.readouterr().err.endswith("\r\x1b[K\r  writing ...\x1b[K")
    assert capsys.readouterr().err == "\r\x1b[K"
    assert listened


def test_a_quick_step_is_never_shown(
    capsys: pytest.CaptureFixture[str], listened: list[progress.Listener]
) -> None:
    progress.listen(Terminal(patience=0.05))
    assert [*progress.counted_off("checking", "abc", 3)] == ["a", "b", "c"]
    time.sleep(0.1)
    assert capsys.readouterr().err == ""
    assert listened


def test_a_step_that_fails_leaves_no_line_behind(
    capsys: pytest.CaptureFixture[str], listened: list[progress.Listener]
) -> None:
    progress.listen(Terminal(patience=0))

    def failing() -> Iterator[str]:
        yield "a"
        raise ValueError("b")

    with pytest.raises(ValueError, match="b"):
        list(progress.counted_off("checking", failing(), 2))
    assert capsys.readouterr().err.endswith("\r\x1b[K")
    assert listened


@pytest.mark.parametrize(
    ("words", "terminal", "name", "heard"),
    [
        (["log"], True, "xterm", True),
        (["start", "--", "--json"], True, "xterm", True),
        (["log"], False, "xterm", False),
        (["log"], True, "dumb", False),
        (["log", "--json"], True, "xterm", False),
        (["run", "--quiet"], True, "xterm", False),
    ],
)
def test_only_a_terminal_watches_and_only_where_it_may(
    words: list[str], terminal: bool, name: str, heard: bool,
    monkeypatch: pytest.MonkeyPatch, listened: list[progress.Listener],
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    monkeypatch.setenv("TERM", name)
    watch(words)
    assert bool(listened) == heard
