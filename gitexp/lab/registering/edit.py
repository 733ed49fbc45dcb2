"""The edit that becomes an experiment."""

from __future__ import annotations

from dataclasses import dataclass

from gitexp.lab.projects.project import Project
from gitexp.rules.finding import Finding

NOT_REGISTERED = "not registered; nothing was created"


@dataclass(frozen=True, slots=True)
class Edit:
    """A config file before and after, as committed on the baseline's tip.

    `path` is relative to the project. `on_disk` is the file as it is in the work tree, None where
    the work tree was not read.
    """

    path: str
    before: bytes
    after: bytes
    on_disk: bytes | None = None


def irregular(project: Project, path: str) -> Finding:
    """Refuse a config that is not a regular file."""
    return Finding(
        "C6",
        f"{path} is not a regular file, and an experiment changes one value of a regular file",
        f"name the file that it points to in {project.settings_path}",
        path,
    )
