"""Whether this clone is set up: writable, with its hooks and approved settings."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from functools import partial

from gitexp.engine.cache_folder import demand_trusted_folders
from gitexp.errors import GitexpError, NotReady
from gitexp.lab.health.problem import Problem
from gitexp.lab.log.results import entries_of, judged
from gitexp.lab.projects.project import Project, project_at
from gitexp.lab.projects.project_folder import known_projects, project_prefix
from gitexp.lab.trust.to_approve import code_that_waits
from gitexp.lab.trust.trust import unapproved
from gitexp.rules.text import first_few, visible
from gitexp.store import hooks
from gitexp.store.experiments import read_experiments
from gitexp.store.git_errors import is_full
from gitexp.store.local import locked
from gitexp.store.repository import Repository
from gitexp.store.signing import signed, signs

_NAMED = 3  # experiments in one sentence


def check_writable(repository: Repository) -> Iterator[Problem]:
    """Find folders in which nothing could be stored."""
    for folder in (repository.common, repository.common / "objects", repository.local):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            yield Problem(
                "D1",
                f"you cannot write to {folder}, so no result could be stored",
                f"see who owns it: ls -ld {shlex.quote(str(folder))}",
            )
    if is_full(repository.common):
        yield Problem(
            "D1",
            f"the disk of {repository.common} is full, so no result could be stored",
            "make room: gitexp doctor --gc --older 1d",
        )


def check_locking(repository: Repository) -> Iterator[Problem]:
    """Find a file system on which nothing can be locked."""
    if not os.access(repository.local, os.W_OK | os.X_OK):
        return  # reported by `check_writable`, or never used
    try:
        with locked(repository.local / "salt.lock", wait=False):
            pass
    except NotReady as error:
        yield Problem("D19", error.message, error.hint)


def check_cache(repository: Repository) -> Iterator[Problem]:
    """Find out why checkouts for runs cannot be kept where they belong."""
    if repository.top is None:
        return  # nothing runs on a server
    try:
        demand_trusted_folders(repository)
    except NotReady as error:
        yield Problem("D20", error.message, error.hint)


def check_hooks(repository: Repository) -> Iterator[Problem]:
    """Find hooks that are missing, changed or not run."""
    try:
        hooks.demand_room(repository)
    except GitexpError as error:
        yield Problem("D2", error.message, error.hint)
        return
    found = hooks.faults(repository)
    same = set(found.values())
    if len(found) == len(hooks.wanted(repository)) > 1 and len(same) == 1:
        found = {"every": same.pop()}
    for name, fault in found.items():
        yield Problem(
            "D2",
            f"{name if name == 'every' else f'the {name}'} hook {fault}",
            "install it: gitexp init",
            partial(hooks.install, repository),
        )


def check_signing(repository: Repository) -> Iterator[Problem]:
    """Try the key that records are signed with."""
    if repository.top is None or not signs(repository):
        return
    try:
        signed(repository, b"tree\n\n")
    except NotReady as error:
        yield Problem("D22", f"no result could be stored: {error.message}", error.hint)


def check_settings(repository: Repository) -> Iterator[Problem]:
    """Find projects whose settings cannot be read or are not approved."""
    for prefix, project in _projects(repository):
        if isinstance(project, GitexpError):
            yield Problem("D4", project.message, project.hint)
        elif waiting := unapproved(project):
            yield Problem(
                "D5",
                " and ".join(one.what for one in waiting)
                + f" on {project.baseline}: not approved in this clone, so nothing runs",
                f"read what it would run, and approve it: {_command_in(prefix)}",
            )


def _projects(repository: Repository) -> Iterator[tuple[str, Project | GitexpError]]:
    """The projects that run here by their folders, or why one cannot be read."""
    if repository.top is None:
        return  # nothing runs on a server
    known = known_projects(repository)
    for prefix in known if len(known) > 1 else [project_prefix(repository)]:
        try:
            yield prefix, project_at(repository, prefix)
        except GitexpError as error:
            yield prefix, error


def check_code(repository: Repository) -> Iterator[Problem]:
    """Find code of experiments that runs here only once somebody has read and approved it."""
    try:
        brought = [e for e in read_experiments(repository) if e.code and not e.archived]
    except GitexpError:  # which `check_damage` names
        return
    for prefix, project in _projects(repository):
        if isinstance(project, GitexpError):  # which `check_settings` names
            continue
        results = judged(repository, entries_of(project, brought))
        names = [name for mine in code_that_waits(project, results).values() for name in mine]
        if not names:
            continue
        yield Problem(
            "D21",
            first_few([f"exp/{visible(name)}" for name in names], _NAMED)
            + ": code that was not made in this clone waits for your approval",
            f"read it, and let it run: {_command_in(prefix)}",
            advice=True,
        )


def _command_in(prefix: str) -> str:
    return f"cd {shlex.quote(prefix)} && gitexp trust" if prefix else "gitexp trust"


def check_shallow(repository: Repository) -> Iterator[Problem]:
    """Find out whether the clone lacks its older history."""
    if repository.shallow:
        yield Problem(
            "D18",
            "this clone is shallow: the log lacks what is older than its history",
            "fetch it all: git fetch --unshallow",
            advice=True,
        )
