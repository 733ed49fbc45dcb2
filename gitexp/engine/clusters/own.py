"""Kinds of clusters that somebody has written: each is a file that git's configuration names.

Whoever names it has chosen to run it, as with a hook. Settings, which come with a repository, only
have the values that it is given.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gitexp.engine.clusters.cluster import Batch, Cluster, Standing
from gitexp.engine.clusters.hosts import Host, parse_hosts
from gitexp.errors import GitexpError, NotReady, UsageError
from gitexp.rules.documents.task import join_tasks
from gitexp.rules.text import visible
from gitexp.store.repository import Repository
from gitexp.store.user_path import user_path

if TYPE_CHECKING:
    from gitexp.rules.documents.elsewhere import Own
    from gitexp.rules.documents.ended import Ended

SETTING = "gitexp.cluster."  # and the name of the kind
_OPEN = "open_cluster"  # the function that a file must have


def file_of(repository: Repository, name: str) -> Path | None:
    """The file for a kind of cluster, None if this clone names none.

    Raises:
        NotReady: it could be another file for whoever is in another folder, or after a pull.
    """
    value = repository.setting(f"{SETTING}{name}")
    if not value:
        return None
    path = user_path(value)
    hint = f"git config --global {SETTING}{name} ~/.config/gitexp/{name}.py"
    if not path.is_absolute():
        raise NotReady(f"{SETTING}{name} must be an absolute path, not {visible(value)}", hint)
    if repository.top is not None and path.resolve().is_relative_to(repository.top.resolve()):
        raise NotReady(
            f"{SETTING}{name} names a file in this repository, where a pull can change what runs",
            f"move it out of here, then: {hint}",
        )
    return path


def demand_file(repository: Repository, name: str) -> Path:
    """The file for a kind of cluster.

    Raises:
        NotReady: this clone names none.
    """
    path = file_of(repository, name)
    if path is None:
        raise NotReady(
            f"gitexp does not know {name}, and no file is named that does",
            f"git config --global {SETTING}{name} FILE   (see docs/clusters.md)",
        )
    return path


def load_cluster(path: Path, settings: Own, folder: Path) -> Cluster:
    """Return what the function `open_cluster` of a file makes of a table of the settings.

    `folder` is where it may remember things.

    Raises:
        NotReady: the file cannot be loaded, or it refuses the table.
    """
    spec = importlib.util.spec_from_file_location(f"gitexp_cluster_{settings.name}", path)
    if spec is None or spec.loader is None:
        raise NotReady(f"{path} is not a file of Python", "its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        with _told(path, "it cannot be loaded"):
            spec.loader.exec_module(module)
        make: Callable[[Mapping[str, object], Path], Written] = getattr(module, _OPEN)
        with _told(path, _OPEN):
            return _Own(make(settings.table, folder), path)
    except AttributeError:
        raise NotReady(f"{path} has no function {_OPEN}", "see docs/clusters.md") from None
    except UsageError as error:
        raise NotReady(error.message, error.hint) from None


class Written(Protocol):
    """What such a file makes; docs/clusters.md says what it is to do."""

    lasts: bool

    @property
    def most(self) -> int:
        """How many workers it has at once."""

    def submit(self, lines: Sequence[str]) -> Sequence[str]:
        """Have a worker started for each line; returns the name of each."""

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say how workers are."""

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """End workers early."""


class _Own:
    """A cluster whose mistakes are told as those of its file."""

    def __init__(self, cluster: Written, path: Path) -> None:
        self._cluster, self._path = cluster, path
        with _told(path, "most and lasts"):
            self.lasts = bool(cluster.lasts)
        # What lasts is known by its line, which is the same again only for a task by itself.
        self.shares = not self.lasts

    @property
    def most(self) -> int:
        """How many workers it has at once."""
        with _told(self._path, "most"):
            return max(1, int(self._cluster.most))

    def hosts(self, program: str, tree: str) -> Mapping[str, Host]:
        """What its machines have, if the file can ask them: then it has a method `hosts`."""
        ask = getattr(self._cluster, "hosts", None)
        if ask is None:
            return {}
        with _told(self._path, "hosts"):
            said = dict(ask(["worker", f"--about={program}", f"--tree={tree}"]))
            return parse_hosts({visible(str(one)): str(said[one]) for one in said}, sure=False)

    def submit(self, batches: Sequence[Batch]) -> Mapping[str, str]:
        """Hand over the line of each worker; there is a name for each."""
        with _told(self._path, "submit"):
            lines = [join_tasks(batch) for batch in batches]
            names = [str(name) for name in self._cluster.submit(lines)]
            if len(names) != len(lines):
                raise ValueError(f"it returned {len(names)} names for {len(lines)} lines")
            pairs = zip(batches, names, strict=True)
            return {task: name for batch, name in pairs for task in batch}

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say how workers are."""
        with _told(self._path, "poll"):
            found: dict[str, Any] = dict(self._cluster.poll(names))
            if wrong := [one for one in found.values() if not isinstance(one, Standing)]:
                raise TypeError(f"it returned {wrong[0]!r}, which is not a Standing")
            return found

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """End workers early."""
        with _told(self._path, "cancel"):
            self._cluster.cancel(names, how)


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    """Tell any error that is not gitexp's own as one of the file."""
    try:
        yield
    except GitexpError:
        raise
    except Exception as error:
        said = visible(f"{type(error).__name__}: {error}")
        raise UsageError(
            f"{path}: {what}: {said}", "correct it, then repeat the command"
        ) from error
