"""Sealed repositories to measure in: no settings of the machine, no network, nothing left over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.record import Record
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.criterion import Criterion
from gitexp.store.refs import RUNS
from tests.project import BECAUSE, TRAIN, World

_CONFIG = "# knobs\n[model]\nC = 1.0  # strength\n\n[train]\nepochs = 20\nlr = 1e-3\n"


def seal(home: Path) -> None:
    """Give this process and its children an environment of our own."""
    settings = home / ".gitconfig"
    settings.write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
        "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.environ.clear()
    os.environ.update(
        PATH=path, HOME=str(home), GIT_CONFIG_GLOBAL=str(settings), GIT_CONFIG_NOSYSTEM="1",
        GIT_TERMINAL_PROMPT="0", LC_ALL="C.UTF-8", TZ="UTC", NO_COLOR="1",
    )  # fmt: skip


def project(folder: Path, *, files: int = 0, repeats: int = 5, planned: int = 100_000) -> World:
    """An initialised project with so many further files beside its script and its config."""
    folder.mkdir(parents=True)
    world = World(folder)
    world.write("config.toml", _CONFIG)
    world.write("train.py", TRAIN)
    world.write(
        "gitexp.toml",
        'config = ["config.toml"]\ncommand = "python train.py"\nmetric = "accuracy"\nrules = 2\n'
        f'repeats = [{repeats}]\nvary = "seed"\nplanned = {planned}\nfirst_seed = 1\n',
    )
    for number in range(files):
        world.write(f"src/part{number // 200:03}/file{number % 200:03}.py", f"x = {number}\n")
    world.git("init", "--quiet")
    world.git("add", "--all")
    world.git("commit", "--quiet", "-m", "baseline")
    world.gitexp("init", "--yes")
    return world


def drop_experiments(world: World, *, but: str = "") -> None:
    """Remove experiments (but those of a prefix), so that every round finds as many of them."""
    listed = world.git("for-each-ref", "--format=delete %(refname)", "refs/heads/exp/")
    gone = [line for line in listed.splitlines() if not but or f"/exp/{but}" not in line]
    refs = "\n".join(gone)
    if refs:
        subprocess.run(
            ["git", "update-ref", "--stdin"], cwd=world.path, input=f"{refs}\n".encode(), check=True
        )


def many_experiments(world: World, count: int, *, pairs: int = 5) -> None:
    """Register and measure experiments by the thousand, in one `git fast-import`."""
    base = world.git("rev-parse", "main")
    seeds = range(1, pairs + 1)
    stream = [
        _commit(f"refs/heads/exp/run-{n}", n + 1, base, 1_700_000_000 + n, _registered(n, seeds))
        + f"M 100644 inline config.toml\n{_data(_CONFIG.replace('1.0', f'{2 + n}'))}"
        for n in range(count)
    ]
    stream.append(_commit(RUNS, count + 1, "", 1_800_000_000, "records"))
    stream += [f"N inline :{n + 1}\n{_data(_records(n, seeds))}" for n in range(count)]
    stream.append(f"N inline {base}\n{_data(_records(-1, seeds))}")
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=world.path, input="".join(stream).encode(),
        check=True,
    )  # fmt: skip
    world.git("pack-refs", "--all")


def _commit(ref: str, mark: int, base: str, time: int, message: str) -> str:
    who = f"committer Ada <ada@example.org> {time} +0000"
    parent = f"from {base}\n" if base else ""
    return f"commit {ref}\nmark :{mark}\n{who}\n{_data(message)}{parent}"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _registered(number: int, seeds: range) -> str:
    return Registration(
        hypothesis=BECAUSE,
        name=f"run-{number}",
        change=parse_change(f"config.toml: model.C = 1.0 -> {2 + number}"),
        criterion=Criterion("accuracy", 0.005, higher_is_better=True),
        repeats=(len(seeds),),
        seeds=(seeds[0], seeds[-1]),
        widening=0.0,
        campaign=1,
        level=1e-6,
        rules=2,
    ).message()


def _records(number: int, seeds: range) -> str:
    # Differences between pairs must differ among themselves, or there is nothing to judge.
    lines = (
        Record(
            seed=seed,
            attempt=1,
            condition="0123456789ab",
            environment="e" * 64,
            metrics={"accuracy": 0.9 + (number + 1) * 1e-5 + (number * seed % 7) * 1e-3},
            start="2026-01-01T00:00:00.000Z",
            duration=61.5,
            exit=0,
            cpu=60.0,
            memory=1 << 30,
            folder=f"runs/{seed}-1",
        ).line()
        for seed in seeds
    )
    return "\n".join(lines) + "\n"
