"""What ends a writer half-way, round after round: shared by slow tests and `tests.bench.store`.

Each kind of crash is a generator that yields once a round what went wrong in it, as sentences: a
result that had been reported as stored and is not there, or a next command that did not work.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gitexp.errors import GitexpError, StoreBusy
from gitexp.rules.rendering import error_text
from gitexp.store.aside import Intent
from gitexp.store.note_writing import append_lines, replace_notes, write
from gitexp.store.refs import BULK, RUNS, VERDICTS
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import pack_refs, writing
from tests.project import World, git
from tests.team import (
    a_record,
    an_experiment,
    branches,
    clone_of,
    hub_of,
    measured_experiment,
    repository_of,
    synced,
    texts,
)

Faults = Iterator[list[str]]
_PACKAGE = str(Path(__file__).resolve().parents[1])
_COMMITS = 50
_LONGEST = 0.2  # seconds; a write takes 0.02 to 0.1


def stale_locks(world: World) -> list[Path]:
    """Lock files of a git that was killed; our own are no such thing, the kernel frees them."""
    folder = world.path / ".git" if (world.path / ".git").is_dir() else world.path
    names = ("*.lock", "packed-refs.new")
    found = [path for name in names for path in folder.rglob(name)]
    return [path for path in found if not path.is_relative_to(folder / "gitexp")]


def many_commits(world: World, count: int) -> list[str]:
    """Commits of their own, each under a ref, made by one process."""
    stream = "".join(
        f"commit refs/many/{n}\ncommitter A <a@b> {n} +0000\ndata 1\nx\n" for n in range(count)
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=world.path, input=stream.encode(), check=True
    )
    return world.git("for-each-ref", "--format=%(objectname)", "refs/many/").split()


def _noted(world: World, commits: Iterable[str]) -> set[str]:
    """All lines of the records of commits, as git itself shows them."""
    text = world.git(
        "log", "--no-walk=unsorted", f"--notes={RUNS}", "--format=%N", *commits
    )  # fmt: skip
    return {*text.splitlines()}


def _works(world: World, *words: str) -> list[str]:
    """Run gitexp, and say what it said where that fails."""
    ran = world.run(sys.executable, "-m", "gitexp", *words)
    return [f"gitexp {' '.join(words)}: {ran.code}\n{ran.err}"] if ran.code else []


def _begin(world: World, *command: str) -> subprocess.Popen[str]:
    """Start a command whose process group can be killed."""
    return subprocess.Popen(
        command, cwd=world.path, env=os.environ | {"PYTHONPATH": _PACKAGE}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _kill(process: subprocess.Popen[str], *, group: bool) -> str:
    """Kill a process, alone or with the git that works for it; returns what it had printed."""
    (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
    return process.communicate()[0]


def killed_writes(world: World, rounds: int, rng: random.Random) -> Faults:
    """A writer of records, bulk and verdicts, which packs refs as well, is killed at any moment."""
    commits = many_commits(world, _COMMITS)
    reported: set[str] = set()
    for turn in range(rounds):
        words = (str(turn), *rng.sample(commits, 10))
        process = _begin(world, sys.executable, "-m", "tests.crashes", *words)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, _LONGEST))
        reported |= {*_kill(process, group=turn % 2 == 1).splitlines()}
        after = f'{{"after":{turn},"schema":1}}'
        faults = []
        # By turns a command that writes comes next, and one that only reads.
        if turn % 4 < 2:
            try:
                append_lines(repository_of(world), RUNS, {commits[0]: [after]})
                reported.add(after)
            except GitexpError as error:
                faults.append(f"the next write: {error_text(error)}")
        else:
            faults += _works(world, "log", "--json")
        faults += [f"not there: {line}" for line in reported - _noted(world, commits)]
        if turn % 2:  # alone, its git may live a little longer
            faults += [f"left behind: {path}" for path in stale_locks(world)]
        yield faults
    world.git("fsck", "--strict", "--no-dangling")


def _write_until_killed(turn: str, commits: list[str]) -> None:
    """Store results as a run does, and say of each that it is stored."""
    repository = Repository.discover(Path.cwd())
    print("ready", flush=True)
    for number in range(10_000):
        commit = commits[number % len(commits)]
        line = f'{{"n":{number},"schema":1,"turn":{turn}}}'
        bulk = f'{{"condition":"c","kind":"environment","schema":1,"turn":{turn}}}'
        write(repository, [Intent(BULK, commit, (bulk,)), Intent(RUNS, commit, (line,))])
        print(line, flush=True)
        replace_notes(repository, VERDICTS, {commit: f"CONFIRMED: {number}"})
        if number % 2:
            with writing(repository) as lock:
                assert lock is not None
                pack_refs(repository, lock)


def killed_syncs(world: World, rounds: int, rng: random.Random) -> Faults:
    """A sync is killed at any moment, by turns alone and with all of its git, the remote's too."""
    hub = hub_of(world)
    other = clone_of(hub, "other")
    main = world.git("rev-parse", "main")
    lasts = 0.0
    for turn in range(rounds):
        mine, theirs = (
            an_experiment(w, f"t{turn}-{n}", turn + 2 + n / 4) for w, n in ((world, 1), (other, 2))
        )
        for clone, commit in ((world, mine), (other, theirs)):
            lines = {c: [a_record(c, turn)] for c in (commit, main)}
            append_lines(repository_of(clone), RUNS, lines)
        synced(other)
        begin = time.monotonic()
        process = _begin(world, sys.executable, "-m", "gitexp", "sync")
        if not turn:  # the first one tells how long it takes
            process.communicate()
            lasts = time.monotonic() - begin
        else:
            time.sleep(rng.uniform(0.2, 1) * lasts)
            _kill(process, group=turn % 2 == 1)
            time.sleep(0.1)  # a git that outlived it may still be at work
        # The remote's own git was killed with it; its locks are for its owner to remove.
        for path in stale_locks(hub) if turn % 2 else ():
            path.unlink()
        faults = _works(world, "sync")
        for name, place in (("this clone", world), ("the remote", hub)):
            if not {mine, theirs} <= {*branches(place).values()}:
                faults.append(f"an experiment is not in {name}")
            found = _noted(place, (mine, theirs, main))
            for commit in (mine, theirs, main):
                if a_record(commit, turn) not in found:
                    faults.append(f"a record of {commit} is not in {name}")
        yield faults
    synced(other)
    assert texts(world) == texts(other) == texts(hub)
    for place in (world, hub):
        place.git("fsck", "--strict", "--no-dangling")


