"""What survives a kill: `python -m tests.bench.crash [COMMAND ...] [--points N] [--rounds N]`.

strace kills a command, or the git that works for it, at its nth system call; n runs over the calls
that change something. After each kill the next commands must work, and everything that was there
must still be there. `gc` runs `git gc --prune=now` without a break while experiments run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.projects import project
from tests.project import World

# What changes a disk; a kill at the first write to a file leaves it empty.
_CALLS = "rename,renameat,renameat2,link,linkat,unlink,unlinkat,write,fsync,ftruncate,mkdir"
_STRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace={_CALLS}")
_EXPERIMENT = ("start", "--set", "model.C=10", "C raises accuracy because the model underfits")
# What each command needs to find, and what it is.
_COMMANDS: dict[str, tuple[list[tuple[str, ...]], tuple[str, ...]]] = {
    "start": ([], _EXPERIMENT),
    "run": ([_EXPERIMENT], ("run",)),
    "accept": ([_EXPERIMENT, ("run",)], ("accept",)),
    "archive": ([_EXPERIMENT, ("run",)], ("archive", "{name}")),
    "sync": ([_EXPERIMENT, ("run",)], ("sync",)),
    "init": ([], ("init", "--undo")),
}


def gitexp(
    world: World, *words: str, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run gitexp, under another program if `before` names one."""
    return subprocess.run(
        [*before, sys.executable, "-m", "gitexp", *words], cwd=world.path, text=True,
        capture_output=True, check=False, env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


def faults_after(world: World, command: str, killed: tuple[str, ...], had: set[str]) -> list[str]:
    """Run what comes next after a kill; returns what does not work, or is lost."""
    found: list[str] = []
    followed: list[tuple[str, ...]]
    if command == "init":
        followed = [("init", "--undo"), ("init", "--yes")]
    else:
        followed = [("log",), killed, ("log",), ("doctor", "--fix"), ("verify",)]
    for words in followed:
        ran = gitexp(world, *words)
        told = ran.stderr.strip().split("\n")[0]
        if ran.returncode not in {0, 1} and "already" not in told:
            found.append(f"{' '.join(words)}: {ran.returncode} {told}")
    fsck = world.run("git", "fsck", "--strict", "--no-dangling")
    if fsck.code:
        found.append(f"fsck: {fsck.err[:80]}")
    refs = world.git("for-each-ref", "--format=%(refname:lstrip=-1)").split()
    found += [f"lost: {name}" for name in had - {*refs}]
    if status := world.git("status", "--porcelain", "--untracked-files=no"):
        found.append(f"half-changed: {status}")
    return found


def sweep(home: Path, command: str, points: int) -> Iterator[list[str]]:
    """Kill a command at `points` of its system calls, spread over all of them."""
    needs, words = _COMMANDS[command]
    made = project(home / command)
    gitexp(made, "init", "--yes")
    hub = home / f"{command}.git"
    made.git("init", "--quiet", "--bare", str(hub))
    made.git("remote", "add", "origin", str(hub))
    for need in needs:
        gitexp(made, *need)
    name = made.git("for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads/exp")
    words = tuple(word.format(name=name) if "{" in word else word for word in words)
    had = {*name.split()}
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
        yield [f"{command} at call {at}: {one}" for one in faults_after(world, command, words, had)]
        shutil.rmtree(world.path)


def gc(home: Path, rounds: int) -> Iterator[list[str]]:
    """Run an experiment while git throws away everything that no ref reaches, again and again."""
    made = project(home / "gc")
    gitexp(made, "init", "--yes")
    for _ in range(rounds):
        world = World(shutil.copytree(made.path, home / "pruned", symlinks=True))
        again = "while :; do git gc --prune=now --quiet; git prune --expire=now; done"
        pruning = subprocess.Popen(
            ["sh", "-c", again], cwd=world.path, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        gitexp(world, *_EXPERIMENT)
        gitexp(world, "run")
        os.killpg(pruning.pid, 9)
        pruning.wait()
        name = world.git("for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads/exp")
        words = ("run",) if name else _EXPERIMENT
        yield [f"gc: {one}" for one in faults_after(world, "gc", words, {*name.split()})]
        shutil.rmtree(world.path)


def main() -> None:
    """Print a line for each command: kills, and those after which something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", default=[*_COMMANDS, "gc"])
    parser.add_argument("--points", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=100)
    asked = parser.parse_args()
    print(f"{'command':10} {'kills':>6} {'faults':>7}")
    for command in asked.commands:
        with tempfile.TemporaryDirectory(prefix="gitexp-crash-") as home:
            place = Path(home)
            found = (
                gc(place, asked.rounds) if command == "gc" else sweep(place, command, asked.points)
            )
            rounds = [*found]
        wrong = [one for one in rounds if one]
        print(f"{command:10} {len(rounds):6} {len(wrong):7}", flush=True)
        for one in wrong[:5]:
            print("   ", "; ".join(one)[:300])


if __name__ == "__main__":
    main()
