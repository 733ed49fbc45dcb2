"""What could not be stored is on the disk before anybody is told where it is kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gitexp.store.aside import files_aside
from gitexp.store.note_writing import store_aside
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from tests.project import World

# A process of its own, so that what it asks of the system can be seen: it says which files and
# folders it has synced, by their inode, and then the error. Only the waiting is cut short.
WRITER = f"""\
import os
from pathlib import Path

sync = os.fsync

def seen(descriptor):
    sync(descriptor)
    print(os.fstat(descriptor).st_ino)

os.fsync = seen
from gitexp.errors import GitexpError
from gitexp.store import writers_lock
from gitexp.store.note_writing import append_lines
from gitexp.store.repository import Repository

writers_lock._ATTEMPTS = 1
repository = Repository.discover(Path.cwd())
try:
    append_lines(repository, {RUNS!r}, {{repository.git.resolve("HEAD"): ['{{"schema":1}}']}})
except GitexpError as error:
    print(error.message.replace("\\n", " "))
"""


def write(world: World, temporary: Path | None = None) -> tuple[set[int], str]:
    """Try to store a result; returns what was synced before the error, and the error."""
    variables = {"TMPDIR": str(temporary)} if temporary else {}
    ran = world.run(sys.executable, "-c", WRITER, cwd=None, **variables)
    assert ran.code == 0, ran.err
    *synced, told = ran.out.splitlines()
    return {int(inode) for inode in synced}, told


@pytest.fixture
def locked(world: World) -> World:
    """A repository in which a git command seems to be writing the records."""
    world.write(f".git/{RUNS}.lock", "")
    # So that no writer takes it for one that was left behind.
    os.utime(world.path / ".git" / f"{RUNS}.lock", (0, 0))
    return world


def test_a_result_that_is_set_aside_outlives_a_crash_of_the_machine(locked: World) -> None:
    synced, told = write(locked)
    repository = Repository.discover(locked.path)
    [path] = files_aside(repository)
    assert told.endswith(f"the result is kept in {path}")
    # The file and the folder that has its name: without the second, the file may have no name.
    assert {path.stat().st_ino, path.parent.stat().st_ino} <= synced
    (locked.path / ".git" / f"{RUNS}.lock").unlink()
    store_aside(repository)
    assert locked.git("notes", f"--ref={RUNS}", "show", "HEAD") == '{"schema":1}'
    assert not files_aside(repository)


def test_a_result_that_is_kept_elsewhere_does_so_too(locked: World, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    locked.write(".git/gitexp/aside", "a file where the folder should be")
    synced, told = write(locked, elsewhere)
    [path] = elsewhere.iterdir()
    assert told.endswith(f"the result is kept in {path}")
    assert {path.stat().st_ino, elsewhere.stat().st_ino} <= synced


def test_a_result_that_is_stored_at_once_is_synced_in_its_pack_alone(world: World) -> None:
    ran = world.run(sys.executable, "-c", WRITER)
    assert ran.code == 0, ran.err
    # Whoever waits for the lock keeps a file aside, which costs no sync as long as all goes well.
    packs = (world.path / ".git" / "objects" / "pack").iterdir()
    assert {int(inode) for inode in ran.out.split()} == {path.stat().st_ino for path in packs}
