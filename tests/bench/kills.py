"""What survives kill -9 while it runs: `python -m tests.bench.kills [--kills N] [--seed S]`.

Each round begins experiments, kills one process at a random moment and goes on as a user would. It
is the process of a queue, a `gitexp run` in a terminal, or a training command.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from gitexp.lab.queues.queue import queues
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from tests.bench.projects import project, seal
from tests.project import World

_LONGEST = 4.0  # seconds from the beginning to the kill
_VANISH = 10.0  # seconds that whatever a killed process had started may live on
_TRAIN = "import time\ntime.sleep(0.25)\n"
_VICTIMS = ("queue", "run", "trainer")


def gitexp(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    """Run gitexp to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gitexp", *words], cwd=world.path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def processes(world: World) -> list[int]:
    """What trains for a project, and what works in it."""
    place = str(world.path).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside = os.fsencode(process.joinpath("cwd").readlink()).startswith(place)
            trains = b"GITEXP_RUN_DIR=" + place in process.joinpath("environ").read_bytes()
        except OSError:
            continue
        if inside or trains:
            found.append(int(process.name))
    return found


def trainers(world: World) -> list[int]:
    """Training commands of a project."""
    mark = b"GITEXP_RUN_DIR=" + str(world.path).encode()
    found = []
    for number in processes(world):
        try:
            environment = Path(f"/proc/{number}/environ").read_bytes()
        except OSError:
            continue
        if mark in environment:
            found.append(number)
    return found


def good_runs(world: World) -> Counter[tuple[str, int]]:
    """How often each seed of a commit has a good run on record."""
    found: Counter[tuple[str, int]] = Counter()
    listed = world.try_git("notes", "--ref", RUNS.removeprefix("refs/notes/"), "list").out
    for line in listed.splitlines():
        blob, commit = line.split()
        for text in world.git("cat-file", "blob", blob).splitlines():
            said = json.loads(text)
            if "metrics" in said and not said.get("failure") and not said.get("ended"):
                found[commit, said["seed"]] += 1
    return found


def a_trainer(world: World, rng: random.Random) -> int:
    """One of the training commands; on a busy machine the first takes a while. 0 if none comes."""
    until = time.monotonic() + _VANISH
    while not (found := trainers(world)) and time.monotonic() < until:
        time.sleep(0.02)
    return rng.choice(found or [0])


def kill(world: World, victim: str, names: list[str], rng: random.Random) -> tuple[int, list[str]]:
    """Begin experiments, and kill a process of one kind.

    Returns how many were killed (0: none was there), and what did not end with it.
    """
    running = None
    if victim == "queue" or (victim == "trainer" and rng.random() < 0.5):
        gitexp(world, "run", *names, "--detach", "--jobs", "2")
        leader = queues(Repository.discover(world.path))[-1].pid
    else:
        running = subprocess.Popen(
            [sys.executable, "-m", "gitexp", "run", *names, "--jobs", "2"], cwd=world.path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        leader = running.pid
    time.sleep(rng.uniform(0, _LONGEST))
    struck = a_trainer(world, rng) if victim == "trainer" else leader
    is_there = struck in processes(world)
    if is_there:
        try:
            os.kill(struck, signal.SIGKILL)
        except ProcessLookupError:  # it has ended by itself
            is_there = False
    if victim == "trainer":
        if running is None:
            gitexp(world, "run", "--wait")
    elif running is None:
        until = time.monotonic() + _VANISH
        while leader in processes(world) and time.monotonic() < until:
            time.sleep(0.02)
    if running is not None:
        running.wait()
    until = time.monotonic() + _VANISH
    while (left := processes(world)) and time.monotonic() < until:
        time.sleep(0.05)
    return int(is_there), [f"{len(left)} processes left"] if left else []


def round_(
    world: World, victim: str, names: list[str], rng: random.Random
) -> tuple[int, list[str]]:
    """Kill once and go on; returns how many processes were killed, and what is wrong then."""
    head = world.git("rev-parse", "HEAD", "main")
    killed, wrong = kill(world, victim, names, rng)
    before = good_runs(world)
    if victim == "queue":
        gitexp(world, "run", "--resume")
        gitexp(world, "run", "--wait")
    for _ in range(2):  # an experiment whose trainer was killed is repeated by the next command
        ran = gitexp(world, "run", *names, "--jobs", "2")
    if ran.returncode:
        wrong.append(f"run: {ran.returncode} {ran.stderr[-200:]}")
    after = good_runs(world)
    if lost := before - after:
        wrong.append(f"lost: {lost}")
    if twice := [run for run, count in after.items() if count > 1]:
        wrong.append(f"run twice: {twice}")
    if world.git("rev-parse", "HEAD", "main") != head or world.git("status", "--porcelain", "-uno"):
        wrong.append("HEAD or files have changed")
    verdicts = json.loads(gitexp(world, "log", "--json").stdout)
    if undecided := [row["name"] for row in verdicts if not row["verdict"]]:
        wrong.append(f"undecided: {undecided}")
    for words in (("verify",), ("doctor",)):
        if (checked := gitexp(world, *words)).returncode:
            wrong.append(f"{words[0]}: {checked.stdout[-200:]}{checked.stderr[-200:]}")
    if world.run("git", "fsck", "--strict", "--no-dangling").code:
        wrong.append("git fsck")
    return killed, wrong


def main() -> None:
    """Print a line for each kind of victim: kills, and those after which something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    kills: Counter[str] = Counter()
    faults: dict[str, list[str]] = {victim: [] for victim in _VICTIMS}
    with tempfile.TemporaryDirectory(prefix="gitexp-kills-") as place:
        home = Path(place).resolve()
        python_path = str(Path.cwd())
        seal(home)
        os.environ["PYTHONPATH"] = python_path
        made = project(home / "made", repeats=3)
        made.write("train.py", _TRAIN + (made.path / "train.py").read_text())
        made.commit("slower")
        names = [made.start("--set", f"model.C={value}") for value in (10, 11, 12)]
        made.git("switch", "--quiet", "main")
        number = 0
        while kills.total() < asked.kills:
            number += 1
            world = World(Path(shutil.copytree(made.path, home / "killed", symlinks=True)))
            victim = _VICTIMS[number % len(_VICTIMS)]
            killed, wrong = round_(world, victim, names, rng)
            kills[victim] += killed
            if wrong:
                faults[victim].append("; ".join(wrong))
                print(f"round {number}, {victim}: {faults[victim][-1][:600]}", flush=True)
            shutil.rmtree(world.path, ignore_errors=True)
            shutil.rmtree(home / ".cache", ignore_errors=True)  # its checkouts are not the next's
    print(f"{'victim':10} {'kills':>6} {'faults':>7}")
    for victim in _VICTIMS:
        print(f"{victim:10} {kills[victim]:6} {len(faults[victim]):7}")


if __name__ == "__main__":
    main()
