"""The program that a command starts, by content."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine import command as commands

if TYPE_CHECKING:
    from gitexp.engine.contents import Contents

_SCRIPTS = (".R", ".jl", ".pl", ".py", ".r", ".rb", ".sh")
_MOST = 16 << 20  # bytes of a script that are read
# Programs that only start others. Any other program may decide the result by itself.
_LAUNCHERS = {
    "apptainer", "bash", "chrt", "dash", "docker", "env", "fish", "ionice", "just", "ksh", "make",
    "mpiexec", "mpirun", "nice", "ninja", "nohup", "numactl", "podman", "setarch", "sh",
    "singularity", "srun", "stdbuf", "sudo", "taskset", "time", "timeout", "uv", "zsh",
}  # fmt: skip
# Scripts that look for an environment. Each installer writes them in its own words.
_ENVIRONMENT_TOOLS = {"conda", "hatch", "mamba", "micromamba", "pdm", "pipenv", "pixi", "poetry"}


def programs_of(
    words: Sequence[str] | str, path: str, inside: Sequence[Path], contents: Contents
) -> dict[str, str]:
    """Hashes of the program that a command starts and of scripts that it names by full path.

    What is `inside` these folders is part of the commit. An interpreter reports its own build, and
    programs such as `env` only start others.
    """
    if isinstance(words, str):
        with suppress(ValueError):
            words = shlex.split(words)
        words = [words] if isinstance(words, str) else words
    found = {}
    for number, word in enumerate(words):
        file = Path(word if number else commands.locate(word, Path(), None, path))
        with suppress(OSError):
            if (
                not file.is_absolute()
                or not file.is_file()
                or any(map(file.is_relative_to, inside))
            ):
                continue
            digest = _script(file)
            starts_others = file.name in _LAUNCHERS or is_python(file.name)
            if digest is None and number == 0 and not starts_others:
                digest = contents.sha256(file)[:12]
            # Tools that switch between versions put a script of theirs before every program.
            shim = file.parent.name == "shims" or file.name in _ENVIRONMENT_TOOLS
            if digest is not None and not shim:
                found[file.name] = digest
    return found


def is_python(program: str) -> bool:
    """Whether a program is a Python, by its name."""
    return Path(program).name.startswith(("python", "pypy"))


def _script(file: Path) -> str | None:
    """Hash of a script, without a first line that says where its interpreter is; None if binary."""
    with file.open("rb") as handle:
        if handle.read(2) != b"#!" and file.suffix not in _SCRIPTS:
            return None
        first, rest = handle.readline(), handle.read(_MOST)
    return hashlib.sha256(rest if file.suffix not in _SCRIPTS else first + rest).hexdigest()[:12]
