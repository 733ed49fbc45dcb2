"""Progress of real transfers, on a terminal and elsewhere."""

from __future__ import annotations

import os
import pty
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitexp.store.fetch import fetch
from gitexp.store.note_writing import append_lines
from gitexp.store.push import Push, push
from gitexp.store.refs import BULK
from gitexp.store.repository import Repository
from gitexp.store.transfer import Progress, is_progress
from tests.team import clone_of, hook, hub_of, measured_experiment, synced

if TYPE_CHECKING:
    from tests.project import World

SIZE = 300_000  # bytes, which no compression makes smaller


def heavy(world: World, name: str) -> str:
    """An experiment whose bulk takes a while to send."""
    commit = measured_experiment(world, name)
    noise = random.Random(name).randbytes(SIZE).hex()
    line = f'{{"kind":"outcomes","schema":1,"noise":"{noise}"}}'
    append_lines(Repository.discover(world.path), BULK, {commit: [line]})
    return commit


def slow_down(world: World, remote: str) -> None:
    """Let the other side answer late, so that every transfer takes a while."""
    for program in ("upload-pack", "receive-pack"):
        path = world.path.parent / f"slow-{program}"
        path.write_text(f'#!/bin/sh\nsleep 0.6\nexec git {program} "$@"\n')
        path.chmod(0o755)
        world.git("config", f"remote.{remote}.{program.replace('-', '')}", str(path))


def on_a_terminal(world: World, *words: str) -> tuple[int, str, str]:
    """Run gitexp with standard error on a terminal; returns its code, output and what was shown."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gitexp", *words], cwd=world.path, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=its, text=True,
    )  # fmt: skip
    os.close(its)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 1 << 16)
        except OSError:  # Linux says so when the other side is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    out, _ = process.communicate(timeout=300)
    return process.returncode, out, shown.decode()


def screen(shown: str) -> list[str]:
    """Lines that are left on a terminal when all was written over."""
    lines = shown.replace("\r\n", "\n").split("\n")
    return [line.rpartition("\r")[2].replace("\x1b[K", "") for line in lines]


@pytest.fixture
def team(world: World) -> tuple[World, World]:
    """Two clones, each with much that the other lacks, and a hub that answers late."""
    hub = hub_of(world)
    other = clone_of(hub, "other")
    heavy(other, "calm-heron")
    synced(other)
    heavy(world, "brave-otter")
    world.git("remote", "set-url", "hub", f"file://{hub.path}")
    slow_down(world, "hub")
    return world, hub


@pytest.mark.slow
def test_a_terminal_shows_how_far_a_transfer_is(team: tuple[World, World]) -> None:
    world, _ = team
    code, out, shown = on_a_terminal(world, "sync")
    assert code == 0
    for step in ("receiving objects", "writing objects"):
        assert re.search(step + r": 100 % \(\d+ of \d+\), \d+\.\d\d [KM]iB", shown), shown
    assert "remote:" not in shown
    # The line was written over and is gone; what stays is what others see, too.
    assert [line for line in screen(shown) if line] == ["hub: fetching", "hub: pushing"]
    assert "came in" in out
    assert "objects" not in out


@pytest.mark.slow
@pytest.mark.parametrize("words", [("sync", "--json"), ("sync",)])
def test_nobody_else_is_shown_any(words: tuple[str, ...], team: tuple[World, World]) -> None:
    world, _ = team
    if "--json" in words:
        _, _, shown = on_a_terminal(world, *words)
    else:
        shown = world.gitexp(*words).err
    assert "objects" not in shown
    assert "\r" not in shown.replace("\r\n", "\n")


@pytest.mark.slow
def test_git_python_loads_only_for_a_transfer_that_takes_a_while(world: World) -> None:
    hub = hub_of(world)
    heavy(world, "brave-otter")
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from gitexp.lab.projects.project import open_project\n"
        "from gitexp.workflows.sync import sync\n"
        "sync(open_project(Path.cwd()), show=lambda _: None)\nprint('git' in sys.modules)\n"
    )
    patient = f"import gitexp.store.transfer as transfer\ntransfer._PATIENCE = 60\n{script}"
    quick = world.run(sys.executable, "-c", patient)
    assert (quick.out, quick.code) == ("False\n", 0), quick.err
    heavy(world, "calm-heron")
    slow_down(world, "hub")
    assert world.run(sys.executable, "-c", script).out == "True\n"
    assert hub.git("rev-parse", "exp/calm-heron")


@pytest.mark.slow
def test_errors_say_what_they_said_without_a_terminal(team: tuple[World, World]) -> None:
    world, hub = team
    hook(hub, "pre-receive", 'echo "Found files: 5"; echo "too late for today"; exit 1')
    seen: list[Progress] = []
    repository = Repository.discover(world.path)
    head = world.git("rev-parse", "exp/brave-otter")
    pushes = [Push("refs/heads/exp/brave-otter", head)]
    loud = push(repository, "hub", pushes, atomic=True, show=seen.append)
    assert loud == push(repository, "hub", pushes, atomic=True)
    [pushed] = loud.values()
    assert pushed.why == "pre-receive hook declined\nFound files: 5\ntoo late for today"
    world.git("remote", "set-url", "hub", f"file://{hub.path}-gone")
    messages = set()
    for show in (seen.append, None):
        with pytest.raises(Exception, match="could not be reached") as raised:
            fetch(repository, "hub", logs=False, show=show)
        messages.add(str(raised.value))
    assert len(messages) == 1


def test_progress_is_handed_on_as_numbers(team: tuple[World, World]) -> None:
    world, _ = team
    seen: list[Progress] = []
    fetch(Repository.discover(world.path), "hub", logs=False, show=seen.append)
    received = [progress for progress in seen if progress.step == "receiving objects"]
    assert [p.done for p in received] == sorted(p.done for p in received)
    assert received[-1].done == received[-1].total
    assert "iB" in received[-1].amount


@pytest.mark.parametrize(
    ("line", "progress"),
    [
        ("Receiving objects:  45% (450/1000), 12.00 MiB | 3.00 MiB/s", True),
        ("remote: Enumerating objects: 302, done.        ", True),
        ("remote: Total 302 (delta 0), reused 0 (delta 0), pack-reused 0", True),
        ("Delta compression using up to 2 threads", True),
        ("remote: Lint errors: 5", False),
        ("remote: Resolving deltas: 100% (1/1), completed with 1 local object.", True),
        ("fatal: repository 'Receiving objects: 5' does not exist", False),
        ("error: failed to push some refs to 'hub'", False),
        ("To file:///hub", False),
        (" * [new branch]      exp/brave-otter -> refs/gitexp/remote/hub/heads/brave-otter", True),
        (" ! [rejected]        exp/brave-otter -> hub/brave-otter  (non-fast-forward)", False),
    ],
)
def test_only_gits_own_progress_is_taken_out_of_what_it_said(line: str, progress: bool) -> None:
    assert is_progress(line) is progress
