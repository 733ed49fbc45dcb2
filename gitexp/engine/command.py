"""The training command: one string in the settings, split into words; no shell by default."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from gitexp.errors import NotReady
from gitexp.rules.documents.settings import Settings

# As words on their own, these would be passed to the program as arguments and silently ignored.
_SHELL = {"|", "||", "&&", ">", ">>", "<", "2>", "2>&1"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
# Outside of single quotes; after a backslash a dollar is a dollar.
_EXPANDED = re.compile(r"""'[^']*'|\\.|(\$[A-Za-z_({][\w]*|`)""", re.DOTALL)
# Where a word begins, outside of quotes.
_HOME = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|(?<!\S)(~)(?=/|\s|$)""", re.DOTALL)
_BUILTINS = {"!", ".", "cd", "eval", "exec", "export", "set", "source", "ulimit", "unset"}


def build(settings: Settings, *, seed: int, sample: float = 1.0) -> list[str] | str:
    """Fill in the placeholders: a list of words, or with `shell = true` a text for the shell.

    Raises:
        NotReady: the quotes do not match, or the command needs a shell.
    """
    if settings.shell:
        values = _placeholders(settings, seed, sample)
        return _filled(settings.command, {name: shlex.quote(v) for name, v in values.items()})
    return _split(settings, seed, sample)[1]


def assigned(settings: Settings, *, seed: int, sample: float = 1.0) -> dict[str, str]:
    """Variables that the command sets before its program, as in `OMP_NUM_THREADS=2 python x.py`.

    Raises:
        NotReady: as in `build`.
    """
    return {} if settings.shell else _split(settings, seed, sample)[0]


def _split(settings: Settings, seed: int, sample: float) -> tuple[dict[str, str], list[str]]:
    """Split a command into the variables that it sets and its words."""
    fix = "correct `command` in the settings on the baseline branch, then: gitexp trust"
    try:
        words = shlex.split(settings.command)
    except ValueError as error:
        raise NotReady(f"the command {settings.command!r} cannot be split: {error}", fix) from None
    if all(_ASSIGNMENT.match(word) for word in words):
        empty = "is empty" if not words else f"names no program: {settings.command!r}"
        raise NotReady(f"the settings' command {empty}", fix)
    if meant := _SHELL.intersection(words):
        raise NotReady(
            f"the command {settings.command!r} has {' and '.join(sorted(meant))}, which only a"
            " shell understands, but no shell runs it",
            "set shell = true in the settings on the baseline branch, then: gitexp trust",
        )
    values = _placeholders(settings, seed, sample)
    words = [_filled(word, values) for word in words]
    before = [*itertools.takewhile(_ASSIGNMENT.match, words)]
    pairs = (word.partition("=") for word in before)
    return {name: value for name, _, value in pairs}, words[len(before) :]


def _placeholders(settings: Settings, seed: int, sample: float) -> dict[str, str]:
    return {"{seed}": str(seed), "{sample}": f"{sample:g}", "{config}": settings.config[0]}


def shell_syntax(command: str) -> list[str]:
    """What in a command only a shell understands; empty if it can be run without one."""
    found = [name for name in _EXPANDED.findall(command) if name]
    lexer = shlex.shlex(command, posix=True, punctuation_chars=";<>|&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:  # quotes that do not match are reported when the command is built
        return []
    found += [word for word in words if word and set(word) <= set(";<>|&")]
    program = next((word for word in words if not _ASSIGNMENT.match(word)), "")
    if program in _BUILTINS:
        found.insert(0, program)
    elif program.startswith("("):
        found.insert(0, "(")
    found += [name for name in _HOME.findall(command) if name]
    return list(dict.fromkeys(found))


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def search_path(
    environment: Mapping[str, str], project: Path | None, top: Path | None = None
) -> str:
    """PATH of a run: the caller's, with a `.venv` before it if none is activated.

    It is the nearest one, from the project's folder up to `top`, the repository's.
    """
    path = environment.get("PATH", os.defpath)
    if project is None or {"VIRTUAL_ENV", "CONDA_PREFIX"} & environment.keys():
        return path
    for folder in (project, *project.parents):
        if (local := folder / ".venv" / "bin").is_dir():
            return f"{local}{os.pathsep}{path}"
        if folder == (top or project):
            break
    return path


def missing_program(settings: Settings, project: Path, top: Path) -> str:
    """Return the program of a command if this machine lacks it; "" if not, or if a shell looks.

    Raises:
        NotReady: as in `build`.
    """
    if settings.shell:
        return ""
    variables, words = _split(settings, 0, 1.0)
    path = search_path(os.environ | variables, project, top)
    found = shutil.which(locate(words[0], project, project, path), path=path)
    return "" if found else words[0]


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
