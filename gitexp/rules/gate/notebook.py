"""No notebooks among what runs: no commit holds the order in which its cells were executed."""

from __future__ import annotations

import re

from gitexp.rules.finding import Finding
from gitexp.rules.text import visible

_RUNNERS = {"ipython", "jupyter", "jupyter_core", "nbclient", "nbconvert", "papermill"}


def is_notebook(path: str) -> bool:
    """Say whether a file is a notebook, by its name."""
    return path.lower().endswith(".ipynb")


def find_notebook(command: str) -> str:
    """Find the notebook that a training command runs, empty where it runs none.

    Given to a Python program it is data, and none of our business; what a shell script does inside
    is out of reach.
    """
    import shlex  # a hook that sees no command need not load it

    for part in re.split(r"[;&|\n]+", command):
        try:
            words = shlex.split(part)
        except ValueError:  # a quote that is closed in another part
            words = part.replace('"', " ").replace("'", " ").split()
        for before, word in zip(["", *words], words, strict=False):
            if word.endswith(".py") or (before == "-m" and _root(word) not in _RUNNERS):
                break
            if before == "-c" and (inside := find_notebook(word)):
                return inside
            if is_notebook(word):
                return word.rpartition("=")[2]
    return ""


def about_command(command: str) -> tuple[Finding, ...]:
    """Refuse a training command that runs a notebook: no commit holds the order of its cells."""
    notebook = find_notebook(command) if ".ipynb" in command.lower() else ""
    if not notebook:
        return ()
    import shlex  # a hook that finds no notebook need not load it

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
