"""The experiment last started in this clone, which commands mean if you give no name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import NO_ROOM, NotReady, disk_full
from gitexp.lab.projects.experiment_name import find_by_name
from gitexp.rules.documents.name import is_name
from gitexp.store.local import read_json, write_json

if TYPE_CHECKING:
    from gitexp.store.repository import Repository

_LAST = "last.json"  # names of experiments, by project folder
_SEVERAL = " several"  # after a folder, which ends with a slash


def last_started(repository: Repository, prefix: str) -> tuple[str, str] | None:
    """Return the full ref and the commit of the experiment last started, if it still exists."""
    return read_started(repository).get(prefix)


def read_started(repository: Repository) -> dict[str, tuple[str, str]]:
    """Return the full refs and the commits of the experiments last started, by project folder."""
    found = {}
    for prefix, name in read_json(repository.local / _LAST).items():
        if isinstance(name, str) and is_name(name) and (ref := find_by_name(repository, name)):
            found[prefix] = ref
    return found


def started_with_others(repository: Repository, prefix: str) -> bool:
    """Whether it was registered with others at once, so that none of them is the last."""
    return read_json(repository.local / _LAST).get(f"{prefix}{_SEVERAL}") is True


def note_started(repository: Repository, prefix: str, name: str, *, several: bool = False) -> None:
    """Remember an experiment as the one last started in a project, or the first of `several`."""
    path = repository.local / _LAST
    try:
        write_json(path, read_json(path) | {prefix: name, f"{prefix}{_SEVERAL}": several})
    except OSError as error:
        if error.errno in NO_ROOM:
            raise disk_full(path.parent) from None
        raise NotReady(
            f"{path.parent} cannot be written: {error.strerror}",
            "make it writable, or work in your own clone",
        ) from None


def rename_started(repository: Repository, old: str, new: str) -> None:
    """Follow an experiment that was renamed."""
    path = repository.local / _LAST
    names = read_json(path)
    if old in names.values():
        write_json(path, {key: new if name == old else name for key, name in names.items()})
