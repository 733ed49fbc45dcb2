"""The training command: one string in the settings, split into words and never given to a shell."""

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


# As words of their own they would reach the program as arguments, and be lost without a word.
_SHELL = {"|", "||", "&&", ">", ">>", "<", "2>", "2>&1"}


def build(settings: Settings, *, seed: int, sample: float = 1.0) -> list[str] | str:
    """Fill the placeholders; a list of words, or with `shell = true` the text for the shell.

    Raises:
        NotReady: the command's quotes do not match.
    """
    values = {"{seed}": str(seed), "{sample}": f"{sample:g}", "{config}": settings.config[0]}
    if settings.shell:
        return _filled(settings.command, {name: shlex.quote(v) for name, v in values.items()})
    mend = "mend `command` in the settings on the baseline branch, then: gitexp trust"
    try:
        words = shlex.split(settings.command)
    except ValueError as error:
        raise NotReady(f"the command {settings.command!r} cannot be split: {error}", mend) from None
    if not words:
        raise NotReady("the settings' command is empty", mend)
    if meant := _SHELL.intersection(words):
        raise NotReady(
            f"the command {settings.command!r} has {' and '.join(sorted(meant))}, which only a"
            " shell understands, and it is given to none",
            "say shell = true in the settings on the baseline branch, then: gitexp trust",
        )
    return [_filled(word, values) for word in words]


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def search_path(environment: Mapping[str, str], project: Path | None) -> str:
    """PATH of a run: the caller's, with the project's own `.venv` first where none is activated."""
    path = environment.get("PATH", os.defpath)
    local = project / ".venv" / "bin" if project else None
    if local and local.is_dir() and not {"VIRTUAL_ENV", "CONDA_PREFIX"} & environment.keys():
        return f"{local}{os.pathsep}{path}"
    return path


def locate(word: str, checkout: Path, project: Path | None, path: str) -> str:
    """Absolute path of a program, or the word itself where there is none.

    A relative path is looked for in the checkout first and then in the user's tree, where untracked
    tools such as `.venv/bin/python` live.
    """
    if "/" in word:
        for place in (checkout, project):
            if place and (place / word).exists():
                # Not resolved: a virtual environment's python must be called by its own name.
                return str(place / word)
        return word
    return shutil.which(word, path=path) or word
