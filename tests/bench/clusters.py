"""What runs of other machines cost: `python -m tests.bench.clusters [--refs N] [--pushes N]`.

- how long one `gitexp sync` takes to fold in so many runs that workers left on a remote;
- how many runs a second a bare repository takes, pushed one by one as workers do, by how many of
  them at once, beside how many refs a second it moves itself;
- the bytes that the ref of one run has.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gitexp.store.refs import RUNS, SHARED_RUNS
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
    write_run,
)

_SYNC = (str(Path(sys.executable).with_name("gitexp")), "sync")


def a_run(commit: str, seed: int) -> tuple[str, str]:
    """The ref of one worker's run, and what it holds."""
    start = f"2026-11-25T{seed // 3600 % 24:02}:{seed // 60 % 60:02}:{seed % 60:02}.000Z"
    record = a_record(commit, seed, start=start)
    digits = hashlib.sha256(record.encode()).hexdigest()[:12]
    lines = [record, *starts_of([record])]
    return f"{SHARED_RUNS}{commit}/{seed}-{digits}", "".join(f"{line}\n" for line in lines)


def leave_runs(hub: World, commit: str, count: int) -> float:
    """Leave runs on a remote in one step, as if workers had; returns the bytes of each."""
    runs = [a_run(commit, seed) for seed in range(1, count + 1)]
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
    return len(stream) / count


def fold(world: World, hub: World, commit: str, count: int) -> None:
    """Time one sync that folds in so many runs."""
    size = leave_runs(hub, commit, count)
    took = cost_of(_SYNC, world.path)
    known = sum('"kind"' not in line for line in lines_of(world, RUNS, commit))
    left = sum(ref.startswith(SHARED_RUNS) for ref in refs(hub))
    print(
        f"{count:,} runs of {size:.0f} bytes folded in by one sync: "
        f"{took.wall / 1000:.1f} s, {took.cpu / 1000:.1f} s of processor time"
    )
    assert (known, left) == (count, 0), (known, left)


def push_run(world: World, commit: str, seed: int) -> None:
    """Push one run as a worker does."""
    record, *rest = a_run(commit, seed)[1].splitlines()
    write_run(repository_of(world), "hub", commit, record, rest)


def pushes(world: World, commit: str, count: int) -> None:
    """Time runs that are pushed one by one, as workers push them."""
    for at_once in (1, 2, 4, 8):
        seeds = range(1_000_000 * at_once, 1_000_000 * at_once + count)
        began = time.monotonic()
        with ThreadPoolExecutor(at_once) as threads:
            sent = threads.map(lambda seed: push_run(world, commit, seed), seeds)
            done = len([*sent])
        rate = done / (time.monotonic() - began)
        print(f"pushed one by one, {at_once} at once, over file://: {rate:.1f} runs a second")


def main() -> None:
    """Print all of that."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refs", type=int, default=10_000)
    parser.add_argument("--pushes", type=int, default=40)
    parser.add_argument("--folder", help="where to work; in memory, the disk does not count")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        home = Path(folder)
        seal(home)
        world = project(home / "project")
        hub = hub_of(world)
        commit = an_experiment(world, "brave-otter")
        synced(world, "hub")
        fold(world, hub, commit, asked.refs)
        pushes(world, commit, asked.pushes)


if __name__ == "__main__":
    main()
