"""The line that says how far a command is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.views.progress import ProgressLine
from gitexp.store.transfer import Progress

if TYPE_CHECKING:
    import pytest


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


def test_a_quick_command_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine(after=60)
    line.show(Progress("checking rules", 4, 4, ""))
    line.clear()
    assert capsys.readouterr().err == ""
