"""The holdout: opened by one command alone, and never without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.holdout import NOT_STARTED, UNFINISHED, Opening, parse_openings
from gitexp.rules.documents.record import parse_records
from tests.arrange import SCORE, note, settle, train_with
from tests.project import World

if TYPE_CHECKING:
    from pathlib import Path

WHY = ("--why", "the last check before the release")
# What training sees of the holdout stands in its output; the holdout says another accuracy.
TOLD = SCORE + "print(f'holdout={int(os.environ.get(\"GITEXP_HOLDOUT\", 0))}')\n"
EVALUATE = """
import os, sys, tomllib
assert os.environ["GITEXP_HOLDOUT"] == "1" and sys.argv[1:] == ["--holdout", "1"], sys.argv
strength = tomllib.load(open("config.toml", "rb"))["model"]["C"]
print(f"accuracy={0.5 + strength / 100} seen=1")
"""


def with_holdout(world: World, script: str = EVALUATE) -> World:
    """Give the project a holdout command, its settings approved."""
    world.write("evaluate.py", script)
    train_with(world, TOLD, repeats=[3], holdout=f"{sys.executable} evaluate.py --holdout {{seed}}")
    return world


def openings(world: World, revision: str) -> list[dict[str, Any]]:
    """Lines of the holdout in a commit's note, in the order of their writing."""
    lines = note(world, "gitexp-runs", revision).splitlines()
    return [json.loads(line) for line in lines if '"kind":"holdout"' in line]


def test_every_opening_is_told_counted_and_kept(ready: World) -> None:
    world = with_holdout(ready)
    name = world.start("--set", "model.C=10")
    world.gitexp("run")
    before = note(world, "gitexp", f"exp/{name}")
    first = world.gitexp("holdout", name, *WHY)
    assert f"exp/{name} on the holdout: accuracy 0.6 (seed 1, one run)" in first.out
    assert "first time" in first.out
    second = world.gitexp("holdout", "--baseline", "--why", "for comparison", "--json").json
    assert (second["of"], second["metrics"]["accuracy"], second["times"]) == ("main", 0.51, 2)
    assert second["commit"] == world.git("rev-parse", "main")
    third = world.gitexp("holdout", "--why", "once more")
    assert "opened 3 times" in third.out
    line = openings(world, f"exp/{name}")[1]
    assert line.pop("start").endswith("Z")
    assert line == {
        "schema": 1, "kind": "holdout", "commit": world.git("rev-parse", f"exp/{name}"), "seed": 1,
        "number": 1, "why": WHY[1], "metrics": {"accuracy": 0.6, "seen": 1.0},
    }  # fmt: skip
    # The verdict knows nothing of it.
    assert world.gitexp("run", name, "--json").json["runs"] == 0
    assert note(world, "gitexp", f"exp/{name}") == before
    sheet = world.gitexp("show", name, "--json").json
    assert [(one["number"], one["why"]) for one in sheet["holdout"]] == [
        (1, WHY[1]),
        (3, "once more"),
    ]
    assert len(sheet["runs"]) == 3
    assert f"({WHY[1]}): accuracy 0.6" in world.gitexp("show", name).out
    # Nor is it forgotten by taking the line out.
    world.git("notes", "--ref=gitexp-runs", "remove", "main")
    told = world.gitexp("verify", code=1).out
    assert "removed from the note of" in " ".join(told.split()), told


def test_no_other_run_opens_it_whatever_the_environment_says(ready: World) -> None:
    world = with_holdout(ready)
    name = world.start("--set", "model.C=10")
    world.gitexp("run", GITEXP_HOLDOUT="1")
    for revision in ("main", f"exp/{name}"):
        lines = [json.loads(line) for line in note(world, "gitexp-runs", revision).splitlines()]
        scores = [line["metrics"]["holdout"] for line in lines if "metrics" in line]
        assert scores == [0, 0, 0]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "opening the holdout needs a reason"),
        (("--why", " \n"), 2, "opening the holdout needs a reason"),
        (("--why", "x" * 301), 2, "up to 300 characters"),
        (("--baseline", "otter", *WHY), 2, "you named both otter and --baseline"),
        (("no-such", *WHY), 2, "there is no experiment no-such"),
        (("both", *WHY), 1, "C2"),
    ],
)
def test_what_is_refused_opens_nothing(
    ready: World, words: tuple[str, ...], code: int, said: str
) -> None:
    world = with_holdout(ready)
    world.git("switch", "--quiet", "--create", "exp/both")
    world.edit("C = 1.0", "C = 10")
    world.edit("epochs = 20", "epochs = 40")
    world.commit("both raise accuracy because the model underfits", verify=False)
    before = world.snapshot()
    assert said in world.gitexp("holdout", *words, code=code).err
    assert world.snapshot() == before


