"""Code from outside the checkout, by content."""

from __future__ import annotations

import base64
import hashlib
import sys
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.builds import build_of, builds_of
from gitexp.engine.contents import Contents
from gitexp.engine.distributions import place
from gitexp.engine.elsewhere import find_modules, inert_files, libraries_of, modules_of
from gitexp.engine.program import is_python, programs_of
from gitexp.engine.startup import startup_of
from gitexp.rules.documents.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def contents() -> Contents:
    return Contents({})


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def install(site: Path, name: str, code: str) -> Path:
    """Lay out a distribution as an installer does; returns its metadata folder."""
    file = write(site / name / "__init__.py", code)
    write(site / name / "tests" / "test_it.py", "")
    digest = base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
    record = f"{name}/__init__.py,sha256={digest.rstrip('=')},1\n{name}/tests/test_it.py,,\n"
    record += f"{name}-1.0.dist-info/INSTALLER,sha256=x,4\n../../../bin/{name},sha256=y,9\n"
    return write(site / f"{name}-1.0.dist-info" / "RECORD", record).parent


def test_the_same_package_installed_elsewhere_is_the_same(
    tmp_path: Path, contents: Contents
) -> None:
    here, there = (install(tmp_path / name / "site-packages", "pkg", "A = 1") for name in "ab")
    write(there.parent / "pkg" / "__pycache__" / "x.pyc", "another machine's")
    write(there / "INSTALLER", "another installer")
    write(there.parent / "pkg" / "tests" / "test_it.py", "edited")
    assert build_of(here, contents) == build_of(there, contents) is not None


def test_a_package_that_was_edited_where_it_is_installed_is_another(
    tmp_path: Path, contents: Contents
) -> None:
    info = install(tmp_path / "site-packages", "pkg", "A = 1")
    before = build_of(info, contents)
    write(info.parent / "pkg" / "__init__.py", "A = 2")
    (info / "RECORD").touch()
    assert build_of(info, contents) != before


def test_without_a_list_of_its_files_a_package_is_hashed_as_a_whole(
    tmp_path: Path, contents: Contents
) -> None:
    info = install(tmp_path / "site-packages", "pkg", "A = 1")
    (info / "RECORD").unlink()
    before = builds_of([("pkg", info)], contents)
    assert before.keys() == {"pkg"}
    write(info.parent / "pkg" / "deep" / "more.py", "B = 1")
    assert builds_of([("pkg", info)], contents) != before


def test_modules_elsewhere_are_hashed_and_found_again_before_a_run(
    tmp_path: Path, contents: Contents
) -> None:
    library, site, checkout = (tmp_path / name for name in ("lib", "site-packages", "checkout"))
    files = {
        "mine": write(library / "mine" / "__init__.py", ""),
        "mine.deep": write(library / "mine" / "deep.py", "A = 1"),
        "single": write(library / "single.py", "A = 1"),
        "loose": write(site / "loose" / "__init__.py", "A = 1"),
        "_label": write(site / "scipy" / "ndimage" / "_label.py", ""),
        "_virtualenv": write(site / "_virtualenv.py", ""),
        "train": write(checkout / "train.py", ""),
        "__main__": write(tmp_path / "bin" / "torchrun", ""),
    }
    placed = [*place({name: str(file) for name, file in files.items()})]
    found = modules_of(placed, (), (checkout,), contents)
    assert found.keys() == {"mine", "mine.deep", "single", "loose"}
    assert find_modules(found, [library, site], contents) == found
    write(site / "loose" / "more.py", "")
    write(library / "mine" / "deep.py", "A = 2")
    again = modules_of(placed, (), (checkout,), contents)
    assert {name for name in found if again[name] != found[name]} == {"mine.deep", "loose"}


def test_libraries_are_hashed_by_name(tmp_path: Path, contents: Contents) -> None:
    own, checkout = tmp_path / "lib" / "libgain.so", tmp_path / "checkout"
    write(own, "1")
    write(checkout / "libmine.so", "1")
    files = [own, checkout / "libmine.so", tmp_path / "gone.so"]
    found = libraries_of(files, (checkout,), contents)
    assert found.keys() == {"libgain.so"}
    write(own, "22")
    assert libraries_of(files, (checkout,), contents) != found


def test_only_lines_that_run_and_that_nobody_installed_count_at_start_up(
    tmp_path: Path, contents: Contents
) -> None:
    site = tmp_path / "site-packages"
    write(site / "folder.pth", "/home/me/project/src\n")
    write(site / "_virtualenv.pth", "import _virtualenv\n")
    write(site / "__editable__.mine.pth", "import __editable___mine_finder; install()\n")
    own = write(site / "precedence.pth", "import os; os.environ.get('X')\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(own.read_bytes()).digest()).decode()
    write(site / "tool-1.dist-info" / "RECORD", f"precedence.pth,sha256={digest.rstrip('=')},9\n")
    assert startup_of([site], {}, contents) == {}
    write(own, "import os; os.environ['X'] = '1'\n")
    write(site / "late.pth", "import os\n")
    assert startup_of([site], {}, contents).keys() == {"precedence.pth", "late.pth"}


def test_a_program_of_ones_own_counts_and_launchers_do_not(
    tmp_path: Path, contents: Contents
) -> None:
    go = write(tmp_path / "go", "#!/bin/sh\nexec python train.py\n")
    binary = tmp_path / "trainer"
    binary.write_bytes(b"\x7fELF\0")
    script = write(tmp_path / "tool.py", "A = 1\n")
    output = write(tmp_path / "log.txt", "")
    words = [str(go), str(script), str(output), "--lr", "0.1"]
    found = programs_of(words, "", (), contents)
    assert found.keys() == {"go", "tool.py"}
    assert programs_of([str(binary)], "", (), contents).keys() == {"trainer"}
    assert programs_of(["sh", "go"], "/bin:/usr/bin", (), contents) == {}
    assert programs_of([sys.executable, "train.py"], "", (), contents) == {}
    assert programs_of(words, "", (tmp_path,), contents) == {}
    # Where its interpreter lies differs between machines.
    write(go, "#!/usr/bin/env sh\nexec python train.py\n")
    assert programs_of(words, "", (), contents) == found
    write(go, "#!/bin/sh\nGAIN=1 exec python train.py\n")
    assert programs_of(words, "", (), contents)["go"] != found["go"]


def test_a_shell_or_a_script_around_python_is_not_python() -> None:
    assert is_python("/usr/bin/python3.11")
    assert not is_python("/usr/bin/env")


def test_used_files_that_the_settings_call_inert_are_found(tmp_path: Path) -> None:
    settings = Settings(
        config=("docs/c.toml",), command="x", metric="m", inert=("docs/", "tests/", "/lib/")
    )
    used = [tmp_path / file for file in ("p/tests/a.py", "p/train.py", "lib/c.py")]
    found = inert_files(used, tmp_path, "p/", settings)
    assert found == ["/lib/c.py", "docs/c.toml", "tests/a.py"]
