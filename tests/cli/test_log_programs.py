"""The log for other programs, and what may stand in it: no text of an experiment's is ever run."""

from __future__ import annotations

import csv
import io
import os

import pytest

from gitexp.cli.views.terminal import columns
from tests.arrange import settle
from tests.project import World

FORMULA = "=cmd|' /C calc'!A0"
ESCAPES = "\x1b[2J\x1b]0;title\x07\u202egnp.exe\u2066"
MARKUP = "<script>alert(1)</script> | `x` [a](javascript:b) @ada"
LONG = "because " * 12_500  # 100 kB


@pytest.fixture
def hostile(ready: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Experiments whose author, hypothesis, key and value want to be more than text."""
    monkeypatch.setenv("GIT_AUTHOR_NAME", f"@SUM(1) {ESCAPES}")
    for name, hypothesis, change, metric in (
        ("formula", FORMULA, f'config.toml: "{FORMULA[:9]}" = 1 -> "{FORMULA}"', "accuracy"),
        ("escapes", ESCAPES, f'config.toml: model.C = 1.0 -> "{MARKUP}"', "=1+1"),
        ("markup", MARKUP + LONG, 'config.toml: model.C = 1.0 -> "+1|-1"', "<b>x</b>"),
    ):
        ready.git("switch", "--quiet", "--create", f"exp/{name}", "main")
        ready.edit("C = 1.0", f"C = {len(name)}0")
        message = (
            f"{hypothesis}\n\nExperiment: {name}\nChange: {change}\nCriterion: {metric} +0.005\n"
            "Repeats: 3\nSeeds: 1-3\nVary: seed\nCampaign: 1\nLevel: 0.005\nRules: 2\n"
        )
        (ready.path / ".git" / "message").write_text(message)
        ready.git("commit", "--quiet", "--all", "--no-verify", "-F", ".git/message")
    ready.git("switch", "--quiet", "main")
    return ready


def harmless(text: str) -> bool:
    return all(c in "\n\t" or c.isprintable() for c in text)


def test_a_terminal_shows_hostile_text_and_does_nothing_else(hostile: World) -> None:
    for width in (80, 120, 200):
        out = hostile.gitexp("log", COLUMNS=str(width)).out
        assert harmless(out)
        assert max(map(columns, out.splitlines())) <= width
        assert {"formula", "escapes", "markup"} <= set(out.split())
    every = "name,author,hypothesis,change,metric"
    out = hostile.gitexp("log", "--columns", every, "--color", "never", COLUMNS="120").out
    assert harmless(out)
    assert harmless(hostile.gitexp("log", "--long").out)


def test_a_spreadsheet_runs_no_cell(hostile: World) -> None:
    out = hostile.gitexp("log", "--csv").out
    assert harmless(out)
    head, *rows = csv.reader(io.StringIO(out))
    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(head)}
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    hypotheses = {row[head.index("name")]: row[head.index("hypothesis")] for row in rows}
    assert hypotheses["formula"] == f"'{FORMULA}"


def test_markdown_holds_hostile_text_as_text(hostile: World) -> None:
    every = "name,author,hypothesis,change,metric,effect"
    out = hostile.gitexp("log", "--markdown", "--columns", every).out
    assert harmless(out)
    lines = out.splitlines()
    assert len(lines) == 2 + 3
    assert {line.replace("\\|", "").count("|") for line in lines} == {7}
    outside_code = "".join(line for line in out.split("`")[::2])
    assert "<script" not in outside_code.replace("\\<", "")
    assert "@ada" not in outside_code


def test_brief_rows_are_short_whatever_is_in_them(hostile: World) -> None:
    hostile.git("branch", "-m", "exp/escapes", f"exp/{'a' * 60}")
    out = hostile.gitexp("log", "--json", "--brief").out
    lines = out.strip().removeprefix("[").removesuffix("]").split(",\n ")
    assert len(lines) == 3
    assert max(map(len, lines)) < 200
    assert harmless(out)


@pytest.mark.slow
def test_rows_are_chosen_sorted_and_cut(ready: World) -> None:
    settle(ready, repeats=[3])
    won = ready.start("--set", "model.C=10")
    lost = ready.start("--set", "model.C=0.5")
    ready.gitexp("run", won, lost)
    planned = ready.start("--set", "train.lr=2e-3")

    def names(*words: str) -> list[str]:
        return [row["name"] for row in ready.gitexp("log", "--json", *words).json]

    assert names("--filter", "verdict=confirmed and effect>0.001") == [won]
    assert names("--filter", "not verdict=confirmed", "-n", "1", "--sort", "effect") == [lost]
    assert names("--sort", "effect") == names("--sort", "metric") == [won, lost, planned]
    assert names("--sort", "effect", "-n", "1") == [won]
    table = ready.gitexp("log", "--sort", "effect", "--columns", "name,verdict").out
    assert [line.split()[1] for line in table.splitlines()[1:4]] == [won, lost, planned]
    assert table.split()[:2] == ["name", "verdict"]
    only = ready.gitexp("log", "--columns", "author,name", "--only-changed").out
    headline, table = only.split("\n\n")[:2]
    assert headline.startswith("accuracy")
    assert table.split()[0] == "name"
    brief = ready.gitexp("log", "--json", "--brief", "--filter", "state=planned").json
    assert brief == [
        {
            "name": planned, "change": "train.lr 0.001 -> 0.002", "verdict": None, "effect": None,
            "lower": None, "upper": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--columns", "effct"], "there is no column 'effct'\n-> did you mean effect?"),
        (["--columns", "plot", "--csv"], "there is no column 'plot'"),
        (["--columns", "name", "--json"], "--json has no columns"),
        (["--brief"], "--brief is a form of --json"),
        (["--csv", "--markdown"], "--csv and --markdown exclude each other"),
        (["--filter", "colour=red"], "there is no field 'colour'; there are name, branch, "),
        (["--filter", "verdct=confirmed"], "there is no field 'verdct'; did you mean verdict?"),
        (["--fliter", "x=1"], "no such option: --fliter\n-> did you mean --filter?\n   gitexp log"),
        (["--filter", "state=plannd"], "state is never 'plannd'; it is one of: planned, "),
    ],
)
def test_what_does_not_fit_together_is_refused(ready: World, words: list[str], said: str) -> None:
    assert said in ready.gitexp("log", *words, code=2).err


def test_a_reader_that_leaves_early_is_no_error(hostile: World) -> None:
    for words in ("log", "log --csv", "log --markdown"):
        ran = hostile.run(
            "sh", "-c", f"python -m gitexp {words} | head -n 1", PATH=os.environ["PATH"]
        )
        assert ran.err == ""
