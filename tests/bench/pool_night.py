"""A night of 96 runs through the real pool: `python -m tests.bench.pool_night [--nights N]`.

Thirty ideas, four of which gain two units, are registered from a plan and run by `gitexp run --all
--jobs 2` until the machine has made 96 runs; then a Ctrl-C ends the night. Their script draws its
score, so true effects are known. What tests.bench.night simulates by the judge alone goes through
checkouts, processes and notes here.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.projects import seal
from tests.project import World

IDEAS, GAINS, RUNS = 30, 4, 96
UNIT = 0.01  # standard deviation of the difference of a pair; the bar is half of it
GAIN = 2 * UNIT
SETTINGS = """
config = ["config.toml"]
command = "python train.py"
metric = "accuracy"
effect = 0.005
vary = "seed"
planned = 20
rules = 2
"""
# Half of the variance of a score is the seed's, and what two arms share.
SCRIPT = """
import os, random, tomllib
seed, idea = os.environ["GITEXP_SEED"], tomllib.load(open("config.toml", "rb"))["idea"]
with open({runs!r}, "a") as runs:
    runs.write("x")
draws = [random.Random(f"{night} {{seed}} {{part}}").gauss(0, 1) for part in ("common", idea)]
gain = {gain} if idea in {good} else 0
print(f"accuracy={{0.8 + {unit} * (draws[0] + draws[1]) / 2**0.5 + gain}}")
"""


@dataclass(frozen=True, slots=True)
class Way:
    """How a night is spent."""

    name: str
    repeats: tuple[int, ...]
    screen: bool = False


WAYS = (
    Way("looks 4/6/9/13/18/24", (4, 6, 9, 13, 18, 24)),
    Way("looks 4/6/9, as start proposes for this gain", (4, 6, 9)),
    Way("looks 4/6/9, screened first", (4, 6, 9), screen=True),
)


def planned(home: Path, way: Way, night: int) -> tuple[World, set[int]]:
    """A project with thirty planned ideas, and which of them work."""
    home.mkdir(parents=True)
    draw = random.Random(night)
    good = {*draw.sample(range(1, IDEAS + 1), GAINS)}
    world = World(home / "project")
    world.path.mkdir()
    world.write("config.toml", "idea = 0\n")
    world.write("gitexp.toml", f"{SETTINGS}repeats = {[*way.repeats]}\n")
    script = SCRIPT.format(
        runs=str(home / "runs"), night=night, gain=GAIN, good=sorted(good), unit=UNIT
    )
    world.write("train.py", script)
    world.git("init", "--quiet")
    world.git("add", "--all")
    world.git("commit", "--quiet", "-m", "baseline")
    world.gitexp("init", "--yes")
    ideas = [
        {
            "hypothesis": f"idea {n} raises accuracy because the model underfits",
            "set": f"idea={n}",
            "gain": GAIN,
            "chance": min(0.95, max(0.02, draw.gauss(0.35 if n in good else 0.15, 0.12))),
            "evidence": "train 0.85",
        }
        for n in range(1, IDEAS + 1)
    ]
    plan = home / "plan.jsonl"
    plan.write_text("".join(f"{json.dumps(idea)}\n" for idea in ideas))
    world.gitexp("start", "--from", str(plan))
    return world, good


def made(world: World) -> int:
    """Runs that were begun."""
    counted = world.path.parent / "runs"
    return counted.stat().st_size if counted.exists() else 0


def run(world: World, *words: str) -> None:
    """Run gitexp until it ends or the night does."""
    command = [sys.executable, "-m", "gitexp", "run", *words, "--jobs", "2", "--quiet"]
    with subprocess.Popen(
        command, cwd=world.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        while running.poll() is None and made(world) < RUNS:
            time.sleep(0.01)
        if running.poll() is None:
            running.send_signal(signal.SIGINT)


def spend(home: Path, way: Way, night: int) -> None:
    """Spend a night, and print what came of it."""
    world, good = planned(home, way, night)
    begin = time.perf_counter()
    if way.screen:
        run(world, "--screen", "--all")
    run(world, "--all")
    seconds = time.perf_counter() - begin
    rows = world.gitexp("log", "--json").json
    found = {int(row["change"]["after"]) for row in rows if row["verdict"] == "CONFIRMED"}
    verdicts = sum(row["verdict"] is not None for row in rows)
    print(f"{way.name:46}{verdicts:>9}{len(found & good):>7}{len(found - good):>7}"
          f"{made(world):>6}{seconds:>8.0f} s", flush=True)  # fmt: skip


def main() -> None:
    """Spend each night in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=1)
    asked = parser.parse_args()
    # A shell that starts this in the background has it ignored, for our children too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="gitexp-bench-") as folder:
        seal(Path(folder))
        print(f"load {os.getloadavg()[0]:.1f}; {IDEAS} ideas, {GAINS} of them work\n"
              f"{'':46}{'verdicts':>9}{'found':>7}{'false':>7}{'runs':>6}")  # fmt: skip
        for night in range(asked.nights):
            for place, way in enumerate(WAYS):
                spend(Path(folder) / f"{night}-{place}", way, night)


if __name__ == "__main__":
    main()
