"""Two whole programs timed by turns, so that a slow second of the machine hits both."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Command = Sequence[str]
_PEAK = (
    "import resource, subprocess, sys;"
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and CPU time in ms; CPU is user and system of a process and of all it waited for."""

    wall: float
    cpu: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two things compared: commands run one after the other in a folder.

    `prepare` makes the state that they start from, before each round and untimed.
    """

    commands: Sequence[Command]
    folder: Path
    prepare: Callable[[], object] | None = None


def cost_of(command: Command, folder: Path) -> Cost:
    """Run a command, which must succeed, and say what it cost."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode} in {folder}")
    return Cost(1000 * wall, 1000 * (usage.ru_utime + usage.ru_stime))


def peak_of(command: Command, folder: Path) -> float:
    """Run a command and say how much memory its largest process had, in MB.

    It is started by a small program, as a process inherits the peak of what it was forked from.
    """
    asked = [sys.executable, "-c", _PEAK, *command]
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True)
    return int(done.stderr) / 1024


def by_turns(rounds: int, *sides: Side) -> list[list[Cost]]:
    """Time every side once a round, after one round that only warms up; costs by side."""
    costs: list[list[Cost]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, found in zip(sides, costs, strict=True):
            if side.prepare is not None:
                side.prepare()
            cost = sum((cost_of(c, side.folder) for c in side.commands), Cost(0, 0))
            if number:
                found.append(cost)
    return costs


def median(costs: Sequence[Cost]) -> Cost:
    """Take the medians of wall and CPU, each by itself."""
    return Cost(
        statistics.median(cost.wall for cost in costs), statistics.median(c.cpu for c in costs)
    )