@contextmanager
def small_disk(folder: Path) -> Iterator[World]:
    """A repository on a disk of one megabyte.

    Raises:
        PermissionError: it takes the right to mount one.
    """
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        raise PermissionError(mounted.stderr.strip())
    try:
        git(folder, "init", "--quiet", "--template=", "project")
        world = World(folder / "project")
        world.write("file", "content\n")
        world.commit("first")
        yield world
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def full_disks(home: Path, rounds: int, rng: random.Random) -> Faults:
    """A disk fills while records are written, and then has room again."""
    for turn in range(rounds):
        with small_disk(home / f"disk-{turn}") as world:
            yield _fill(world, rng)


def _fill(world: World, rng: random.Random) -> list[str]:
    filler = world.write("filler", rng.randbytes(rng.randint(100_000, 300_000)))
    head = world.git("rev-parse", "HEAD")
    repository = repository_of(world)
    kept: list[str] = []
    faults: list[str] = []

    def line() -> str:
        return f'{{"noise":"{rng.randbytes(rng.randint(1, 800)).hex()}","schema":1}}'

    def check() -> None:
        faults.extend(f"not there: {one[:40]}" for one in {*kept} - _noted(world, [head]))
        world.git("fsck", "--strict", "--no-dangling")

    for _ in range(500):
        text = line()
        try:
            append_lines(repository, RUNS, {head: [text]})
        except StoreBusy as error:
            failed = error
            break
        kept.append(text)
    if "the disk is full" not in failed.message:
        faults.append(failed.message)
    check()
    filler.unlink()
    # What the message sent elsewhere is put back by hand, as it says.
    place = Path(failed.message.rpartition("kept in ")[2])
    if not place.is_relative_to(world.path):
        command = failed.hint.splitlines()[-1].removeprefix("then: ").split(" && ")[0]
        subprocess.run(["sh", "-c", command], check=True)
    last = line()
    append_lines(repository, RUNS, {head: [last]})
    kept += [text, last]
    check()
    return faults


def stale_foreign_locks(world: World) -> Faults:
    """A lock that somebody else left is named, and what waits for it is stored once it is gone."""
    head = world.git("rev-parse", "HEAD")
    for number, name in enumerate((RUNS, BULK)):
        lock = world.path / ".git" / f"{name}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.write_text("0" * 40 + "\n")
        line = f'{{"n":{number},"schema":1}}'
        faults = []
        try:
            append_lines(repository_of(world), name, {head: [line]})
            faults.append("written past a lock")
        except StoreBusy as error:
            if f"rm {lock}" not in error.hint:
                faults.append(error_text(error))
        faults += _works(world, "log", "--json")
        lock.unlink()
        faults += _works(world, "log", "--json")
        if line not in world.git("notes", f"--ref={name}", "show", head).splitlines():
            faults.append(f"not there: {line}")
        yield faults


def truncated_refs(world: World) -> Faults:
    """Every ref of gitexp in turn says nothing any more; the next command finds all there was."""
    hub = hub_of(world)
    commit = measured_experiment(world, "brave-otter")
    measured_experiment(world, "put-away", 11)
    world.gitexp("archive", "put-away")
    synced(world)
    world.git("fetch", "--quiet", "hub")
    before = world.gitexp("log", "--json").json
    refs = world.git("for-each-ref", "--format=%(refname)").splitlines()
    kept = _noted(world, [commit])
    kinds = itertools.cycle((b"", b"\0" * 41, b"9d2e0f\n"))
    for ref in (ref for ref in refs if "exp" in ref):
        for words, left in zip((("log", "--json"), ("sync",)), kinds, strict=False):
            (world.path / ".git" / ref).write_bytes(left)
            faults = [f"{ref}: {fault}" for fault in _works(world, *words)]
            if world.gitexp("log", "--json").json != before:
                faults.append(f"{ref}: another log")
            if _noted(world, [commit]) != kept:
                faults.append(f"{ref}: other records")
            synced(world)
            yield faults
    assert texts(world) == texts(hub)


if __name__ == "__main__":
    _write_until_killed(sys.argv[1], sys.argv[2:])
