"""Files that a run opened outside its checkout."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitexp.engine import opened
from gitexp.engine.contents import Contents
from gitexp.engine.loaded import PROBE_FOLDER
from gitexp.engine.opened import Opened, changed_before, contents_of, read_opened, spell
from tests.project import git

ADD_TO_DATABASE = """
import os, sqlite3
os.truncate("f", 0)
os.utime("f", (9, 9))
sqlite3.connect("f").execute("create table t (x)")
"""


def opened_by(code: str, place: Path) -> Opened:
    """Run code in `place` under the probe, and read what it opened."""
    reports, since = place / "reports", time.time()
    reports.mkdir(exist_ok=True)
    variables = {"GITEXP_PROBE": str(reports), "PYTHONPATH": str(PROBE_FOLDER)}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=place, env=os.environ | variables,
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.stderr == ""
    return read_opened(reports, since)


def test_whatever_ways_python_opens_a_file_it_is_known(tmp_path: Path) -> None:
    names = [f"{number}.{'py' if number == 4 else 'txt'}" for number in range(9)]
    for name in names:
        (tmp_path / name).write_text("x = 1")
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    here = tmp_path.as_posix()
    code = f"""
import importlib.util, io, multiprocessing, os, pathlib, runpy, subprocess
open("0.txt").close(); pathlib.Path("1.txt").read_text(); io.open(b"2.txt", "rb").close()
os.close(os.open("3.txt", os.O_RDONLY))
spec = importlib.util.spec_from_loader("m", importlib.machinery.SourceFileLoader("m", "4.py"))
spec.loader.exec_module(importlib.util.module_from_spec(spec))
subprocess.run(["cat", "{here}/5.txt"], capture_output=True)
subprocess.run("cat {here}/6.txt | cat", shell=True, capture_output=True)
os.environ["PATH"] += ":{here}"
subprocess.run(["tool"]); os.system("cat {here}/7.txt > /dev/null")
try: open("missing.txt")
except OSError: pass
if not os.fork():
    open("8.txt").close()
    os._exit(0)
os.wait(); os._exit(0)
"""
    # The second time, Python loads what it compiled the first time.
    for _ in range(2):
        read = opened_by(code, tmp_path).outside([]).read
        assert sorted(path.name for path in read) == [*names, "tool"]


@pytest.mark.parametrize(
    ("code", "read", "carried"),
    [
        ("open('f').read()", True, False),
        ("open('f').read(); open('f', 'w').write('b')", True, True),
        ("open('f', 'r+').write('b')", True, True),
        # Whatever program writes it: compiled code, or one that moves a new file to its place.
        ("import os; open('f'); open('n', 'w').write('b'); os.replace('n', 'f')", True, True),
        ("import os; open('f'); os.system('echo b > f')", True, True),
        # What a run wrote itself, it brought with it.
        ("import os; os.system('echo b > f'); open('f').read(); open('f', 'w')", True, False),
        ("import os; os.system(f'echo b > {os.getcwd()}/f')", True, False),
        ("open('f', 'w').write('b'); open('f').read()", False, False),
        ("open('f', 'a').write('b')", False, False),
        # Opened for both, as numpy.memmap does, and left as it was.
        ("import os; os.utime('f', (9, 9)); open('f', 'r+').read()", True, False),
        # What was not there yet, and what a tracker adds to its database.
        ("import os; os.remove('f')\ntry: open('f')\nexcept OSError: open('f', 'w')", False, False),
        (ADD_TO_DATABASE, True, False),
    ],
)
def test_a_file_joins_runs_where_one_reads_it_and_it_changes(
    code: str, read: bool, carried: bool, tmp_path: Path
) -> None:
    file = tmp_path / "f"
    file.write_text("a")
    found = opened_by(code, tmp_path)
    assert (file in found.read, file in found.carried) == (read, carried)


def test_the_system_the_checkout_and_packages_are_no_inputs(tmp_path: Path) -> None:
    outside, link = tmp_path / "data.csv", tmp_path / "checkout" / "data.csv"
    package = tmp_path / "lib" / "site-packages" / "a.json"
    own = tmp_path / "checkout" / "own.csv"
    for file in (outside, package, own):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    link.symlink_to(outside)
    every = {path: path.resolve() for path in (link, package, own, Path("/etc/passwd"))}
    found = Opened(every, frozenset({link, own})).outside([tmp_path / "checkout"])
    # By a name that does not depend on which checkout it was.
    assert found == Opened({outside: outside}, frozenset({outside}))


def test_a_change_anywhere_in_a_file_or_a_folder_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "_WHOLE", 1 << 20)
    monkeypatch.setenv("HOME", str(tmp_path))
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_text("a")
    large.write_bytes(bytes(2 << 20))
    files = {small: small, large: large}
    before = contents_of(files, Contents({}))
    assert [*before] == ["~/large", "~/small"]
    assert {len(digest) for digest in before.values()} == {4}
    small.write_text("b")
    large.write_bytes(bytes((2 << 20) - 1) + b"b")
    after = contents_of(files, Contents({}))
    assert before["~/small"] != after["~/small"]
    assert before["~/large"] != after["~/large"]
    monkeypatch.setattr(opened, "_NAMED", 1)
    assert [*contents_of(files, Contents({}))] == ["~/"]
    assert spell(Path("/data/x")) == "/data/x"


def test_a_journal_of_anything_is_no_trouble(tmp_path: Path) -> None:
    assert read_opened(tmp_path, 0) == Opened()
    (tmp_path / opened.JOURNAL).write_bytes(b"\n\nr\nr\0\nr\xff\nx/etc/passwd\nr" + b"/a" * 5000)
    assert read_opened(tmp_path, 0) == Opened()


def test_of_a_file_that_a_run_did_not_bring_it_is_known_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a")
    changed = file.stat().st_ctime
    files = {file: file, tmp_path / "gone": tmp_path / "gone"}
    assert changed_before(files, changed + 1, Contents({})) == {str(file): round(changed, 2)}
    # The run brought it, or it has been there for long.
    assert changed_before(files, changed - 1, Contents({})) == {}
    assert changed_before(files, changed + 40 * 24 * 3600, Contents({})) == {}


@pytest.mark.parametrize(
    ("name", "as_named"),
    [
        ("torch/hub/checkpoints/net-{sha256:.8}.pth", True),
        ("torch/hub/checkpoints/net-0123abcd.pth", False),
        ("torch/hub/checkpoints/net.pth", False),
        ("models--me--net/blobs/{sha256}", True),
        ("models--me--net/blobs/{blob}", True),
        (f"models--me--net/blobs/{'0' * 40}", False),
        # Whoever may choose the name of a file elsewhere may choose this one.
        ("data/part-{sha256:.8}.csv", False),
    ],
)
def test_a_download_that_is_named_by_its_content_changes_no_more(
    tmp_path: Path, name: str, *, as_named: bool
) -> None:
    weights, link = tmp_path / "weights", tmp_path / "link"
    weights.write_bytes(b"0.5")
    blob = git(tmp_path, "hash-object", "weights")
    file = tmp_path / name.format(sha256=hashlib.sha256(b"0.5").hexdigest(), blob=blob)
    file.parent.mkdir(parents=True)
    weights.rename(file)
    link.symlink_to(file)
    found = changed_before({link: file.resolve()}, time.time() + 1, Contents({}))
    assert [*found] == ([] if as_named else [str(link)])
