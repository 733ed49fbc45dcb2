"""The folders of the projects in a repository."""

from __future__ import annotations

import shlex
from pathlib import Path

from gitexp.errors import NotReady
from gitexp.rules.documents.settings_file import FILES, table_of
from gitexp.store.repository import Repository


def project_prefix(repository: Repository) -> str:
    """Return the folder of the project that the current directory belongs to.

    That is the nearest folder upwards with settings, else the one that `init` noted in this clone:
    hooks run at the top of the work tree, wherever the project is.

    Raises:
        NotReady: this clone has several projects, and the directory is in none of them.
    """
    if repository.top is not None:
        for prefix in folders_upwards(repository.prefix):
            if read_work_tree_table(repository.top / prefix) is not None:
                return prefix
    known = known_projects(repository)
    if len(known) > 1:
        raise NotReady(
            f"this repository has several projects: {', '.join(known)}",
            f"go to one of them, and run the command again: cd {shlex.quote(known[0])}",
        )
    return known[0] if known else ""


def folders_upwards(folder: str) -> list[str]:
    """Return a folder and all above it, nearest first, each "" or ending in a slash."""
    parts = [part for part in folder.split("/") if part]
    return ["".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts), -1, -1)]


def known_projects(repository: Repository) -> list[str]:
    """Return the folders of the projects that `init` noted in this clone; "" is the top."""
    here = [""] if repository.setting("gitexp.baseline") else []
    return here + [
        key.removeprefix("gitexp.").removesuffix(".baseline") + "/"
        for key in repository.config
        if key.startswith("gitexp.") and key.endswith(".baseline") and key != "gitexp.baseline"
    ]


def read_work_tree_table(folder: Path) -> tuple[str, dict[str, object]] | None:
    """Read the settings in a folder of the work tree; returns their file name and their table."""
    for name in FILES:
        try:
            table = table_of(name, (folder / name).read_bytes())
        except OSError:
            continue
        except NotReady:
            # A broken pyproject.toml may belong to another tool; a broken gitexp.toml is reported
            # when the committed one is read.
            if name == "gitexp.toml":
                return name, {}
            continue
        if table is not None:
            return name, table
    return None
