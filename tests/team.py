"""Several clones of one project around a bare remote, and experiments made without running them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.lab.projects.project import open_project
from gitexp.lab.sharing.report import Synced
from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import write_line
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.registration import Registration
from gitexp.rules.documents.start import Start
from gitexp.rules.verdict.criterion import Criterion
from gitexp.store.commits import commit_file
from gitexp.store.note_writing import append_lines, write
from gitexp.store.refs import BULK, HEADS, LOGS, RUNS, VERDICTS
from gitexp.store.repository import Repository
from gitexp.store.shared_runs import send_runs, waiting_run
from gitexp.workflows.sync import sync
from tests.project import BECAUSE, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHARED = (RUNS, BULK, LOGS, VERDICTS)


def hub_of(world: World, name: str = "hub") -> World:
    """Make the bare remote of a project, which its main follows from then on."""
    hub = World(world.path.parent / f"{name}.git")
    world.git("clone", "--quiet", "--bare", ".", str(hub.path))
    world.git("remote", "add", name, str(hub.path))
    world.git("push", "--quiet", "--set-upstream", name, "main")
    return hub


def clone_of(hub: World, name: str, *options: str) -> World:
    """Clone as somebody else would; the remote is called team."""
    path = hub.path.parent / name
    hub.git("clone", "--quiet", "--origin", "team", *options, f"file://{hub.path}", str(path))
    return World(path)


def repository_of(world: World) -> Repository:
    return Repository.discover(world.path)


def synced(world: World, remote: str | None = None, **options: Any) -> Synced:  # noqa: ANN401
    """Sync, in this process."""
    return sync(open_project(world.path), remote, **options)


def an_experiment(world: World, name: str, value: float = 10, *, day: int = 1) -> str:
    """Register a change of C without a look at the log; returns the commit."""
    repository = repository_of(world)
    base = world.git("rev-parse", "main")
    [text] = repository.git.objects([f"{base}:config.toml"])
    assert text is not None
    message = Registration(
        hypothesis=BECAUSE,
        name=name,
        change=parse_change(f"config.toml: model.C = 1.0 -> {value}"),
        criterion=Criterion("accuracy", 0.005, higher_is_better=True),
        repeats=(5,),
        seeds=(1, 5),
        widening=0.0,
        campaign=1,
        level=0.005,
        rules=2,
    ).message()
    repository.git.environment["GIT_COMMITTER_DATE"] = f"2026-11-{day:02}T12:00:00Z"
    content = text.replace(b"C = 1.0", f"C = {value}".encode())
    commit = commit_file(repository, base, "config.toml", content, message)
    world.git("update-ref", f"{HEADS}{name}", commit)
    return commit


def a_record(commit: str, seed: int, accuracy: float = 0.9, **changes: Any) -> str:  # noqa: ANN401
    """A record as a run would leave it."""
    fields: dict[str, Any] = {
        "attempt": 1, "condition": "c" * 12, "environment": "e" * 64, "duration": 1.0, "exit": 0,
        "start": f"2026-11-25T10:00:{seed:02}.000Z", "commit": commit,
    }  # fmt: skip
    return Record(seed=seed, metrics={"accuracy": accuracy}, **(fields | changes)).line()


def starts_of(lines: Iterable[str]) -> list[str]:
    """What is on record before the runs of these records begin."""
    return [
        Start(
            record.commit, record.seed, record.attempt, record.start,
            host="h", boot="b", clone="c", batch="d",
        ).line()
        for record in parse_records("\n".join(lines))
    ]  # fmt: skip


def a_log(text: str) -> str:
    """The log line of a run that printed a text."""
    fields = {"seed": 1, "attempt": 1, "condition": "c" * 12, "stdout": text, "stderr": ""}
    return write_line(Kind.LOG, fields)


def measure(world: World, commit: str, accuracy: float, seeds: range = range(1, 6)) -> None:
    """Record runs of a commit: the accuracy, and a little of the seed in it."""
    lines = [a_record(commit, seed, accuracy * (1 + seed * 1e-4)) for seed in seeds]
    append_lines(repository_of(world), RUNS, {commit: [*starts_of(lines), *lines]})


def measured_experiment(world: World, name: str, value: float = 10, accuracy: float = 0.92) -> str:
    """An experiment with its runs and those of its baseline; returns the commit."""
    commit = an_experiment(world, name, value)
    measure(world, world.git("rev-parse", "main"), 0.9)
    measure(world, commit, accuracy)
    return commit


def write_run(
    repository: Repository, remote: str, commit: str, record: str, bulk: Sequence[str]
) -> str:
    """Send the lines of one run, as a worker does; returns the ref."""
    run = waiting_run(commit, record, bulk)
    write(repository, [run])
    send_runs(repository, remote, [run.ref])
    return run.ref


def texts(world: World, *refs: str) -> dict[tuple[str, str], bytes]:
    """All notes of a clone, by ref and commit, as git stores them."""
    repository = repository_of(world)
    found = {}
    for ref in refs or SHARED:
        lines = world.try_git("notes", f"--ref={ref}", "list").out.splitlines()
        blobs = [line.split() for line in lines]
        contents = repository.git.objects([blob for blob, _ in blobs])
        for (_, noted), content in zip(blobs, contents, strict=True):
            found[ref, noted] = content or b""
    return found


def branches(world: World) -> dict[str, str]:
    """Commits of experiments by name, branches of this clone alone."""
    lines = world.git("for-each-ref", "--format=%(refname) %(objectname)", HEADS).splitlines()
    return dict(line.removeprefix(HEADS).split(" ") for line in lines)


def hook(hub: World, name: str, script: str) -> None:
    """Install a hook of the remote."""
    path = hub.path / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    assert os.access(path, os.X_OK)


def lines_of(world: World, ref: str, commit: str) -> list[str]:
    """Lines of a note, as git shows them."""
    return world.try_git("notes", f"--ref={ref}", "show", commit).out.splitlines()


def here(path: str | Path) -> World:
    """A work tree or bare repository that is there already."""
    return World(Path(path))
