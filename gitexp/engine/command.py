"""The training command: one string in the settings, split into words; no shell by default."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

from gitexp.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitexp.rules.documents.settings import Settings


# As words on their own, these would be passed to the program as arguments and silently ignored.
_SHELL = {"|", "||", "&&", ">", ">>", "<", "2>", "2>&1"}


def build(settings: Settings, *, seed: int, sample: float = 1.0) -> list[str] | str:
    """Fill in the placeholders: a list of words, or with `shell = true` a text for the shell.

    Raises:
        NotReady: the quotes do not match, or the command needs a shell.
    """
    values = {"{seed}": str(seed), "{sample}": f"{sample:g}", "{config}": settings.config[0]}
    if settings.shell:
        return _filled(settings.command, {name: shlex.quote(v) for name, v in values.items()})
    fix = "correct `command` in the settings on the baseline branch, then: gitexp trust"
    try:
        words = shlex.split(settings.command)
    except ValueError as error:
        raise NotReady(f"the command {settings.command!r} cannot be split: {error}", fix) from None
    if not words:
        raise NotReady("the settings' command is empty", fix)
    if meant := _SHELL.intersection(words):
        raise NotReady(
            f"the command {settings.command!r} has {' and '.join(sorted(meant))}, which only a"
            " shell understands, but no shell runs it",
            "set shell = true in the settings on the baseline branch, then: gitexp trust",
        )
    return [_filled(word, values) for word in words]


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def search_path(environment: Mapping[str, str], project: Path | None) -> str:
    """PATH of a run: the caller's, with the project's `.venv` first if none is activated."""
    path = environment.get("PATH", os.defpath)
    local = project / ".venv" / "bin" if project else None
    if local and local.is_dir() and not {"VIRTUAL_ENV", "CONDA_PREFIX"} & environment.keys():
        return f"{local}{os.pathsep}{path}"
    return path


def locate(word: str, checkout: Path, project: Path | None, path: str) -> str:
    """Absolute path of a program, or the word itself if it is not found.

    A relative path is looked up in the checkout first, then in the user's tree, which has untracked
    tools such as `.venv/bin/python`.
    """
    if "/" in word:
        for place in (checkout, project):
            if place and (place / word).exists():
                # Not resolved: the python of a virtual environment must be called by its own path.
                return str(place / word)
        return word
    return shutil.which(word, path=path) or word
