"""A disk that fills and one that may not be written: told so, nothing lost, all of it readable."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.errors import NotReady, StoreBusy
from gitexp.store.git import Repository
from gitexp.store.notes import RUNS, append_lines, store_aside
from tests.project import World, git

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    """A repository on a disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"a disk of its own takes the right to mount one: {mounted.stderr.strip()}")
    try:
        git(disk, "init", "--quiet", "--template=", "project")
        world = World(disk / "project")
        world.write("file", "content\n")
        world.commit("first")
        yield world
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def append(world: World, line: str) -> None:
    head = world.git("rev-parse", "HEAD")
    append_lines(Repository.discover(world.path), RUNS, {head: [line]})


def note(world: World) -> list[str]:
    return world.git("notes", f"--ref={RUNS}", "show", "HEAD").splitlines()


def a_line(rng: random.Random) -> str:
    return f'{{"schema":1,"noise":"{rng.randbytes(400).hex()}"}}'


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_full_disk_loses_nothing_that_was_reported(
    seed: int, small: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rng, kept = random.Random(seed), []
    filler = small.write("filler", rng.randbytes(rng.randint(100_000, 300_000)))
    for _ in range(200):
        line = a_line(rng)
        try:
            append(small, line)
        except StoreBusy as error:
            failed = error
            break
        kept.append(line)
    assert "the disk is full" in failed.message
    place = Path(re.findall(r"what was to be stored is kept in (\S+)", failed.message)[0])
    assert place.exists()
    # What was there is as readable as before, and nothing half-written is in its way.
    assert note(small) == kept
    small.git("fsck", "--strict", "--no-dangling")
    filler.unlink()
    if not place.is_relative_to(small.path):
        command = failed.hint.splitlines()[-1].removeprefix("then: ").split(" && ")[0]
        subprocess.run(["sh", "-c", command], check=True)
    append(small, '{"schema":1,"after":true}')
    assert note(small) == [*kept, line, '{"schema":1,"after":true}']
    assert not list((small.path / ".git" / "gitexp" / "aside").iterdir())


def test_a_repository_that_may_not_be_written_says_so_and_is_read(
    small: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    append(small, "{}")
    disk = str(small.path.parent)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(NotReady, match="Read-only file system") as raised:
        append(small, '{"schema":1}')
    assert note(small) == ["{}"]
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    [place] = tmp_path.glob("*.jsonl")
    assert str(place) in raised.value.hint
    shutil.move(place, small.path / ".git" / "gitexp" / "aside" / place.name)
    store_aside(Repository.discover(small.path))
    assert note(small) == ["{}", '{"schema":1}']


def test_objects_that_may_not_be_written_are_named(small: World) -> None:
    append(small, "{}")
    objects = str(small.path / ".git" / "objects")
    subprocess.run(["mount", "--bind", objects, objects], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", objects], check=True)
        with pytest.raises(NotReady, match="cannot be written") as raised:
            append(small, '{"schema":1}')
    finally:
        subprocess.run(["umount", "--lazy", objects], check=True)
    # Only the objects could not: what was to be stored lies beside them, for the next command.
    [place] = (small.path / ".git" / "gitexp" / "aside").iterdir()
    assert f"kept in {place}" in raised.value.message
    append(small, '{"schema":1,"next":1}')
    assert note(small) == ["{}", '{"schema":1}', '{"schema":1,"next":1}']


def test_what_can_be_kept_nowhere_is_printed(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.devnull)
    append(small, "{}")
    disk = str(small.path.parent)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(NotReady) as raised:
        append(small, '{"schema":1,"precious":true}')
    assert raised.value.message.endswith('kept nowhere:\n{"schema":1,"precious":true}')
