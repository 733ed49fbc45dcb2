"""Files that a run needs, that lie in your work tree, and that git does not track: data, mostly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from gitexp.rules.documents.settings import Settings
from gitexp.rules.gate.formats.values import spell
from gitexp.store.repository import Repository

# A path in a message such as "No such file or directory: 'data/train.csv'".
_PATH = re.compile(r"""[^\s'"`(),;:=<>\[\]]*[\w.-]+(?:/[^\s'"`(),;:=<>\[\]]*|\.\w+)""")
# Folders that hold results or programs, not inputs.
_NO_INPUTS = {
    "__pycache__", "artifacts", "build", "checkpoints", "ckpt", "dist", "env", "log", "logs",
    "mlruns", "node_modules", "out", "output", "outputs", "results", "runs", "tmp", "venv", "wandb",
}  # fmt: skip
# Tools that find a virtual environment by the folder that they are called in.
_BY_FOLDER = {"hatch", "pdm", "pipenv", "poetry"}
_MOST = 50  # paths of a message that are looked up


def missing_inputs(repository: Repository, names: Iterable[str]) -> list[str]:
    """Paths in the project for `link`: those of `names` that exist here, but not in git.

    A folder stands for what it holds if git tracks none of it.
    """
    if repository.top is None:
        return []
    here = repository.top / repository.prefix
    wanted = [name for name in names if _is_input(name) and (here / name).exists()]
    if not wanted:
        return []
    tracked = _tracked(repository)
    found = []
    for name in wanted:
        path = PurePosixPath(name)
        if any(one == path or path in one.parents for one in tracked):
            continue
        above = [*reversed(path.parents[:-1]), path]
        untracked = (p for p in above if not any(p in one.parents for one in tracked))
        found.append(next(untracked, path).as_posix())
    return list(dict.fromkeys(found))


def named_in(repository: Repository, text: str) -> list[str]:
    """Inputs of a project that a failed run's output names and that its checkout lacked."""
    names: dict[str, None] = {}
    for word in _PATH.findall(text)[-_MOST:]:
        parts = PurePosixPath(word.rstrip(".")).parts
        # An absolute path lies in a checkout, wherever that is: its end is the path in the project.
        for start in range(len(parts) if word.startswith("/") else 1):
            names["/".join(parts[start:])] = None
    return missing_inputs(repository, names)


def link_hint(names: Sequence[str]) -> str:
    """What to do about inputs that a run lacks, for a project that has settings."""
    return (
        f"{without_inputs(names)}. On the baseline branch add link = {spell(list(names))} to the"
        " settings and commit that, then: gitexp trust"
    )


def without_inputs(names: Sequence[str]) -> str:
    """Say why runs lack inputs."""
    return f"runs get a checkout, without {', '.join(names)}, which git does not track"


def _is_input(name: str) -> bool:
    parts = name.split("/")
    return (
        not name.startswith("/")
        and not {"", ".", ".."}.intersection(parts)
        and not parts[0].startswith(".")
        and not _NO_INPUTS.intersection(parts)
        and len(name) < 200
    )


def _tracked(repository: Repository) -> Sequence[PurePosixPath]:
    """Paths of the project that the current commit has, relative to the project."""
    listed = repository.git.fields("ls-tree", "-r", "-z", "--full-tree", "--name-only", "HEAD")
    prefix = repository.prefix
    return [PurePosixPath(name[len(prefix) :]) for name in listed if name.startswith(prefix)]


def about_environment(settings: Settings) -> str:
    """What to do if the command's tool keeps a virtual environment for each folder; else ""."""
    words = settings.command.split()
    tool = next((PurePosixPath(word).name for word in words if "=" not in word), "")
    if tool not in _BY_FOLDER:
        return ""
    return (
        f"{tool} keeps an environment for each folder, and a run has a folder of its own: let"
        f" `command` start with python, and activate yours around gitexp: {tool} run gitexp run"
    )
