"""Runs on a machine whose driver is a script; the trainer reports which devices it was given."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.devices.shares import PARTS, Shares
from tests.arrange import bulk, records, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.project import World

# Holds its device alone while it runs, or says so.
TRAIN = """
import os, pathlib, sys, time
seen = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
for name in seen.split(","):
    mark = pathlib.Path({folder!r}) / name
    assert not mark.exists(), f"{{name}} is taken"
    mark.write_text("")
time.sleep(0.1)
print(f"seen {{seen}}")
for name in seen.split(","):
    (pathlib.Path({folder!r}) / name).unlink()
print("accuracy=0.9")
"""


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Two devices with names that no other test has."""
    names = [f"GPU-{secrets.token_hex(8)}" for _ in range(2)]
    listed = "".join(f"GPU {i}: T4 (UUID: {name})\\n" for i, name in enumerate(names))
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\ncase $1 in\n-L) printf '{listed}';;\n"
        "*name,driver*) printf 'T4, 550\\nT4, 550\\n';;\nesac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    yield names
    for name in names:
        Shares(name).path.unlink(missing_ok=True)


@pytest.fixture
def world(ready: World, tmp_path: Path) -> World:
    (tmp_path / "busy").mkdir()
    (ready.path / "train.py").write_text(TRAIN.format(folder=str(tmp_path / "busy")))
    return ready


def seen(world: World) -> list[str]:
    logs = (world.path / ".git" / "gitexp" / "runs").rglob("stdout.log")
    return [log.read_text().split("\n")[0].removeprefix("seen ") for log in logs]


def test_no_two_runs_have_the_same_device_at_once(world: World, devices: list[str]) -> None:
    settle(world, repeats=[4], gpus=1)
    name = world.start("--set", "model.C=10")
    world.gitexp("run", name, "--jobs", "auto")
    assert {*seen(world)} == {*devices}
    assert len(seen(world)) == 8
    [environment] = bulk(world, f"exp/{name}", "environment")
    assert environment["accelerators"] == ["T4"]


@pytest.mark.slow
def test_a_run_may_have_several_devices_or_a_share(world: World, devices: list[str]) -> None:
    settle(world, repeats=[2], gpus=2)
    world.gitexp("run", "--baseline", "--jobs", "2")
    assert {*seen(world)} == {",".join(devices)}


def test_only_devices_that_were_chosen_are_used(world: World, devices: list[str]) -> None:
    settle(world, repeats=[2], gpus=1)
    world.gitexp("run", "--baseline", "--gpus", "1")
    assert {*seen(world)} == {devices[1]}
    world.gitexp("run", "--baseline", "--gpus", "7")  # nothing is left to run
    name = world.start("--set", "model.C=10")
    assert "'7' is not one of the devices" in world.gitexp("run", name, "--gpus", "7", code=2).err


@pytest.mark.slow
def test_a_run_waits_for_a_device_that_somebody_holds(world: World, devices: list[str]) -> None:
    settle(world, repeats=[2], gpus=1)
    theirs = Shares(devices[0])
    assert theirs.take(PARTS)
    ran = world.gitexp("run", "--baseline", "--jobs", "2")
    assert "left out: device 0 (T4) is used by a gitexp run" in ran.err
    assert {*seen(world)} == {devices[1]}
    theirs.free()


def test_more_devices_than_there_are_is_said_before_anything_runs(
    world: World, devices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(world, repeats=[2], gpus=3)
    assert len(devices) == 2
    assert "of 2 here you may use 2" in world.gitexp("run", "--baseline", code=3).err
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    settle(world, repeats=[2], gpus=1)
    assert "of 2 here you may use 0" in world.gitexp("run", "--baseline", code=3).err
    assert seen(world) == []


def test_both_runs_of_an_interleaved_pair_have_the_same_device(
    world: World, devices: list[str]
) -> None:
    settle(world, repeats=[3], gpus=1, pairing="interleaved")
    names = [world.start("--set", f"model.C={value}") for value in (10, 8)]
    assert "--jobs 2" in world.gitexp("run", *names, "--jobs", "3", code=2).err
    world.gitexp("run", *names, "--jobs", "auto")
    used: dict[tuple[str, int], list[str]] = {}
    commits = [world.git("rev-parse", f"exp/{name}") for name in names]
    for record in (r for one in ("main", *commits) for r in records(world, one)):
        log = world.path / ".git" / "gitexp" / record["folder"] / "stdout.log"
        device = log.read_text().split("\n")[0]
        used.setdefault((record.get("pair") or record["commit"], record["seed"]), []).append(device)
    assert len(used) == 6
    assert all(len(both) == 2 and len({*both}) == 1 for both in used.values())
    assert {one.removeprefix("seen ") for both in used.values() for one in both} == {*devices}
