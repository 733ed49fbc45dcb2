"""A project, as its baseline branch declares it, and its settings."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import NotReady
from gitexp.lab.projects.baseline_branch import find_baseline
from gitexp.lab.projects.project_folder import project_prefix
from gitexp.rules.documents.settings_file import FILES, find_settings
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.rules.documents.settings import Settings

NO_SETTINGS = "write them: gitexp init"


class Project(NamedTuple):
    """A project as its baseline branch declares it.

    `prefix` is the project's folder below the top of the repository ("" or ending in a slash);
    `tip` is the last commit of the baseline branch, whose settings these are.
    """

    repository: Repository
    prefix: str
    baseline: str
    tip: str
    settings_path: str
    settings: Settings

    @property
    def baseline_ref(self) -> str:
        """Full name of the baseline branch."""
        return f"refs/heads/{self.baseline}"

    @property
    def folder(self) -> str:
        """The project's folder as trailers and records name it, empty at the top."""
        return self.prefix.rstrip("/")

    def path(self, inside: str) -> str:
        """Return a path of the project relative to the top of the repository."""
        return f"{self.prefix}{inside}"

    def pathspec(self, inside: str) -> str:
        """Return a path of the project as git commands take it in any folder of the work tree."""
        return shlex.quote(f":/{self.path(inside)}")


def open_project(directory: Path | None = None) -> Project:
    """Find the repository, the project, its baseline branch and its settings from a directory.

    Raises:
        NotReady: one of them is missing; the message says which, and what to do.
    """
    from gitexp.store.mending import mend_refs  # hooks open no project, and write no notes

    repository = Repository.discover(directory or Path.cwd())
    mend_refs(repository)
    return project_at(repository, project_prefix(repository))


def project_at(repository: Repository, prefix: str) -> Project:
    """Return the project in a folder of the repository, as its baseline branch declares it.

    Raises:
        NotReady: there is no baseline branch, or it has no settings for this folder.
    """
    baseline, tip = find_baseline(repository, prefix)
    path, settings = settings_at(repository, tip, prefix, baseline)
    return Project(repository, prefix, baseline, tip, path, settings)


def project_in(here: Project, folder: str) -> Project:
    """Return the project in a folder of the same repository, which may be this one.

    Raises:
        NotReady: that project is no longer on its baseline branch.
    """
    if folder == here.folder:
        return here
    return project_at(here.repository, f"{folder}/" if folder else "")


def settings_at(
    repository: Repository, commit: str, prefix: str, baseline: str = ""
) -> tuple[str, Settings]:
    """Read the settings of a project, and their path, from a commit.

    Raises:
        NotReady: the commit has none, or they are not valid.
    """
    paths = [f"{prefix}{name}" for name in FILES]
    where = f"on {baseline}" if baseline else f"in {commit[:10]}"
    contents = repository.git.objects([f"{commit}:{path}" for path in paths])
    try:
        found = find_settings(zip(paths, contents, strict=True))
    except NotReady as error:
        # The file in the work tree may be valid by now, but the committed one counts.
        raise NotReady(f"{where}, {error.message}", error.hint) from None
    if found is None:
        raise NotReady(f"there are no gitexp settings {where}", NO_SETTINGS)
    return found


def settings_of(project: Project, commit: str) -> Settings:
    """Return the settings of a project in some commit.

    Raises:
        NotReady: the commit has none, or they are not valid.
    """
    if commit == project.tip:
        return project.settings
    return settings_at(project.repository, commit, project.prefix)[1]
