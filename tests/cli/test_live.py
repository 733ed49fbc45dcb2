"""What a terminal shows while runs go on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from gitexp.cli.events import Pace
from gitexp.cli.live import Lines
from gitexp.lab.measuring.driving import RunOptions
from gitexp.lab.projects.project import open_project
from gitexp.workflows.run import run
from tests.arrange import settle, train_with

if TYPE_CHECKING:
    import pytest

    from tests.project import World

SLOW = """
import time
print("best_accuracy=0.9", flush=True)
print("accuracy=0.5 loss=2", flush=True)
time.sleep(60)
"""


# The third seed of the experiment takes long.
SLOW_LATER = """
import os, pathlib, time, tomllib
seed = int(os.environ["GITEXP_SEED"])
changed = tomllib.loads(pathlib.Path("config.toml").read_text())["model"]["C"] == 10
print(f"accuracy={0.5 + seed / 1000 + changed / 100}", flush=True)
time.sleep(60 if changed and seed == 3 else 0)
"""


def in_a_terminal(world: World, *words: str, until: str) -> str:
    """What gitexp shows until something matches; then it is stopped."""
    reader, writer = os.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "gitexp", *words], cwd=world.path, stdin=subprocess.DEVNULL,
        stdout=writer, stderr=writer, env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(writer)
    shown = ""
    while not re.search(until, shown, re.DOTALL):
        shown += os.read(reader, 4096).decode()  # on a busy machine some seconds are never shown
    running.send_signal(signal.SIGINT)
    try:
        while more := os.read(reader, 4096).decode():
            shown += more
    except OSError:
        pass  # how Linux says that nobody writes to a terminal any more
    os.close(reader)
    assert running.wait(timeout=30) == 130
    return shown


def test_a_live_line_tells_time_and_latest_metrics_until_it_is_stopped(ready: World) -> None:
    train_with(ready, SLOW)
    ready.start("--set", "model.C=10")
    wanted = r"seed 1: running [1-9]\d* s  accuracy 0.5, best_accuracy 0.9, loss 2"
    shown = in_a_terminal(ready, "run", until=wanted)
    assert "seed 1: stopped" in shown
    assert shown.rstrip().endswith("gitexp: interrupted; nothing that had finished is lost")


def test_events_are_objects_for_programs_and_the_result_stays_apart(ready: World) -> None:
    settle(ready, repeats=[2, 3])
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", name, "--json")
    events = [json.loads(line) for line in ran.err.splitlines()]
    assert ran.json["name"] == name
    assert {event["event"] for event in events} == {"said"}  # progress is told of once a minute
    other = ready.start("--set", "model.C=11")
    ready.gitexp("run", other, "--detach")
    ready.gitexp("run", "--wait")
    (told,) = ready.path.glob(".git/gitexp/queue/*/events.jsonl")
    events = [json.loads(line) for line in told.read_text().splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds.count("started") == kinds.count("finished") >= 2
    ended = [event for event in events if event["event"] == "finished"]
    assert all(event["failure"] is None and event["metrics"]["accuracy"] for event in ended)
    assert f"exp/{other}" in {event["of"] for event in ended}
    progress = [event for event in events if event["event"] == "progress"]
    assert (progress[-1]["pairs"], progress[-1]["most"], progress[-1]["name"]) == (2, 3, other)
    assert progress[-1]["effect_so_far"] > 0
    assert progress[-1]["runs_left"] <= 2


def test_quiet_is_one_line_for_each_result(ready: World) -> None:
    settle(ready, repeats=[2])
    names = [ready.start("--set", f"model.C={value}") for value in (10, 11)]
    ran = ready.gitexp("run", names[0], "-q")
    assert (ran.err, ran.out.count("\n")) == ("", 1)
    assert ran.out.startswith(f"exp/{names[0]}: INCONCLUSIVE: accuracy +")
    ran = ready.gitexp("run", *names, "-q")
    assert (ran.err, ran.out.count("\n")) == ("", 2)


def test_a_terminal_shows_how_far_an_experiment_is(ready: World) -> None:
    train_with(ready, SLOW_LATER)
    settle(ready, repeats=[3, 9])
    name = ready.start("--set", "model.C=10")
    shown = in_a_terminal(ready, "run", name, until=r"2 of 3 pairs.*? so far \(not a verdict yet\)")
    assert f"exp/{name}: " in shown
    assert "to the next look, of 9 at most" in shown


def test_where_nobody_watches_a_line_on_progress_says_how_far_all_is(
    ready: World, capsys: pytest.CaptureFixture[str]
) -> None:
    settle(ready, repeats=[2], stop_if=["los > 3"])
    name, second = (ready.start("--set", f"model.C={value}") for value in (10, 11))
    watcher = Lines(yes=False, pace=Pace(0))
    run(open_project(ready.path), [name, second], RunOptions(watcher))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("`los > 3` never applied") == 1
    assert re.search(rf"^  exp/{name}: [01] of 2 pairs", captured.err, re.MULTILINE)
    assert re.search(
        r"^  exp/.* of 2 pairs.*; 1 of 2 experiments done$", captured.err, re.MULTILINE
    )
    # Of a short one, the first run shows that the metric is read.
    third = ready.start("--set", "model.C=12")
    told = ready.gitexp("run", third).err.splitlines()
    [shown] = [line for line in told if line.startswith("  exp/")]
    assert re.fullmatch(rf"  exp/{third} seed \d+: accuracy 0\.9\d* in \d\.\d s", shown)


def test_a_line_on_progress_is_due_once_a_minute() -> None:
    assert not Pace().is_due()
    assert Pace(0).is_due()
    often = Pace(0.05)
    time.sleep(0.06)
    assert [often.is_due(), often.is_due()] == [True, False]
