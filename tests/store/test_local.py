"""What belongs to one clone alone: locks that die with their holder, files that are never half."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gitexp.errors import NotReady
from gitexp.store.local import is_locked, locked, read_json, salt, write_atomically, write_json

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """\
import sys
from pathlib import Path
from gitexp.store.local import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Start another process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_held_by_one_process_only(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "x.lock"
    other = holder(path)
    with locked(path, wait=False) as mine:
        assert mine is None
    other.communicate("", timeout=30)
    with locked(path, wait=False) as mine:
        assert mine is not None


def test_a_killed_holder_frees_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    other = holder(path)
    other.send_signal(signal.SIGKILL)
    other.communicate(timeout=30)
    with locked(path, wait=False) as mine:
        assert mine is not None


def test_two_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    count = tmp_path / "count"
    count.write_text("0")

    def add(_turn: int) -> None:
        with locked(tmp_path / "x.lock"):
            count.write_text(str(int(count.read_text()) + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(200)))
    assert count.read_text() == "200"


def test_a_lock_is_freed_when_its_holder_raises(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "x.lock"):
        raise ZeroDivisionError
    with locked(tmp_path / "x.lock", wait=False) as mine:
        assert mine is not None


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(NotReady, match=r"file/x\.lock cannot be opened: File exists"),
        locked(tmp_path / "file" / "x.lock"),
    ):
        pass


def test_a_write_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state"
    write_atomically(path, b"a long old content")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["state"]


def test_a_write_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir()  # cannot be replaced by a file
    with pytest.raises(OSError, match="directory"):
        write_atomically(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]


def test_a_reader_sees_the_old_or_the_new_file_never_a_part(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_json(path, {"n": 0, "text": ""})

    def rewrite(turn: int) -> None:
        write_json(path, {"n": turn, "text": "x" * turn * 100})

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(rewrite, turn) for turn in range(60)]
        while not all(future.done() for future in writing):
            found = read_json(path)
            assert len(found["text"]) == found["n"] * 100
        for future in writing:
            future.result()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'"x"', b"{}x"])
def test_a_damaged_file_reads_as_empty(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(content)
    assert read_json(tmp_path / "x.json") == {}
    assert read_json(tmp_path / "missing.json") == {}
    assert read_json(tmp_path) == {}


def test_json_is_the_same_whatever_the_order_of_its_keys(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"b": 1, "a": [2]})
    write_json(tmp_path / "b", {"a": [2], "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert read_json(tmp_path / "a") == {"a": [2], "b": 1}


def test_a_clone_keeps_one_salt_whoever_asks_first(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        salts = set(pool.map(lambda _turn: salt(tmp_path / "gitexp"), range(8)))
    assert len(salts) == 1
    [made] = salts
    assert len(made) == 32
    assert salt(tmp_path / "gitexp") == made
    assert salt(tmp_path / "another clone") != made


def test_an_empty_salt_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "salt").touch()
    assert len(salt(tmp_path)) == 32


def test_the_salt_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    salt(tmp_path)
    assert (tmp_path / "salt").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("folder", "umask", "expected"),
    [
        (0o2775, 0o022, 0o660),
        (0o2775, 0o077, 0o660),
        (0o2777, 0o022, 0o666),
        (0o2750, 0o077, 0o640),
        (0o755, 0o022, 0o600),
    ],
)
def test_files_are_as_open_as_git_made_their_folder(
    tmp_path: Path, folder: int, umask: int, expected: int
) -> None:
    tmp_path.chmod(folder)
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "deep" / "salt", b"x")
    finally:
        os.umask(before)
    path = tmp_path / "deep" / "salt"
    assert stat.S_IMODE(path.stat().st_mode) == expected
    shared = expected & 0o066
    assert stat.S_IMODE(path.parent.stat().st_mode) & shared == shared


def test_a_file_system_without_locks_is_named_with_a_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refused)
    with (
        pytest.raises(NotReady, match=r"x\.lock cannot be locked") as found,
        locked(tmp_path / "x.lock"),
    ):
        pass
    assert "a clone on a local disk" in found.value.hint


def test_a_look_at_a_lock_tells_its_holder_from_others_who_look(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    assert not path.exists()
    with locked(path):
        assert is_locked(path)
    with path.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert not is_locked(path)
