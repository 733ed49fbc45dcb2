"""What survives a kill: `python -m tests.bench.crash [COMMAND ...] [--points N] [--rounds N]`.

strace kills a command, or the git that works for it, at its nth system call that changes something.
Where these are fewer than asked for, it is also killed at calls of other kinds, since it first
started git. These are so many that they hit gitexp, and git goes on for a moment. After each kill
the next commands must work, and everything that was there must still be there. `gc` runs
`git gc --prune=now` without a break while experiments run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.kills import good_runs
from tests.bench.projects import project, seal
from tests.forked import run_forked
from tests.project import World

# What changes a disk; a kill at the first write to a file leaves it empty.
_CHANGES = "rename,renameat,renameat2,link,linkat,unlink,unlinkat,write,fsync,ftruncate,mkdir"
_ANY = f"{_CHANGES},openat,read,close,wait4,vfork"
_STRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-e")
_BECAUSE = "C raises accuracy because the model underfits"
_EXPERIMENT = ("start", "--set", "model.C=10", _BECAUSE)
_OTHER = ("start", "--set", "model.C=11", _BECAUSE)


@dataclass(frozen=True, slots=True)
class Killed:
    """A command to kill: what it needs to find, its words, and what a user enters afterwards.

    `{0}` and `{1}` are the names of the experiments. `follow` comes instead of the command itself.
    In the end, there are as many experiments or a multiple, with a verdict if they are `decided`,
    and in the state that is named.
    """

    needs: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    follow: tuple[tuple[str, ...], ...] = ()
    experiments: int = 1
    decided: bool = True
    state: str = ""


_COMMANDS = {
    "start": Killed((), _EXPERIMENT, decided=False),
    "sweep": Killed(
        (), ("start", "--sweep", "model.C=10,11,12", "C={value} raises accuracy because it is low"),
        experiments=3, decided=False,
    ),
    "run": Killed((_EXPERIMENT,), ("run",)),
    "two": Killed((_EXPERIMENT, _OTHER), ("run", "{0}", "{1}", "--jobs", "2"), experiments=2),
    "detached": Killed(
        (_EXPERIMENT, _OTHER), ("run", "{0}", "{1}", "--detach", "--jobs", "2"),
        (("run", "--resume"), ("run", "--wait"), ("run", "{0}", "{1}")), 2,
    ),
    "screen": Killed(
        (_EXPERIMENT, _OTHER), ("run", "{0}", "{1}", "--screen"), experiments=2, decided=False
    ),
    "accept": Killed((_EXPERIMENT, ("run",)), ("accept",), state="accepted"),
    "archive": Killed((_EXPERIMENT, ("run",)), ("archive", "{0}"), state="archived"),
    "sync": Killed((_EXPERIMENT, ("run",)), ("sync",)),
    "init": Killed((), ("init", "--undo"), (("init", "--undo"), ("init", "--yes")), 0),
}  # fmt: skip


def gitexp(
    world: World, *words: str, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run gitexp, under another program if `before` names one."""
    if not before:
        code, out, err = run_forked(words, world.path, dict(os.environ))
        return subprocess.CompletedProcess(words, code, out, err)
    return subprocess.run(
        [*before, sys.executable, "-m", "gitexp", *words], cwd=world.path, text=True,
        capture_output=True, check=False,
    )  # fmt: skip


def faults_after(world: World, killed: Killed, names: list[str]) -> list[str]:
    """Run what comes next after a kill; returns what does not work, is lost, or was done twice."""
    found: list[str] = []
    again = killed.follow or (killed.words,)
    for words in [("log",), *again, ("doctor", "--fix"), ("verify",)]:
        ran = gitexp(world, *(word.format(*names, value="{value}") for word in words))
        told = ran.stderr.strip().split("\n")[0]
        failed = ran.returncode not in {0, 1} and "already" not in told
        if failed or "Traceback" in ran.stderr:
            found.append(f"{' '.join(words)}: {ran.returncode} {told}")
    fsck = world.run("git", "fsck", "--strict", "--no-dangling")
    if fsck.code:
        found.append(f"fsck: {fsck.err[:80]}")
    refs = world.git("for-each-ref", "--format=%(refname:lstrip=-1)").split()
    found += [f"lost: {name}" for name in {*names} - {*refs}]
    if status := world.git("status", "--porcelain", "--untracked-files=no"):
        found.append(f"half-changed: {status}")
    rows = json.loads(gitexp(world, "log", "--json").stdout or "[]")
    if len(rows) % max(killed.experiments, 1):
        found.append(f"{len(rows)} experiments, where {killed.experiments} are registered at once")
    if killed.decided and (left := [row["name"] for row in rows if not row["verdict"]]):
        found.append(f"undecided: {left}")
    if killed.state:
        found += [
            f"{row['name']} is {row['state']}" for row in rows if row["state"] != killed.state
        ]
    found += [f"run twice: {run}" for run, count in good_runs(world).items() if count > 1]
    return found


