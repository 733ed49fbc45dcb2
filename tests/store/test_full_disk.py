"""A disk that fills and one that may not be written: told so, nothing lost, all of it readable."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.errors import NotReady, StoreBusy
from gitexp.lab.health.setup import check_writable
from gitexp.lab.measuring.claims import claim_of, is_held
from gitexp.lab.projects.last_started import note_started
from gitexp.lab.setup.installation import commit_settings
from gitexp.store.local import locked
from gitexp.store.note_writing import append_lines, store_aside
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from tests.crashes import small_disk
from tests.project import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    """A repository on a disk of one megabyte."""
    try:
        with small_disk(tmp_path / "disk") as world:
            yield world
    except PermissionError as error:
        pytest.skip(f"a disk of its own takes the right to mount one: {error}")


def append(world: World, line: str) -> None:
    head = world.git("rev-parse", "HEAD")
    append_lines(Repository.discover(world.path), RUNS, {head: [line]})


def note(world: World) -> list[str]:
    return world.git("notes", f"--ref={RUNS}", "show", "HEAD").splitlines()


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


def test_claims_are_looked_at_where_nothing_may_be_written(small: World) -> None:
    repository = Repository.discover(small.path)
    claim = claim_of(repository, "a" * 40, 1)
    with locked(claim):
        assert is_held(claim)
    subprocess.run(["mount", "-o", "remount,ro", str(small.path.parent)], check=True)
    assert not is_held(claim)


def test_the_doctor_names_a_disk_that_is_full(small: World) -> None:
    repository = Repository.discover(small.path)
    assert [*check_writable(repository)] == []
    with suppress(OSError):
        small.write("filler", bytes(1 << 20))
    assert "is full" in next(iter(check_writable(repository))).message


def test_a_full_disk_is_told_where_git_only_says_what_it_could_not_write(small: World) -> None:
    head = small.git("rev-parse", "HEAD")
    with suppress(OSError):
        small.write("filler", bytes(1 << 20))
    assert "No space left" not in small.try_git("update-ref", "refs/heads/x", head).err
    repository = Repository.discover(small.path)
    with pytest.raises(StoreBusy, match=f"full .the one with {small.path}"):
        repository.git.run("update-ref", "refs/heads/x", head)
    with pytest.raises(StoreBusy, match="the disk is full"):
        note_started(repository, "", "brave-otter")


def test_a_disk_without_room_for_another_file_is_full(small: World) -> None:
    disk = str(small.path.parent)
    subprocess.run(["mount", "-o", "remount,nr_inodes=100", disk], check=True)
    with suppress(OSError):
        for number in range(100):
            small.write(f"filler-{number}", "")
    repository = Repository.discover(small.path)
    with (
        pytest.raises(StoreBusy, match=f"full .the one with {repository.local}"),
        locked(repository.local / "new.lock"),
    ):
        pass
    with pytest.raises(StoreBusy, match=f"full .the one with {small.path}"):
        repository.git.run("update-ref", "refs/new/folder/x", small.git("rev-parse", "HEAD"))
    with pytest.raises(OSError, match="No space left"):
        commit_settings(repository, "", 'metric = "loss"')
    assert not (small.path / "gitexp.toml").exists()
    assert small.git("diff", "--cached", "--name-only") == ""


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
    assert raised.value.message.endswith('kept anywhere:\n{"schema":1,"precious":true}')
