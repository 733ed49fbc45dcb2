"""In a terminal, what gitexp prints fits; without one nothing is wrapped, colored or redrawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.made_once import fresh, made_once
from tests.project import World
from tests.typed import typed

LONG = "a longer training lifts accuracy because the loss still falls after twenty epochs " * 2


@pytest.fixture(scope="module")
def _busy(_initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with made_once(_initialised, tmp_path_factory.mktemp("busy")) as world:
        world.start("--set", "model.C=10", "--gain", "0.02", "--chance", "0.5", "--evidence", "gap")
        world.gitexp("run")
        world.start("--set", "train.epochs=30", "--gain", "0.004", "--cost", "2h", text=LONG)
        world.gitexp("known", "add", LONG, "--key", "model.kernel", "--source", f"a paper: {LONG}")
        world.gitexp("goal", "accuracy >= 0.97 by 2999-01-31")
    return world.path


@pytest.fixture
def busy(_busy: Path, tmp_path: Path) -> World:
    """A project with something of everything to show."""
    return fresh(_busy, tmp_path / "project")


def test_what_is_printed_fits_eighty_columns(busy: World) -> None:
    for words in ("status", "log --calibration", "show", "next --hours 1", "known", "goal", "gaps",
                  "accept", "run nope"):  # fmt: skip
        code, shown = typed(busy, "", *words.split())
        assert code in {0, 1, 2, 3}, shown
        assert re.search(r"\x1b\[[0-9;]*m", shown) is None  # NO_COLOR is set
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).splitlines()
        assert [line for line in lines if len(line) > 80] == [], words


def test_a_command_in_a_hint_stays_on_one_line(busy: World) -> None:
    _, shown = typed(busy, "", "gaps")
    assert "gitexp run --baseline" in map(str.strip, shown.splitlines())


def test_without_a_terminal_nothing_is_wrapped_colored_or_redrawn(busy: World) -> None:
    shown = {}
    for words in ("", "status --for-agent", "log", "log --long", "show", "next", "known", "goal",
                  "log loss", "check", "check --all", "verify", "doctor", "report", "trust",
                  "log --calibration", "run --quiet", "archive --ruled-out", "gaps"):  # fmt: skip
        ran = busy.gitexp(*words.split(), COLUMNS="", NO_COLOR="", TERM="xterm")
        shown[words] = ran.out
        assert re.search(r"[\x1b\r\b]", ran.out + ran.err) is None, words
    assert LONG.strip() in shown["known"]
    assert LONG.strip() in shown["show"]
    assert LONG[:150] in shown["log --long"]  # and no longer than three lines were
    assert max(map(len, shown["log"].splitlines())) <= 200
