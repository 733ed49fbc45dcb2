"""How full the slots are, and what a run costs beside its script: `python -m tests.bench.pool`.

Forty runs of one second, those of the baseline among them, over eight experiments; then one more
experiment whose script does nothing, beside that script alone. Runs of a further block of the
baseline, which experiments ask for that agree too well, are counted beside the forty.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.arrange import records
from tests.bench.projects import project, seal
from tests.bench.timing import Side, by_turns, median, peak_of
from tests.project import World

_GITEXP = str(Path(sys.executable).with_name("gitexp"))
# Five runs of the baseline; three experiments of five runs each, and five of four.
REPEATS = (5, 5, 5, 4, 4, 4, 4, 4)
WANTED = 5 + sum(REPEATS)


def many(home: Path, seconds: float) -> World:
    """A project with a script that takes its time, and eight planned experiments."""
    world = project(home / "many")
    script = world.path / "train.py"
    script.write_text(f"import time\ntime.sleep({seconds})\n{script.read_text()}")
    world.commit("a script that takes its time")
    for number, repeats in enumerate(REPEATS):
        world.start("--set", f"model.C={1.1 + number / 10}", "--repeats", str(repeats))
    return world


def fill(home: Path, jobs: int, seconds: float) -> None:
    """Run all experiments at once, and print the ratio to slots that are never empty."""
    world = many(home, seconds)
    begin = time.perf_counter()
    world.gitexp("run", "--all", "--jobs", str(jobs))
    wall = time.perf_counter() - begin
    names = world.git("for-each-ref", "--format=%(refname:short)", "refs/heads/exp").split()
    made = [record for name in names for record in records(world, name)]
    base = records(world, "main")
    runs = len(made) + len(base)
    least, scripts = seconds * runs / jobs, bare(world, jobs, runs)
    took = sum(record["duration"] for record in (*made, *base)) / jobs
    said = "" if runs == WANTED else f", {runs - WANTED} of a further block"
    print(
        f"{runs} runs of {seconds:g} s{said}, {len(names)} experiments, --jobs {jobs}: {wall:.1f} s"
        f"\nslots of {seconds:g} s that are never empty {least:.1f} s: ratio {wall / least:.3f}"
        f"\nthe same with the time that the commands took {took:.1f} s: ratio {wall / took:.3f}"
        f"\nthe scripts alone, as many at once, {scripts:.1f} s: ratio {wall / scripts:.3f}"
    )


def bare(world: World, jobs: int, runs: int) -> float:
    """Seconds that the scripts alone take, on a machine as busy as it is."""

    def script(seed: int) -> None:
        variables = os.environ | {"GITEXP_SEED": str(seed)}
        words = ["python", "train.py"]
        subprocess.run(words, cwd=world.path, env=variables, check=True, capture_output=True)

    begin = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(script, range(runs)))
    return time.perf_counter() - begin


def overhead(home: Path, rounds: int) -> None:
    """CPU and memory that each further run of an experiment adds to its script."""
    added = []
    values = iter(range(2, 10_000))
    for repeats in (3, 23):
        world = project(home / f"run-{repeats}", repeats=repeats)
        world.gitexp("run", "--baseline")

        def register(world: World = world) -> None:
            world.start("--set", f"model.C={1 + next(values) / 100_000}")

        bare = [("env", f"GITEXP_SEED={n}", "python", "train.py") for n in range(repeats)]
        ours, script = by_turns(
            rounds,
            Side([(_GITEXP, "run")], world.path, register),
            Side(bare, world.path),
        )
        added.append(median(ours).cpu - median(script).cpu)
        register()
        peak = peak_of((_GITEXP, "run"), world.path)
        least = peak_of(bare[0], world.path)
        print(f"gitexp run, {repeats} runs: {added[-1]:.0f} ms of CPU more than its script,"
              f" peak {peak:.0f} MB, the script alone {least:.0f} MB")  # fmt: skip
    print(f"each further run: {(added[1] - added[0]) / 20:.0f} ms of CPU")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitexp-bench-") as folder:
        seal(Path(folder))
        print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
        fill(Path(folder), asked.jobs, asked.seconds)
        overhead(Path(folder), asked.rounds)


if __name__ == "__main__":
    main()
