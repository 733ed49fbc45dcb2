"""The log in one line an experiment: what it holds, and that it fits."""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import TYPE_CHECKING

import pytest

from gitexp.cli.views.log_cells import Column, age, fitted_change, in_fewer_words
from gitexp.cli.views.terminal import columns
from gitexp.rules.documents.change_line import parse_change
from tests.arrange import settle
from tests.forked import run_forked
from tests.made_once import fresh, made_once
from tests.typed import TERMINAL, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

NOW = dt.datetime(2026, 11, 28, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2026-11-28T12:00:01+00:00", "0m"),  # another clock is ahead
        ("2026-11-28T11:00:30+00:00", "59m"),
        ("2026-11-28T13:00:00+02:00", "1h"),
        ("2026-11-27T12:00:00+00:00", "1d"),
        ("2026-11-14T13:00:00+00:00", "13d"),
        ("2026-11-14T12:00:00+00:00", "2w"),
        ("2025-01-01T00:00:00+00:00", "99w"),
        ("2020-11-01T00:00:00+00:00", "6y"),
    ],
)
def test_the_age_of_an_experiment_takes_three_columns(time: str, said: str) -> None:
    assert age(time, NOW) == said
    assert len(said) <= 3


def test_where_there_is_little_room_a_change_loses_what_was_before() -> None:
    assert in_fewer_words(parse_change('a/config.toml: model.head."a.b" = 1.0 -> "x = y"')) == (
        'model.head."a.b" 1.0 -> "x = y"',
        'model.head."a.b" -> "x = y"',
        '"a.b" 1.0 -> "x = y"',
        '"a.b" -> "x = y"',
    )


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (39, 'model.class_weight "none" -> "balanced"'),
        (38, 'model.class_weight -> "balanced"'),
        (32, 'model.class_weight -> "balanced"'),
        (31, 'class_weight -> "balanced"'),
        (26, 'class_weight -> "balanced"'),
        (23, 'class_wei -> "balanced"'),
        (18, 'class_w -> "balanc'),
        (9, "class_wei"),
    ],
)
def test_a_change_keeps_its_arrow_however_little_room_there_is(most: int, said: str) -> None:
    change = parse_change('config.toml: model.class_weight = "none" -> "balanced"')
    told = fitted_change(in_fewer_words(change), most, cut=lambda text, most: text[:most])
    assert told == said


