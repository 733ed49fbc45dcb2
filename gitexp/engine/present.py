"""The environment that a run would have today, asked before any run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine import command as commands
from gitexp.engine.data import fingerprint
from gitexp.engine.distributions import installed_versions
from gitexp.engine.machine import machine
from gitexp.store.git_environment import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository

_PATIENCE = 30  # seconds for an interpreter to answer
# Its importlib.metadata would give versions too, but takes five times as long as starting it.
_ASK = "import sys; print(sys.version.split()[0], sys.implementation.name, *sys.path, sep='\\n')"


def present_environment(
    repository: Repository, prefix: str, settings: Settings, packages: Sequence[str]
) -> dict[str, Any] | None:
    """Environment that a run would have today, as far as that can be known before it starts.

    Linked data is read in the user's tree; tracked data belongs to the commit. None if the command
    does not start with a Python.
    """
    project = repository.top / prefix if repository.top else repository.common
    variables = clean_environment()
    variables["PATH"] = commands.search_path(variables, project)
    words = commands.build(settings, seed=0)
    if isinstance(words, str):
        return None
    program = commands.locate(words[0], project, project, variables["PATH"])
    present = ask_present([program], project, variables, packages)
    if present is not None:
        linked = [p for p in settings.data if settings.link and p.startswith(settings.link)]
        cache = repository.local / "data.json"
        present["data"] = fingerprint(project, [*linked, *settings.link], cache)
    return present


def ask_present(
    command: Sequence[str], place: Path, variables: Mapping[str, str], packages: Iterable[str]
) -> dict[str, Any] | None:
    """Ask the command's own interpreter what it would load today.

    Returns an environment with `python`, `implementation`, `accelerators` and the versions of
    `packages` (None if one is not installed), or None if the command does not start with a Python.
    """
    if not Path(command[0]).name.startswith(("python", "pypy")):
        return None
    try:
        done = subprocess.run(
            [command[0], "-c", _ASK],
            cwd=place, env=dict(variables), capture_output=True, check=True, timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        python, implementation, *folders = done.stdout.decode(errors="surrogateescape").splitlines()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return {
        "python": python,
        "implementation": implementation,
        "accelerators": machine()["gpus"],
        "packages": installed_versions([place / folder for folder in folders], packages),
    }
