"""Protected paths: the code and data that measure, which nothing that is measured may touch."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import spell_file
from gitexp.rules.documents.settings import Settings
from gitexp.rules.finding import Finding
from gitexp.rules.gate.paths import is_config, matches

if TYPE_CHECKING:
    from gitexp.rules.gate.edited import Edited


def is_protected(settings: Settings, path: str) -> bool:
    """Whether a path (relative to the project, with slashes) belongs to what measures.

    That is what `protect` names and, without being named, declared data and the files that the
    holdout command names and the training command does not. A folder stands for all that is in it.
    A declared config is protected only where `protect` names it.
    """
    if not (settings.protect or settings.data or settings.holdout):
        return False
    within = [*_folders(path), path]
    if any(_is_named(one, settings.protect) for one in (*within, *_shadowed(path))):
        return True
    if _is_above(path, (*settings.protect, *settings.data)):
        return True
    if is_config(path, settings.config):
        return False
    holdout = _of_holdout(settings.holdout, settings.command)
    data = [pattern.rstrip("/") for pattern in settings.data]
    return any(one in holdout or is_config(one, data) for one in within)


def _is_named(path: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern names a path, as a file, as a folder or from the top of the repository."""
    return matches(path, patterns) or matches(f"/{path}", patterns)


def _is_above(path: str, patterns: Iterable[str]) -> bool:
    """Whether a file is where a pattern has a folder, which became a link or a submodule."""
    return any(pattern.startswith((f"{path}/", f"/{path}/")) for pattern in patterns)


def _shadowed(path: str) -> Iterator[str]:
    """The module that Python no longer imports where this file is.

    Packages come first, and compiled code may say of itself that it needs no look at its source.
    """
    folder, _, name = path.rpartition("/")
    if folder and name.startswith("__init__."):
        yield f"{folder}.py"
    module = name.partition(".")[0]
    if name.endswith((".so", ".pyd")):
        yield f"{folder}/{module}.py".removeprefix("/")
    if name.endswith(".pyc") and folder.rpartition("/")[2] == "__pycache__":
        yield f"{folder.removesuffix('__pycache__')}{module}.py"


def inspect_protected(settings: Settings, files: Iterable[Edited], baseline: str) -> list[Finding]:
    """Refuse configs that are protected; any other file is refused for being no config (C1)."""
    return [
        Finding(
            "C16",
            f"{spell_file(file.path)} is protected: it belongs to what measures, and no experiment"
            " changes that",
            f"change it on {baseline} and commit it there: that is a change of protocol, so results"
            " before and after it are not compared",
            file.path,
        )
        for file in files
        if is_config(file.path, settings.config) and is_protected(settings, file.path)
    ]


def _folders(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:length]) for length in range(1, len(parts)))


@lru_cache(maxsize=8)
def _of_holdout(holdout: str, command: str) -> frozenset[str]:
    """What only the holdout command names."""
    return frozenset(_named(holdout)).difference(_named(command))


def _named(command: str) -> Iterator[str]:
    """Words of a command that may be files or folders of the project."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    before = ""
    for word in words:
        if before == "-m":
            module = word.replace(".", "/")
            yield from (f"{module}.py", f"{module}/__main__.py")
        given = word.partition("=")[2] if word.startswith("-") else word
        if path := given.removeprefix("./").rstrip("/"):
            yield path
        before = word