@pytest.fixture(scope="module")
def _told(_initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with made_once(_initialised, tmp_path_factory.mktemp("told")) as world:
        settle(world, repeats=[3])
        world.start("--set", "model.C=10")
        world.gitexp("run")
        world.write("train.py", (world.path / "train.py").read_text() + "\n# 学習率を下げる\n")
        world.commit("学習率を下げるための長い説明です。とても長いので、一行には入りません。")
        world.start("--set", 'model.kernel="a-kernel-of-a-very-long-name-that-fits-no-line"')
    return world.path


@pytest.fixture
def told(_told: Path, tmp_path: Path) -> World:
    """A confirmed experiment, a planned one with a long change, and an untested step."""
    return fresh(_told, tmp_path / "project")


def test_each_experiment_is_one_line_that_fits(told: World) -> None:
    rows = {row["verdict"]: row for row in told.gitexp("log", "--json").json}
    for width in (60, 80, 120, 200):
        out = told.gitexp("log", COLUMNS=str(width)).out
        assert max(map(columns, out.splitlines())) <= width
        # Two of them may be of the same second, and then stand in either order.
        planned, step, confirmed = (
            next(line for line in out.splitlines() if line.startswith(mark)) for mark in "·-✓"
        )
        assert "planned" in planned
        assert "UNTESTED" in step
        assert "model.C 1.0 → 10" in confirmed
        assert rows["CONFIRMED"]["name"][:4] in confirmed
        assert f"{rows['CONFIRMED']['effect']:+.3f}"[:5] in confirmed
        assert ("CONFIRMED" in confirmed) == (width >= 130)
        assert ("✓ confirmed" in out) == (width < 130)
        assert ("●" in confirmed) == (width >= 70)
        lower, upper = (f"{rows['CONFIRMED'][side]:+.3f}"[:5] for side in ("lower", "upper"))
        assert (lower in confirmed and upper in confirmed) == (width >= 100)
    assert "\x1b" not in out


def test_a_terminal_that_knows_ascii_alone_gets_no_more(told: World) -> None:
    out = told.gitexp("log", COLUMNS="80", TERM="dumb", code=0).out
    [confirmed] = [line for line in out.splitlines() if line.startswith("+  ")]
    assert "model.C 1.0 -> 10" in confirmed
    assert confirmed.isascii()
    assert "+ confirmed" in out


def test_without_a_terminal_lines_are_longer_but_not_endless(told: World) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    code, out, _ = run_forked(("log",), told.path, environment)
    assert code == 0
    assert 80 < max(map(columns, out.splitlines())) <= 200


def test_no_column_that_was_asked_for_vanishes_in_silence(told: World) -> None:
    every = [*map(str, Column)]

    def shown(width: str) -> tuple[list[str], str]:
        out = told.gitexp("log", "--columns", ",".join(every), COLUMNS=width).out
        head = next(line for line in out.splitlines() if line.startswith("   change"))
        return [word for word in head.split() if word in every], out

    assert shown("")[0] == [name for name in every if name != "plot"]  # which has other words
    head, out = shown("80")
    assert max(map(columns, out.splitlines())) <= 80
    said = " ".join(out.split("No room in 80 columns for: ")[1].split(".")[0].split())
    assert head + re.split(", | and ", said) == every


def test_accepted_and_archived_experiments_are_marked(told: World) -> None:
    rows = told.gitexp("log", "--json").json
    confirmed = next(row["name"] for row in rows if row["verdict"])
    told.gitexp("archive", confirmed)
    out = told.gitexp("log").out
    assert "\n✓~ model.C" in out
    assert "~ [archived]" in out


def on_a_terminal(world: World, *words: str, **environment: str | None) -> str:
    """What a command writes to a terminal, with a pager only if it is given."""
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    wanted = clean | {"TERM": "xterm", "GIT_PAGER": "cat"} | environment
    given = {name: value for name, value in wanted.items() if value is not None}
    said = world.path.parent / "said"
    code, shown = on_terminal(world, words, given, (os.devnull, TERMINAL, str(said)))
    assert (code, "\x1b" in said.read_text()) == (0, False)
    return shown


def test_only_a_terminal_gets_colors_and_json_never(told: World) -> None:
    assert "\x1b[32m" in on_a_terminal(told, "log")
    assert "\x1b" not in on_a_terminal(told, "log", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(told, "log", TERM="dumb")
    assert "\x1b" not in on_a_terminal(told, "log", "--json")
    assert "\x1b" not in on_a_terminal(told, "show", "--json")


def test_colors_take_no_room_where_a_line_is_full(told: World) -> None:
    plain = told.gitexp("status", COLUMNS="80").out
    shown = on_a_terminal(told, "status", COLUMNS="80").replace("\r\n", "\n")
    assert shown != plain
    assert re.sub("\x1b\\[[0-9;]*m", "", shown) == plain


def test_color_is_a_choice(told: World) -> None:
    assert "\x1b[32m" in told.gitexp("log", "--color", "always").out
    assert "\x1b" not in on_a_terminal(told, "log", "--color", "never")
    assert "\x1b[32m" in on_a_terminal(told, "log", "--color", "always", NO_COLOR="1")


@pytest.mark.parametrize("pager", [{"GIT_PAGER": "sed 's/^/> /'"}, {"PAGER": "sed 's/^/> /'"}])
def test_gits_pager_shows_the_log_on_a_terminal(told: World, pager: dict[str, str]) -> None:
    clean = {} if "GIT_PAGER" in pager else {"GIT_PAGER": None}
    shown = on_a_terminal(told, "log", **clean, **pager)
    lines = shown.splitlines()
    assert all(line.startswith("> ") for line in lines)
    assert any("\x1b[32m" in line for line in lines)
    [command] = pager.values()
    told.git("config", "core.pager", command)
    assert not told.gitexp("log").out.startswith("> ")
    assert not on_a_terminal(told, "log", "--json", **clean, **pager).startswith("> ")


def test_leaving_the_pager_ends_the_log_quietly(told: World) -> None:
    assert on_a_terminal(told, "log", GIT_PAGER="head -n 1").count("\n") == 1
