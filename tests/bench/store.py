"""What storing costs and survives: `python -m tests.bench.store [ROW ...]`.

Every row times gitexp and the plain git command that does the same by turns in the same run, on
copies of the same notes, and prints medians. `crash` kills and breaks things two hundred times (in
proportion to --rounds), and counts what was lost.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from gitexp.store.note_writing import append_lines
from gitexp.store.refs import BULK, KEPT, RUNS
from gitexp.store.repository import Repository
from tests import crashes
from tests.bench.projects import many_experiments, project
from tests.bench.timing import ROUNDS, Cost, Measured, Rows, cost_here, median, report
from tests.bench.writer import REF, WAYS
from tests.lab.test_size import PACKAGES, SEEDS, fill_notes
from tests.project import World

_COUNTS = (100, 1_000, 10_000, 100_000)
_WRITERS, _EACH = 8, 50
_KILLS = 200


def record(home: Path, rounds: int) -> Rows:
    """One more record of a commit, and the first one, as notes grow; beside `git notes append`."""
    worlds = {}
    for count in _COUNTS:
        world = worlds[count] = project(home / f"record-{count}")
        many_experiments(world, count, pairs=1)
        _keep_all(world)
        world.git("update-ref", REF, RUNS)
    noted = {count: _some_commits(world, rounds + 1) for count, world in worlds.items()}
    new = {count: crashes.many_commits(world, rounds + 1) for count, world in worlds.items()}
    for what, commits in {"one more record": noted, "first record of a commit": new}.items():
        costs: dict[int, list[tuple[Cost, Cost]]] = {count: [] for count in _COUNTS}
        for number in range(rounds + 1):
            for count, world in worlds.items():
                both = _write_both(world, commits[count][number], number)
                if number:  # the first only warms up
                    costs[count].append(both)
        ours = {}
        for count, found in costs.items():
            mine, plain = (median(side) for side in zip(*found, strict=True))
            yield Measured(f"{what}, {count:,} notes / git notes", mine, plain)
            ours[count] = mine
        few, many = _COUNTS[0], _COUNTS[-1]
        grown = f"{what}, {many:,} notes / {few}"
        yield Measured(grown, ours[many], ours[few], "within 1.5 x")


def _keep_all(world: World) -> None:
    """Keep all commits alive as their first record would have done; refs lie packed."""
    path = world.path / ".git" / "packed-refs"
    head, *lines = path.read_text().splitlines()
    experiments = [line.split(" ")[0] for line in lines if "refs/heads/exp/" in line]
    lines += [f"{commit} {KEPT}{commit}" for commit in experiments]
    lines.sort(key=lambda line: line.partition(" ")[2])
    path.write_text("\n".join([head, *lines, ""]))


def _some_commits(world: World, count: int) -> list[str]:
    words = ("for-each-ref", f"--count={count}", "--format=%(objectname)", "refs/heads/exp/")
    return world.git(*words).split()


def _write_both(world: World, commit: str, number: int) -> tuple[Cost, Cost]:
    """Write one record by gitexp and, to a copy of the notes, by git, as durably."""
    text = f'{{"schema":1,"seed":{1000 + number}}}'
    repository = Repository.discover(world.path)
    words = ("-c", "core.fsync=all", "notes", f"--ref={REF}", "append", "-m", text, commit)
    return (
        cost_here(partial(append_lines, repository, RUNS, {commit: [text]})),
        cost_here(partial(world.git, *words)),
    )


def size(home: Path, _: int) -> Rows:
    """Bytes that a baseline of 20 seeds in an environment of 300 packages adds to the notes."""
    sizes = fill_notes(project(home / "size"), home / "site-packages")
    print(f"{SEEDS} seeds, {PACKAGES} packages: {sizes[RUNS]:,} bytes of records, {sizes[BULK]:,}"
          f" of bulk, {sum(sizes.values()) / 1000:.1f} kB  under 30 kB")  # fmt: skip
    yield from ()


def writers(home: Path, rounds: int) -> Rows:
    """Eight writers at once; counts what survives."""
    world = project(home / "writers")
    many_experiments(world, _WRITERS * _EACH)
    commits = world.git("for-each-ref", "--format=%(objectname)", "refs/heads/exp/").split()
    took: dict[str, list[float]] = {how: [] for how in WAYS}
    kept: dict[str, list[int]] = {how: [] for how in WAYS}
    for _ in range(max(1, rounds // 5)):
        for how in WAYS:
            took[how].append(_write_at_once(how, commits, world.path))
            kept[how].append(len(world.git("notes", f"--ref={REF}", "list").splitlines()))
            world.git("update-ref", "-d", REF)
    print(f"{_WRITERS} writers x {_EACH} notes, of {len(commits)} (medians)")
    print(f"{'':24}{'kept':>8}{'notes a second':>18}")
    middle = {how: sorted(seconds)[len(seconds) // 2] for how, seconds in took.items()}
    for how in WAYS:
        survived = sorted(kept[how])[len(kept[how]) // 2]
        print(f"{how:24}{survived:>8}{len(commits) / middle[how]:>18.0f}")
    print(f"gitexp / flock: {middle['flock'] / middle['gitexp']:.2f}  at least 0.6")
    yield from ()


def _write_at_once(how: str, commits: list[str], folder: Path) -> float:
    """Seconds that all writers took together."""
    package = str(Path(__file__).resolve().parents[2])
    processes = []
    begin = time.perf_counter()
    for number in range(_WRITERS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.writer", how], cwd=folder, stdin=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": package},
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write("\n".join(commits[number::_WRITERS]).encode())
        process.stdin.close()
        processes.append(process)
    for process in processes:
        process.wait()
    return time.perf_counter() - begin


def crash(home: Path, rounds: int) -> Rows:
    """Writers and syncs that are killed, disks that fill, stale locks, truncated refs."""
    seed = random.SystemRandom().randrange(10**6)
    rng = random.Random(seed)
    kills = max(2, _KILLS * rounds // ROUNDS)
    print(f"crashes, seed {seed}: none must lose what was reported, or stop the next command")
    world = partial(project, planned=20)
    _count("writes killed", crashes.killed_writes(world(home / "write" / "project"), kills, rng))
    _count("syncs killed", crashes.killed_syncs(world(home / "sync" / "project"), kills, rng))
    _count("disks of 1 MB that fill", crashes.full_disks(home, max(2, rounds), rng))
    _count("foreign locks", crashes.stale_foreign_locks(world(home / "lock" / "project")))
    _count("refs truncated", crashes.truncated_refs(world(home / "ref" / "project")))
    yield from ()


def _count(what: str, faults: crashes.Faults) -> None:
    found = list(faults)
    print(f"{what:24}{len(found):>8} times,{sum(map(bool, found)):>3} with faults", flush=True)
    for number, some in enumerate(found):
        for fault in some:
            print(f"  {number}: {fault}")


ROWS = {row.__name__: row for row in (record, size, writers, crash)}

if __name__ == "__main__":
    report(__doc__, ROWS)
