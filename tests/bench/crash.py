"""What survives a kill: `python -m tests.bench.crash [COMMAND ...] [--points N] [--rounds N]`.

strace kills a command, or the git that works for it, at its nth system call; n runs over the calls
that change something. After each kill the next commands must work, and everything that was there
must still be there. `gc` runs `git gc --prune=now` without a break while experiments run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.kills import good_runs
from tests.bench.projects import project, seal
from tests.project import World

# What changes a disk; a kill at the first write to a file leaves it empty.
_CALLS = "rename,renameat,renameat2,link,linkat,unlink,unlinkat,write,fsync,ftruncate,mkdir"
_STRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace={_CALLS}")
_BECAUSE = "C raises accuracy because the model underfits"
_EXPERIMENT = ("start", "--set", "model.C=10", _BECAUSE)
_OTHER = ("start", "--set", "model.C=11", _BECAUSE)


@dataclass(frozen=True, slots=True)
class Killed:
    """A command to kill: what it needs to find, its words, and what a user enters afterwards.

    `{0}` and `{1}` are the names of the experiments. `follow` comes instead of the command itself.
    In the end, there are as many experiments or a multiple, with a verdict if they are `decided`.
    """

    needs: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    follow: tuple[tuple[str, ...], ...] = ()
    experiments: int = 1
    decided: bool = True


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
    "accept": Killed((_EXPERIMENT, ("run",)), ("accept",)),
    "archive": Killed((_EXPERIMENT, ("run",)), ("archive", "{0}")),
    "sync": Killed((_EXPERIMENT, ("run",)), ("sync",)),
    "init": Killed((), ("init", "--undo"), (("init", "--undo"), ("init", "--yes")), 0),
}  # fmt: skip


def gitexp(
    world: World, *words: str, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run gitexp, under another program if `before` names one."""
    return subprocess.run(
        [*before, sys.executable, "-m", "gitexp", *words], cwd=world.path, text=True,
        capture_output=True, check=False,
    )  # fmt: skip


def faults_after(world: World, killed: Killed, names: list[str]) -> list[str]:
    """Run what comes next after a kill; returns what does not work, is lost, or was done twice."""
    found: list[str] = []
    again = killed.follow or (killed.words,)
    for words in [("log",), *again, ("log",), ("doctor", "--fix"), ("verify",)]:
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
    found += [f"run twice: {run}" for run, count in good_runs(world).items() if count > 1]
    return found


def sweep(home: Path, command: str, points: int) -> Iterator[list[str]]:
    """Kill a command at `points` of its system calls, spread over all of them."""
    killed = _COMMANDS[command]
    made = project(home / command, repeats=3)
    hub = home / f"{command}.git"
    made.git("init", "--quiet", "--bare", str(hub))
    made.git("remote", "add", "origin", str(hub))
    for need in killed.needs:
        gitexp(made, *need)
    names = made.git("for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads/exp").split()
    words = tuple(word.format(*names, value="{value}") for word in killed.words)
    trace = home / "trace"
    counted = World(shutil.copytree(made.path, home / "counted", symlinks=True))
    gitexp(counted, *words, before=(*_STRACE, "-o", str(trace)))
    calls = [
        line.split()[0] for line in trace.read_text(errors="replace").splitlines() if "(" in line
    ]
    most = max(map(calls.count, {*calls}))
    shutil.rmtree(counted.path)
    points = min(points, most)
    for point in range(points):
        world = World(shutil.copytree(made.path, home / "killed", symlinks=True))
        at = 1 + point * most // points
        inject = f"inject={_CALLS}:signal=KILL:when={at}"
        under = (*_STRACE, "-o", "/dev/null", "-e", inject)
        gitexp(world, *words, before=under)
        yield [f"{command} at call {at}: {one}" for one in faults_after(world, killed, names)]
        shutil.rmtree(world.path)


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
    asked = parser.parse_args()
    print(f"{'command':10} {'kills':>6} {'faults':>7}")
    python_path = str(Path.cwd())
    for name in asked.commands:
        with tempfile.TemporaryDirectory(prefix="gitexp-crash-") as home:
            place = Path(home).resolve()
            seal(place)
            os.environ["PYTHONPATH"] = python_path
            found = gc(place, asked.rounds) if name == "gc" else sweep(place, name, asked.points)
            rounds = wrong = 0
            for one in found:
                rounds += 1
                wrong += bool(one)
                if one:
                    print("   ", "; ".join(one)[:400], flush=True)
        print(f"{name:10} {rounds:6} {wrong:7}", flush=True)


if __name__ == "__main__":
    main()
