"""N1: a notebook cannot be what runs, because a commit does not record the order of its cells."""

from __future__ import annotations

import re
import shlex

from gitexp.rules.finding import Finding
from gitexp.rules.text import visible

_RUNNERS = {"ipython", "jupyter", "jupyter_core", "nbclient", "nbconvert", "papermill"}


def is_notebook(path: str) -> bool:
    """Whether a file is a notebook, by its name."""
    return path.lower().endswith(".ipynb")


def find_notebook(command: str) -> str:
    """Return the notebook that a training command runs; empty if it runs none.

    A notebook that is passed to a Python program is data. What a shell script runs is not known.
    """
    for part in re.split(r"[;&|\n]+", command):
        try:
            words = shlex.split(part)
        except ValueError:  # a quote that another part closes
            words = part.replace('"', " ").replace("'", " ").split()
        for before, word in zip(["", *words], words, strict=False):
            if word.endswith(".py") or (before == "-m" and _root(word) not in _RUNNERS):
                break
            if before == "-c" and (inside := find_notebook(word)):
                return inside
            if is_notebook(word):
                return word.rpartition("=")[2]
    return ""


def inspect_command(command: str) -> tuple[Finding, ...]:
    """Refuse a training command that runs a notebook."""
    notebook = find_notebook(command) if ".ipynb" in command.lower() else ""
    if not notebook:
        return ()
    shown = visible(notebook)
    return (
        Finding(
            "N1",
            f"the training command runs the notebook {shown}; only scripts can run",
            f"jupyter nbconvert --to script {shlex.quote(shown)}\nthen name the script"
            " in `command`",
        ),
    )


def _root(module: str) -> str:
    return module.partition(".")[0].lower()