@dataclass(frozen=True, slots=True)
class Point:
    """A system call that kills the process that makes it: which calls count, and its number."""

    calls: str
    number: int

    def strace(self) -> tuple[str, ...]:
        """The words before a command that is killed there."""
        inject = f"inject={self.calls}:signal=KILL:when={self.number}"
        return (*_STRACE, f"trace={self.calls}", "-o", os.devnull, "-e", inject)

    def __str__(self) -> str:
        return f"{'change' if self.calls == _CHANGES else 'call'} {self.number}"


def points_of(home: Path, made: World, words: tuple[str, ...], wanted: int) -> list[Point]:
    """Where to kill a command: at calls that change something, then at gitexp's own."""

    def traced(calls: str) -> list[list[str]]:
        trace = home / "trace"
        world = World(shutil.copytree(made.path, home / "counted", symlinks=True))
        gitexp(world, *words, before=(*_STRACE, f"trace={calls}", "-o", str(trace)))
        shutil.rmtree(world.path)
        lines = trace.read_text(errors="replace").splitlines()
        return [line.split(maxsplit=1) for line in lines if "(" in line]

    def spread(first: int, end: int, count: int) -> list[int]:
        count = min(count, end - first)
        return [first + number * (end - first) // count for number in range(count)]

    processes = [process for process, _ in traced(_CHANGES)]
    most = max(map(processes.count, {*processes}))
    found = [Point(_CHANGES, number) for number in spread(1, most + 1, wanted)]
    calls = traced(_ANY)
    own = [call for process, call in calls if process == calls[0][0]]
    first = next(number for number, call in enumerate(own, 1) if call.startswith("vfork"))
    left = spread(first, len(own) + 1, wanted - len(found)) if wanted > len(found) else []
    found += (Point(_ANY, number) for number in left)
    random.Random(1).shuffle(found)  # whoever stops early has seen points of every part
    return found


def sweep(home: Path, command: str, points: int) -> Iterator[list[str]]:
    """Kill a command at `points` of its system calls, spread over all of them."""
    killed = _COMMANDS[command]
    made = project(home / command, repeats=3, planned=20)
    hub, empty = home / f"{command}.git", home / f"{command}-empty.git"
    made.git("init", "--quiet", "--bare", str(hub))
    made.git("remote", "add", "origin", str(hub))
    made.git("push", "--quiet", "--set-upstream", "origin", "main")
    shutil.copytree(hub, empty)
    for need in killed.needs:
        gitexp(made, *need)
    names = made.git("for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads/exp").split()
    words = tuple(word.format(*names, value="{value}") for word in killed.words)
    for number, point in enumerate(points_of(home, made, words, points)):
        # Every clone has a place of its own: what a kill left running may still write to the last.
        world = World(shutil.copytree(made.path, home / f"{command}-{number}", symlinks=True))
        shutil.rmtree(hub)
        shutil.copytree(empty, hub)
        gitexp(world, *words, before=point.strace())
        yield [f"{command} at {point}: {one}" for one in faults_after(world, killed, names)]
        shutil.rmtree(world.path, ignore_errors=True)
        shutil.rmtree(home / ".cache", ignore_errors=True)


def gc(home: Path, rounds: int) -> Iterator[list[str]]:
    """Run an experiment while git throws away everything that no ref reaches, again and again."""
    made = project(home / "gc", repeats=3)
    for _ in range(rounds):
        world = World(shutil.copytree(made.path, home / "pruned", symlinks=True))
        forever = "while :; do git gc --prune=now --quiet; git prune --expire=now; done"
        pruning = subprocess.Popen(
            ["sh", "-c", forever], cwd=world.path, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        gitexp(world, *_EXPERIMENT)
        gitexp(world, "run")
        os.killpg(pruning.pid, 9)
        pruning.wait()
        names = world.git("for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads/exp").split()
        again = Killed((), ("run",) if names else _EXPERIMENT, decided=bool(names))
        yield [f"gc: {one}" for one in faults_after(world, again, names)]
        shutil.rmtree(world.path)


def main() -> None:
    """Print what is wrong after a kill, and a line for each command: kills, and how often it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", default=[*_COMMANDS, "gc"])
    parser.add_argument("--points", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=math.inf, help="when to stop")
    parser.add_argument("--folder", help="where to work; in memory it is fastest")
    asked = parser.parse_args()
    until = time.monotonic() + 60 * asked.minutes
    python_path = str(Path.cwd())
    with tempfile.TemporaryDirectory(prefix="gitexp-crash-", dir=asked.folder) as folder:
        home = Path(folder).resolve()
        seal(home)
        os.environ["PYTHONPATH"] = python_path
        turns = {
            name: gc(home, asked.rounds) if name == "gc" else sweep(home, name, asked.points)
            for name in asked.commands
        }
        kills, wrong = Counter[str](), Counter[str]()
        while turns and time.monotonic() < until:
            for name, turn in tuple(turns.items()):
                if (found := next(turn, None)) is None:
                    del turns[name]
                    continue
                kills[name] += 1
                wrong[name] += bool(found)
                if found:
                    print("   ", "; ".join(found)[:400], flush=True)
    print(f"{'command':10} {'kills':>6} {'faults':>7}")
    for name in asked.commands:
        print(f"{name:10} {kills[name]:6} {wrong[name]:7}")


if __name__ == "__main__":
    main()
