"""The settings of a project as each of several commits has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitexp.errors import NotReady
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.settings_file import FILES, parse_settings, table_of


def read_settings(project: Project, commits: Iterable[str]) -> dict[str, Settings | NotReady]:
    """Settings of the project as each of these commits has them; one git process."""
    commits = list(dict.fromkeys(commits))
    paths = [project.path(name) for name in FILES]
    names = [f"{commit}:{path}" for commit in commits for path in paths]
    contents = dict(zip(names, project.repository.git.objects(names), strict=True))
    parsed: dict[tuple[bytes | None, ...], Settings | NotReady] = {}
    found = {}
    for commit in commits:
        files = tuple(contents[f"{commit}:{path}"] for path in paths)
        if files not in parsed:
            parsed[files] = _parse(dict(zip(paths, files, strict=True)))
        found[commit] = parsed[files]
    return found


def _parse(files: Mapping[str, bytes | None]) -> Settings | NotReady:
    try:
        for path, content in files.items():
            table = table_of(path, content) if content is not None else None
            if table is not None:
                return parse_settings(path, table)
    except NotReady as error:
        return error
    return NotReady("its baseline commit has no gitexp settings")
