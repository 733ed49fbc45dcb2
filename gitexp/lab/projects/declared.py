"""The projects that commits declare: which one an experiment belongs to, and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.projects.project import NO_SETTINGS, Project
from gitexp.lab.projects.project_folder import folders_upwards, known_projects
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.settings_file import FILES, parse_settings, table_of
from gitexp.rules.gate.paths import is_config
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.store.git_output import FileChange

_TABLE = b"tool.gitexp"
_MOST_FOLDERS = 50  # of changed files, before the rest no longer tells which project is meant


class DeclaredProjects:
    """The projects that commits declare, each read once."""

    def __init__(self, repository: Repository, largest: int | None) -> None:
        self._repository = repository
        self._largest = largest
        self._found: dict[tuple[str, str], tuple[str, Settings] | NotReady | None] = {}
        self._parsed: dict[tuple[str, bytes], tuple[str, Settings] | NotReady | None] = {}
        here = known_projects(repository)
        self._otherwise = here if len(here) == 1 else [""]

    def candidates(self, files: Iterable[FileChange], trailers: Mapping[str, str]) -> list[str]:
        """Folders in or above which the project of some changed files can be."""
        named = _named(trailers)
        return [
            *list(dict.fromkeys(_folder(file.path) for file in files))[:_MOST_FOLDERS],
            *([] if named is None else [named]),
            *self._otherwise,
        ]

    def read(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Read the settings of commits in folders and all folders above, in one git process."""
        places = [
            place
            for place in dict.fromkeys(
                (commit, above) for commit, folder in wanted for above in folders_upwards(folder)
            )
            if place not in self._found and "\n" not in place[1]
        ]
        contents = iter(
            self._repository.git.objects(
                [f"{commit}:{folder}{name}" for commit, folder in places for name in FILES],
                largest=self._largest,
            )
        )
        for place in places:
            found = [self._settings(f"{place[1]}{name}", next(contents)) for name in FILES]
            self._found[place] = next((one for one in found if one is not None), None)

    def _settings(self, path: str, content: bytes | None) -> tuple[str, Settings] | NotReady | None:
        if content is None:
            return None
        if (path, content) not in self._parsed:
            found: tuple[str, Settings] | NotReady | None
            try:
                table = table_of(path, content)
                found = (path, parse_settings(path, table)) if table is not None else None
            except NotReady as error:
                # A broken pyproject.toml without our table is another tool's business.
                found = error if not path.endswith(FILES[1]) or _TABLE in content else None
            self._parsed[path, content] = found
        return self._parsed[path, content]

    def choose(self, base: str, files: Sequence[FileChange], trailers: Mapping[str, str]) -> str:
        """Folder of the project that an experiment belongs to.

        That is the project of the files that it changes. If they belong to several, the one that
        its trailer names counts, else the one whose config changes; if to none, the trailer's.
        """
        owners: dict[str, bool] = {}
        for file in files:
            owner = self._nearest(base, _folder(file.path))
            if owner is not None:
                owners[owner] = owners.get(owner, False) or self._declares(base, owner, file.path)
        named = _named(trailers)
        if owners:
            ranked = sorted(owners, key=lambda one: (one != named, not owners[one]))
            return ranked[0]
        wanted = [*([] if named is None else [named]), *self._otherwise]
        return next((one for one in wanted if self._found.get((base, one))), wanted[-1])

    def _nearest(self, base: str, folder: str) -> str | None:
        above = folders_upwards(folder)
        return next((one for one in above if self._found.get((base, one)) is not None), None)

    def _declares(self, base: str, prefix: str, path: str) -> bool:
        found = self._found[base, prefix]
        return isinstance(found, tuple) and is_config(path.removeprefix(prefix), found[1].config)

    def at(self, base: str, prefix: str, branch: tuple[str, str]) -> Project:
        """The project in a folder, as a commit declares it.

        Raises:
            NotReady: there is none, or its settings are not valid.
        """
        self.read([(base, prefix)])
        found = self._found.get((base, prefix))
        if found is None:
            where = f"in {base[:10]}" + (f" in {prefix}" if prefix else "")
            raise NotReady(f"there are no gitexp settings {where}", NO_SETTINGS)
        if isinstance(found, NotReady):
            raise found
        return Project(self._repository, prefix, *branch, *found)


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _named(trailers: Mapping[str, str]) -> str | None:
    """Folder of the project that a registration names; None for any other message."""
    if "Experiment" not in trailers:
        return None
    folder = trailers.get("Project", "").strip("/")
    return f"{folder}/" if folder else ""
