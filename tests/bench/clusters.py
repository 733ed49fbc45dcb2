"""What runs of other machines cost: `python -m tests.bench.clusters [--refs N] [--pushes N]`.

- how long one `gitexp sync` takes to fold in so many runs that workers left on a remote;
- how long it takes with what 1,000 workers leave between two of them, time after time, over 50
  experiments;
- how many runs a second a bare repository takes, pushed one by one as workers do, by how many of
  them at once and, with `--server ssh://HOST`, over ssh, too; pushed in batches; and while many
  other runs wait there;
- the bytes that the ref of one run has.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gitexp.store.note_writing import write
from gitexp.store.refs import RUNS, SHARED_RUNS
from gitexp.store.shared_runs import send_runs, waiting_run
from tests.arrange import refs
from tests.bench.projects import project, seal
from tests.bench.timing import cost_of
from tests.project import World
from tests.team import (
    a_record,
    an_experiment,
    hub_of,
    lines_of,
    repository_of,
    starts_of,
    synced,
)

_SYNC = (str(Path(sys.executable).with_name("gitexp")), "sync")


def a_run(commit: str, seed: int) -> tuple[str, str]:
    """The ref of one worker's run, and what it holds."""
    start = f"2026-11-25T{seed // 3600 % 24:02}:{seed // 60 % 60:02}:{seed % 60:02}.000Z"
    record = a_record(commit, seed, start=start)
    digits = hashlib.sha256(record.encode()).hexdigest()[:12]
    lines = [record, *starts_of([record])]
    return f"{SHARED_RUNS}{commit}/{seed}-{digits}", "".join(f"{line}\n" for line in lines)


def leave_runs(hub: World, runs: Sequence[tuple[str, str]]) -> float:
    """Leave runs on a remote in one step, as if workers had; returns the bytes of each."""
    stream = "".join(
        f"blob\nmark :{number}\ndata {len(text)}\n{text}"
        for number, (_, text) in enumerate(runs, start=1)
    )
    git = repository_of(hub).git
    git.run("fast-import", "--quiet", "--export-marks=marks", stdin=stream.encode())
    marks = (line.split() for line in (hub.path / "marks").read_text().splitlines())
    blobs = {int(mark[1:]): blob for mark, blob in marks}
    lines = "".join(f"create {ref} {blobs[n]}\n" for n, (ref, _) in enumerate(runs, start=1))
    git.run("update-ref", "--stdin", stdin=lines.encode())
    return len(stream) / len(runs)


def fold(world: World, hub: World, commit: str, count: int) -> None:
    """Time one sync that folds in so many runs."""
    size = leave_runs(hub, [a_run(commit, seed) for seed in range(1, count + 1)])
    took = cost_of(_SYNC, world.path)
    known = sum('"kind"' not in line for line in lines_of(world, RUNS, commit))
    left = sum(ref.startswith(SHARED_RUNS) for ref in refs(hub))
    print(
        f"{count:,} runs of {size:.0f} bytes folded in by one sync: "
        f"{took.wall / 1000:.1f} s, {took.cpu / 1000:.1f} s of processor time"
    )
    assert (known, left) == (count, 0), (known, left)


def waves(world: World, hub: World, commits: Sequence[str], seeds: int) -> None:
    """Time each of several syncs that fold in runs of all experiments, while the notes grow."""
    for wave in range(5):
        first = 1 + wave * seeds
        runs = [a_run(one, seed) for one in commits for seed in range(first, first + seeds)]
        leave_runs(hub, runs)
        took = cost_of(_SYNC, world.path)
        print(
            f"{len(runs):,} runs of {len(commits)} experiments folded in, {wave * len(runs):,} on"
            f" record before: {took.wall / 1000:.1f} s, {took.cpu / 1000:.1f} s of processor time"
        )


def push_runs(world: World, remote: str, commit: str, seeds: Sequence[int]) -> None:
    """Push runs by one push, as a worker does."""
    repository = repository_of(world)
    runs = []
    for seed in seeds:
        record, *rest = a_run(commit, seed)[1].splitlines()
        runs.append(waiting_run(commit, record, rest))
    write(repository, runs)
    send_runs(repository, remote, [run.ref for run in runs])


def pushes(world: World, remote: str, commit: str, count: int, first: int) -> None:
    """Time runs that are pushed one by one, by several workers at once, and in batches."""
    for at_once, each in ((1, 1), (2, 1), (4, 1), (8, 1), (2, 20)):
        first += 10_000
        batches = [range(at, at + each) for at in range(first, first + count * each, each)]
        began = time.monotonic()
        with ThreadPoolExecutor(at_once) as threads:
            done = threads.map(lambda batch: push_runs(world, remote, commit, batch), batches)
            sent = len([*done]) * each
        rate = sent / (time.monotonic() - began)
        print(f"  {at_once} at once, {each} in a push: {rate:.1f} runs a second")


def main() -> None:
    """Print all of that."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refs", type=int, default=10_000)
    parser.add_argument("--pushes", type=int, default=40)
    parser.add_argument("--folder", help="where to work; in memory, the disk does not count")
    parser.add_argument("--server", help="where the remote is besides, such as ssh://localhost")
    asked = parser.parse_args()
    ssh = os.environ.get("GIT_SSH_COMMAND")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        home = Path(folder)
        seal(home)
        if ssh:
            os.environ["GIT_SSH_COMMAND"] = ssh
        world = project(home / "project")
        hub = hub_of(world)
        commits = [an_experiment(world, f"otter-{number}", 2 + number) for number in range(50)]
        synced(world, "hub")
        fold(world, hub, commits[0], asked.refs)
        waves(world, hub, commits, 20)
        places = {"hub": f"file://{hub.path}"}
        if asked.server:
            places["server"] = f"{asked.server}{hub.path}"
            world.git("remote", "add", "server", places["server"])
        for number, (remote, url) in enumerate(places.items()):
            print(f"runs pushed to {url.partition('://')[0]}://")
            pushes(world, remote, commits[1], asked.pushes, 1_000_000 * (number + 1))
        leave_runs(hub, [a_run(commits[2], seed) for seed in range(1, asked.refs + 1)])
        print(f"while {asked.refs:,} runs wait there")
        pushes(world, "hub", commits[1], asked.pushes, 5_000_000)


if __name__ == "__main__":
    main()
