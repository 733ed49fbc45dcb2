"""What the loop costs, beside the least that it could cost: `python -m tests.bench.loop [ROW ...]`.

Every row times gitexp and a floor by turns in the same run, whole processes from start to exit, and
prints medians. Trust ratios and differences; milliseconds belong to one machine on one day.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gitexp.engine.checkout import take_checkout
from gitexp.store.repository import Repository
from tests.bench.projects import drop_experiments, many_experiments, project
from tests.bench.timing import (
    Cost,
    Measured,
    Rows,
    Side,
    by_turns,
    compared,
    cost_here,
    cost_of,
    median,
    peak_of,
    report,
)
from tests.project import BECAUSE, World

_APP = """\
import typer

app = typer.Typer()


@app.command()
def one() -> None:
    typer.echo("one line")


@app.command()
def two() -> None:
    typer.echo("another line")


app()
"""
# The fields of experiments that the log needs, and their records.
_READ = (
    "git", "log", "--no-walk", "--branches=exp/*", "--notes=gitexp-runs", "-z",
    "--format=%S%x01%H%x01%P%x01%an%x01%cI%x01%B%x01%N",
)  # fmt: skip
_GITEXP = str(Path(sys.executable).with_name("gitexp"))
_PARSER = (sys.executable, "-I", "-c", "import tomli")


def _bare_app(folder: Path) -> Side:
    path = folder / "app.py"
    path.write_text(_APP)
    return Side([(sys.executable, str(path), "one")], folder)


def ordinary_commit(home: Path, rounds: int) -> Rows:
    """The hooks on a branch that is no experiment."""
    world = project(home / "ordinary")
    commit = ("commit", "--quiet", "--allow-empty", "-m", "a commit")
    silent = ("git", "-c", "core.hooksPath=/dev/null", *commit)
    yield compared(
        "git commit with hooks / without",
        4 * rounds,
        Side([("git", *commit)], world.path),
        Side([silent], world.path),
        "under 10 ms more",
    )


def hooks(home: Path, rounds: int) -> Rows:
    """The hooks on an experiment, run as git runs them."""
    world = project(home / "hooks")
    world.git("switch", "--quiet", "--create", "exp/by-hand")
    world.edit("C = 1.0", "C = 10")
    world.git("add", "--all")
    message = world.path / ".git" / "COMMIT_EDITMSG"

    def write() -> None:
        message.write_text(f"{BECAUSE}\n")

    plain = ("git", "rev-parse", "HEAD")
    floor = Side([_PARSER, plain, plain], world.path)
    for name, words in {"pre-commit": (), "commit-msg": ("--", str(message))}.items():
        yield compared(
            f"{name} on an experiment / import tomli + 2 git",
            rounds,
            Side([("git", "hook", "run", name, *words)], world.path, write),
            floor,
            "under 3 x",
        )


def start(home: Path, rounds: int) -> Rows:
    """Registering an experiment in a small and in a large tree."""
    app = _bare_app(home)
    command = (_GITEXP, "start", "--set", "model.C=10", BECAUSE)
    sides = []
    for files in (50, 20_000):
        world = project(home / f"start-{files}", files=files - 4)
        sides.append(Side([command], world.path, partial(drop_experiments, world)))
    costs = [median(found) for found in by_turns(rounds, *sides, app)]
    yield Measured("gitexp start --set, 50 files / typer app", costs[0], costs[2], "within 4 x")
    yield Measured("gitexp start --set, 20,000 files / typer app", costs[1], costs[2], "within 4 x")
    yield Measured("the same, 20,000 files / 50 files", costs[1], costs[0], "alike")


def run(home: Path, rounds: int) -> Rows:
    """One more experiment on a measured baseline, beside its script alone."""
    added = []
    for repeats in (1, 5):
        world = project(home / f"run-{repeats}", repeats=repeats)
        world.gitexp("run", "--baseline")
        bare = [("env", f"GITEXP_SEED={s + 1}", "python", "train.py") for s in range(repeats)]
        side = Side([(_GITEXP, "run")], world.path, _new_experiment(world))
        measured = compared(
            f"gitexp run, {repeats} seed{'s' if repeats > 1 else ''} / the script alone",
            rounds,
            side,
            Side(bare, world.path),
            "under 200 ms CPU more" if repeats == 1 else "",
        )
        added.append(measured.ours - measured.floor)
        yield measured
    each = added[1] - added[0]
    yield Measured(
        "added by each further seed / by the first",
        Cost(each.wall / 4, each.cpu / 4),
        added[0],
    )


def _new_experiment(world: World) -> Callable[[], object]:
    values = iter(range(2, 10_000))

    def register() -> None:
        drop_experiments(world)
        world.start("--set", f"model.C={next(values)}")

    return register


def checkout(home: Path, rounds: int) -> Rows:
    """A checkout that was used before, beside `git checkout` in a work tree like it."""
    for files in (50, 2000, 20_000):
        world = project(home / f"checkout-{files}", files=files - 4)
        first = world.git("rev-parse", "HEAD")
        world.edit("C = 1.0", "C = 10")
        second = world.commit("another config")
        other = home / f"work-tree-{files}"
        world.git("worktree", "add", "--quiet", "--detach", str(other))
        repository = Repository.discover(world.path)

        def reuse(commit: str, left: str, repository: Repository = repository) -> None:
            with take_checkout(repository, commit) as taken:
                if left:
                    (taken.path / left).write_text("{}")

        for what, commits, left in (
            ("one file differs", (first, second), ""),
            ("and another was left", (first, second), "metrics.json"),
            ("none does", (first,), ""),
        ):
            ours, floor = [], []
            for number in range(rounds + len(commits)):
                commit = commits[number % len(commits)]
                mine = cost_here(partial(reuse, commit, left))
                theirs = cost_of(("git", "checkout", "--quiet", commit), other)
                if number >= len(commits):
                    ours.append(mine)
                    floor.append(theirs)
            named = f"checkout, {files:,} files, {what} / git checkout"
            yield Measured(named, median(ours), median(floor), "under 60 ms")


def log(home: Path, rounds: int) -> Rows:
    """The log, beside the one `git log` that reads the same fields; then parts of it.

    The first listing of a clone judges all that is there, and is timed once. A whole log begins
    with a headline of all experiments, whose reader may leave after ten lines.
    """
    newest, begun = [], []
    for count in (100, 1000, 10_000, 100_000):
        world = project(home / f"log-{count}")
        many_experiments(world, count)
        floor = Side([_READ, (_GITEXP, "--version")], world.path)
        ours = Side([(_GITEXP, "log", "--json")], world.path)
        first = cost_of(ours.commands[0], world.path)
        peak = peak_of(ours.commands[0], world.path)
        what = f"log --json, {count:,} ({peak:.0f} MB) / git log + gitexp"
        measured = compared(what, max(3, rounds * 100 // count), ours, floor, "within 2.5 x")
        yield measured
        yield Measured("  the first time in a clone", first, measured.floor)
        newest.append(Side([(_GITEXP, "log", "-n", "20")], world.path))
        begun.append(Side([("sh", "-c", f"{_GITEXP} log | head")], world.path))
        world.gitexp("log")  # the headline is kept from here on
    yield compared("log -n 20, 100,000 / 100", rounds, newest[-1], newest[0], "under 3 x")
    yield compared("log | head, 10,000 / 100", rounds, begun[2], begun[0], "under 1.5 x")


def clone(home: Path, rounds: int) -> Rows:
    """The first log of a clone of 10,000 experiments: after its sync, and where nothing is kept."""
    world, hub = project(home / "cloned"), home / "cloned.git"
    many_experiments(world, 10_000)
    world.git("clone", "--quiet", "--mirror", ".", str(hub))
    world.git("clone", "--quiet", str(hub), str(home / "clone"))
    other = World(home / "clone")
    other.gitexp("sync")
    cache = other.path / ".git" / "gitexp" / "log.sqlite3"
    synced = cache.read_bytes()
    floor = Side([_READ, (_GITEXP, "--version")], other.path)
    head, whole = ("sh", "-c", f"{_GITEXP} log | head"), (_GITEXP, "log")

    def as_synced() -> None:
        cache.write_bytes(synced)

    kept, lost = (partial(Side, folder=other.path, prepare=p) for p in (as_synced, cache.unlink))
    yield compared("first log | head after a sync", rounds, kept([head]), floor, "under 1 s")
    yield compared("first log | head, nothing kept", rounds, lost([head]), floor)
    yield compared("first whole log, nothing kept", rounds, lost([whole]), floor)


def past(home: Path, rounds: int) -> Rows:
    """Registering and searching among a thousand experiments, beside registering the first."""
    values = iter(range(100, 1_000_000))
    sides = []
    for count in (1000, 0):
        world = project(home / f"past-{count}")
        many_experiments(world, count)
        world.gitexp("log")

        def forget(world: World = world) -> None:
            drop_experiments(world, but="run-")

        command = (_GITEXP, "start", "--set", f"train.epochs={next(values)}", BECAUSE)
        sides.append(Side([command], world.path, forget))
    many, none = sides
    yield compared("start, 1,000 past experiments / none", rounds, many, none, "within 1.5 x")
    search = Side([(_GITEXP, "search", "underfits")], many.folder)
    version = Side([(_GITEXP, "--version")], many.folder)
    yield compared("search, 1,000 / gitexp --version", rounds, search, version, "under 2 s")


def check(home: Path, rounds: int) -> Rows:
    """All experiments at once, beside one; and one in a large tree beside one in a small one."""
    world = project(home / "check")
    many_experiments(world, 1000)
    every, one = (Side([(_GITEXP, "check", word)], world.path) for word in ("--all", "run-1"))
    yield compared("gitexp check --all, 1,000 / check of one", rounds, every, one, "seconds")
    sides = []
    for files in (20_000, 50):
        world = project(home / f"check-{files}", files=files - 4)
        world.start("--set", "model.C=10")
        sides.append(Side([(_GITEXP, "check")], world.path))
    large, small = sides
    yield compared("gitexp check, 20,000 files / 50 files", rounds, large, small, "within 1.5 x")


def light(home: Path, rounds: int) -> Rows:
    """Commands that only read."""
    world = project(home / "light")
    world.start("--set", "model.C=10")
    app = _bare_app(home)
    commands = [(_GITEXP, "--help"), (_GITEXP, "check"), (_GITEXP, "log")]
    *costs, floor = by_turns(rounds, *(Side([c], world.path) for c in commands), app)
    for command, found in zip(commands, costs, strict=True):
        yield Measured(f"gitexp {command[1]} / typer app", median(found), median(floor))


ROWS = {
    row.__name__: row
    for row in (ordinary_commit, hooks, start, past, run, checkout, log, clone, check, light)
}


if __name__ == "__main__":
    report(__doc__, ROWS)