def test_without_a_holdout_or_its_approval_nothing_is_opened(ready: World) -> None:
    assert "name no holdout command" in ready.gitexp("holdout", "--baseline", *WHY, code=3).err
    early = ready.start("--set", "model.C=10")
    world = with_holdout(ready)
    # An experiment runs by the settings of its own baseline commit.
    assert "name no holdout command" in world.gitexp("holdout", early, *WHY, code=3).err
    settings = (world.path / "gitexp.toml").read_text().replace("--holdout", "--other")
    world.write("gitexp.toml", settings)
    world.commit("another holdout")
    before = world.snapshot()
    ran = world.gitexp("holdout", "--baseline", *WHY, code=3)
    assert "gitexp trust" in ran.err
    assert "--other" in ran.err
    assert world.snapshot() == before


def test_a_failed_opening_is_one_all_the_same(ready: World) -> None:
    world = with_holdout(ready, "raise SystemExit('the last words')\n")
    ran = world.gitexp("holdout", "--baseline", *WHY, code=4)
    assert "ended with exit code 1" in ran.err
    assert "  | the last words" in ran.err
    assert "still counts as opened (1 in all)" in ran.err
    begun, ended = openings(world, "main")
    assert (begun["failure"], "exit code 1" in ended["failure"]) == (UNFINISHED, True)
    assert "(2 in all)" in world.gitexp("holdout", "--baseline", *WHY, code=4).err
    assert len(openings(world, "main")) == 4
    assert world.gitexp("log", "--json").json == []


def test_what_could_not_begin_is_no_opening(ready: World) -> None:
    world = with_holdout(ready)
    settle(world, link=["data"])
    assert "data (named by `link`" in world.gitexp("holdout", "--baseline", *WHY, code=3).err
    assert openings(world, "main")[-1]["failure"].startswith(NOT_STARTED)
    world.write(".gitignore", "data\n")
    world.commit("ignored")
    (world.path / "data").mkdir()
    assert world.gitexp("holdout", "--baseline", *WHY, "--json").json["times"] == 1


def test_whoever_kills_gitexp_has_looked_too(ready: World, tmp_path: Path) -> None:
    world = with_holdout(
        ready,
        f"import os, time\nopen({str(tmp_path / 'on')!r}, 'w').close()\nprint('accuracy=0.9',"
        " flush=True)\ntime.sleep(60)\n",
    )
    began = subprocess.Popen(
        [sys.executable, "-m", "gitexp", "holdout", "--baseline", *WHY],
        cwd=world.path, env=os.environ, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 30
    while not (tmp_path / "on").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    began.send_signal(signal.SIGKILL)
    began.wait()
    [line] = openings(world, "main")
    assert (line["failure"], "metrics" in line) == (UNFINISHED, False)


def test_openings_are_read_once_each_and_what_is_none_is_left_out() -> None:
    begun = Opening("c" * 40, 1, 1, "2026-01-02T03:04:05.000Z", "why", {}, UNFINISHED)
    ended = Opening("c" * 40, 1, 1, "2026-01-02T03:04:05.000Z", "why", {"accuracy": 0.5})
    later = Opening("d" * 40, 1, 2, "2026-01-03T03:04:05.000Z", "ü\n ", {}, "failed", "sub")
    never = Opening("d" * 40, 1, 2, "2026-01-04T03:04:05.000Z", "why", {}, f"{NOT_STARTED}: x")
    lines = [one.line() for one in (later, ended, never, begun, begun)]
    lines += [
        '{"kind":"holdout","schema":2,"commit":"e"}', '{"kind":"holdout"}', '["kind":"holdout"',
        '{"kind":"holdout","schema":1,"commit":"e","seed":"x","number":1,"start":"s"}', '"kind"',
    ]  # fmt: skip
    assert parse_openings("\n".join(lines)) == [ended, later]
    assert parse_records("\n".join(lines)) == []
