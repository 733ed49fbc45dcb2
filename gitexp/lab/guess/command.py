"""The training script of a project, and the command that runs it."""

from __future__ import annotations

import posixpath
import re
import shutil
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCRIPTS = ("train.py", "main.py", "run.py", "experiment.py")
_NO_SCRIPTS = {"setup.py", "conftest.py", "noxfile.py", "manage.py"}
_ASIDE = {"tests", "test", "docs", "doc", "build", "dist", "node_modules", "venv", "env"}
_MOST = 2000  # entries of one folder; a larger one holds data
_DEEPEST = 3  # folders between the project and its script


def find_script(folder: Path) -> tuple[str, str]:
    """The training script, and the command that runs it; empty if several are as likely."""
    python = "python" if shutil.which("python") or not shutil.which("python3") else "python3"
    for name in _SCRIPTS:
        for place in ("", "scripts/", "src/"):
            if (folder / place / name).is_file():
                return f"{place}{name}", f"{python} {place}{name}"
    for path in sorted((folder / "src").glob("*/train.py")) + sorted(folder.glob("*/train.py")):
        package = path.parent.name
        if (path.parent / "__init__.py").is_file():
            return path.relative_to(folder).as_posix(), f"{python} -m {package}.train"
    runnable = [name for name in _modules(folder, _DEEPEST) if _is_program(folder / name)]
    trainers = [name for name in runnable if "train" in posixpath.basename(name)]
    for names in (trainers, runnable):
        if len(names) == 1:
            return names[0], f"{python} {names[0]}"
    return "", ""


def _modules(folder: Path, depth: int, inside: str = "") -> Iterator[str]:
    try:
        entries = sorted(islice((folder / inside).iterdir(), _MOST))
    except OSError:
        return
    for path in entries:
        name = posixpath.join(inside, path.name)
        if path.name.startswith((".", "test_")) or path.name in _ASIDE | _NO_SCRIPTS:
            continue
        if path.suffix == ".py" and path.is_file():
            yield name
        elif depth and path.is_dir() and not path.is_symlink():
            yield from _modules(folder, depth - 1, name)


def _is_program(path: Path) -> bool:
    return re.search(r"""^if __name__ == ["']__main__["']""", _read(path), re.MULTILINE) is not None


def script_of(folder: Path, command: str) -> tuple[str, str]:
    """The script that a command runs, "" if that is not clear; and the command."""
    words = command.split()
    for before, word in zip(["", *words], words, strict=False):
        if word.endswith((".py", ".sh")) and exists_in(folder, word):
            return posixpath.normpath(word), command
        if before == "-m" and re.fullmatch(r"[\w.]+", word):
            inner = word.replace(".", "/")
            for name in (f"{inner}.py", f"{inner}/__main__.py"):
                for found in (name, f"src/{name}"):
                    if exists_in(folder, found):
                        return found, command
    return "", command


def exists_in(folder: Path, name: str) -> bool:
    """Whether a project has a file or folder of that name."""
    try:
        return bool(name) and not name.startswith(("/", "..")) and (folder / name).exists()
    except (OSError, ValueError):  # too long for a name, or with a null
        return False


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
