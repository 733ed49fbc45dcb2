"""Two whole programs timed by turns, so that a slow second of the machine hits both."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.projects import seal

ROUNDS = 15  # unless told
Command = Sequence[str]
_PEAK = (
    "import resource, subprocess, sys;"
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL,"
    "stderr=subprocess.DEVNULL);"
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


def cost_here(act: Callable[[], object]) -> Cost:
    """What something costs that happens in this process and in those that it starts."""
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    begin, before = time.perf_counter(), [resource.getrusage(one) for one in who]
    act()
    wall = time.perf_counter() - begin
    after = [resource.getrusage(one) for one in who]
    cpu = sum(u.ru_utime + u.ru_stime for u in after) - sum(u.ru_utime + u.ru_stime for u in before)
    return Cost(1000 * wall, 1000 * cpu)


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of the two sides of a row; `target` says what is wanted of them."""

    what: str
    ours: Cost
    floor: Cost
    target: str = ""


Rows = Iterator[Measured]


def compared(what: str, rounds: int, ours: Side, floor: Side, target: str = "") -> Measured:
    """Time two sides by turns."""
    mine, theirs = by_turns(rounds, ours, floor)
    return Measured(what, median(mine), median(theirs), target)


def report(description: str | None, rows: Mapping[str, Callable[[Path, int], Rows]]) -> None:
    """Print the rows that the command line asks for, or all of them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("row", nargs="*", help=f"any of {', '.join(rows)}; none: all of them")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    unknown = set(asked.row) - set(rows)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="gitexp-bench-") as folder:
        seal(Path(folder))
        git = subprocess.check_output(["git", "version"], text=True).strip()
        print(f"{git}, Python {platform.python_version()}, {asked.rounds} rounds; ms, medians")
        print(f"{'':52}{'wall':>8}{'floor':>8}{'more':>8}{'ratio':>7}"
              f"{'cpu':>9}{'floor':>8}{'more':>8}{'ratio':>7}")  # fmt: skip
        for name in asked.row or rows:
            for measured in rows[name](Path(folder), asked.rounds):
                print(_line(measured), flush=True)


def _line(measured: Measured) -> str:
    ours, floor = measured.ours, measured.floor
    cells = [
        f"{mine:>8.1f}{theirs:>8.1f}{mine - theirs:>+8.1f}{mine / theirs:>6.2f}x"
        for mine, theirs in ((ours.wall, floor.wall), (ours.cpu, floor.cpu))
    ]
    return f"{measured.what:52}{cells[0]} {cells[1]}  {measured.target}".rstrip()
