"""The training script of a project, and the command that runs it: itself, by a shell, by make."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from gitexp.lab.guess.wrapper import MAKEFILES, commands_in, targets_in

_SCRIPTS = ("train.py", "main.py", "run.py", "experiment.py")
_OTHER_LANGUAGES = {".R": "Rscript", ".r": "Rscript", ".jl": "julia --project=."}
_NO_SCRIPTS = {"setup.py", "conftest.py", "noxfile.py", "manage.py"}
_ASIDE = {"tests", "test", "docs", "doc", "build", "dist", "node_modules", "venv", "env"}
_MOST = 2000  # entries of one folder; a larger one holds data
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t].*$", re.MULTILINE)
_ACTS = re.compile(r"^(?:for|with|while|print)\b", re.MULTILINE)
_DEEPEST = 3  # folders between the project and its script


@dataclass(frozen=True, slots=True)
class Program:
    """A training script, and the shell script or makefile that starts it, where one does.

    `target` is the makefile's, and `inner` the command there. A path is empty if there is no such
    file, or several as likely.
    """

    path: str = ""
    wrapper: str = ""
    target: str = ""
    inner: str = ""


def find_script(folder: Path) -> tuple[Program, str]:
    """The training script, and the command that runs it; empty if several are as likely."""
    python = "python" if shutil.which("python") or not shutil.which("python3") else "python3"
    for name in _SCRIPTS:
        for place in ("", "scripts/", "src/"):
            if (folder / place / name).is_file():
                return Program(f"{place}{name}"), f"{python} {place}{name}"
    for path in sorted((folder / "src").glob("*/train.py")) + sorted(folder.glob("*/train.py")):
        package = path.parent.name
        if (path.parent / "__init__.py").is_file():
            return Program(path.relative_to(folder).as_posix()), f"{python} -m {package}.train"
    for name in _SCRIPTS:
        for place in ("", "scripts/", "src/"):
            for ending, starter in _OTHER_LANGUAGES.items():
                other = f"{place}{name.removesuffix('.py')}{ending}"
                if (folder / other).is_file():
                    return Program(other), f"{starter} {other}"
    names = find_programs(folder)
    trainers = [name for name in names if "train" in posixpath.basename(name)]
    for chosen in (trainers, names):
        if len(chosen) == 1:
            return Program(chosen[0]), f"{python} {chosen[0]}"
    return Program(), ""


def find_programs(folder: Path) -> list[str]:
    """The Python files of a project that do something when they are run."""
    modules = [*_modules(folder, _DEEPEST)]
    runnable = [name for name in modules if _is_program(folder / name)]
    return runnable or _runs_at_once(folder, modules[:_MOST])


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


def _runs_at_once(folder: Path, modules: Sequence[str]) -> list[str]:
    """Modules that act as soon as they are loaded, and that no other module imports."""
    texts = {name: read_text(folder / name) for name in modules}
    imports = " ".join(line for text in texts.values() for line in _IMPORTS.findall(text))
    imported = set(re.findall(r"\w+", imports))
    return [
        name
        for name, text in texts.items()
        if _ACTS.search(text) and posixpath.basename(name).removesuffix(".py") not in imported
    ]


def _is_program(path: Path) -> bool:
    return (
        re.search(r"""^if __name__ == ["']__main__["']""", read_text(path), re.MULTILINE)
        is not None
    )


def program_of(folder: Path, command: str) -> Program:
    """What a command runs, also after `cd FOLDER &&`; empty if that is not clear."""
    words = re.split(r"[\s;&]+", command.strip())
    inside = ""
    for place, (before, word) in enumerate(zip(["", *words], words, strict=False)):
        name = posixpath.normpath(posixpath.join(inside, word))
        if before == "cd":
            inside = name
        elif posixpath.basename(word) == "make":
            named = [w for w in words[place + 1 :] if re.fullmatch(r"[\w.-]+", w) and w[0] != "-"]
            return _made(folder, inside, named)
        elif word.endswith((".sh", ".bash", ".sbatch", ".slurm")) and exists_in(folder, name):
            return replace(_started(folder, commands_in(read_text(folder / name))), wrapper=name)
        elif word.endswith((".py", *_OTHER_LANGUAGES)) and exists_in(folder, name):
            return Program(name)
        elif before == "-m" and re.fullmatch(r"[\w.]+", word):
            inner = word.replace(".", "/")
            for found in (f"{inner}.py", f"{inner}/__main__.py"):
                for top in (inside, posixpath.join(inside, "src")):
                    if exists_in(folder, name := posixpath.join(top, found)):
                        return Program(name)
    return Program()


def _made(folder: Path, inside: str, named: list[str]) -> Program:
    for makefile in MAKEFILES:
        if exists_in(folder, name := posixpath.join(inside, makefile)):
            text = read_text(folder / name)
            target = next(iter([*named, *targets_in(text)]), "")
            found = _started(folder, commands_in(text, target))
            return replace(found, wrapper=name, target=target)
    return Program()


def _started(folder: Path, commands: Iterable[str]) -> Program:
    """The Python program that the first of these commands starts."""
    for command in commands:
        if ".sh" not in command and (path := program_of(folder, command).path):
            return Program(path, inner=command)
    return Program()


def find_wrapper(folder: Path, path: str) -> tuple[Program, str]:
    """The only shell script or target of make that starts a script, and the command for it."""
    shells = [*sorted(folder.glob("*.sh")), *sorted(folder.glob("scripts/*.sh"))][:_MOST]
    names = [shell.relative_to(folder).as_posix() for shell in shells]
    commands = [f"bash {name}" for name in names]
    makefile = next((name for name in MAKEFILES if (folder / name).is_file()), "")
    if makefile:
        commands += [f"make {target}" for target in targets_in(read_text(folder / makefile))]
    found = [
        (one, command) for command in commands if (one := program_of(folder, command)).path == path
    ]
    return found[0] if len(found) == 1 else (Program(), "")


def exists_in(folder: Path, name: str) -> bool:
    """Whether a project has a file or folder of that name."""
    try:
        return bool(name) and not name.startswith(("/", "..")) and (folder / name).exists()
    except (OSError, ValueError):  # too long for a name, or with a null
        return False


def read_text(path: Path) -> str:
    """Text of a file; empty if it cannot be read."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
