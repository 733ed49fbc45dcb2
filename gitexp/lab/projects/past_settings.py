"""The settings of a project as each of several commits has them."""

from __future__ import annotations

from collections.abc import Iterable

from gitexp.errors import NotReady
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.settings_file import FILES, find_settings
from gitexp.store.repository import Repository


def read_settings(
    repository: Repository, prefix: str, commits: Iterable[str]
) -> dict[str, Settings | NotReady]:
    """Settings of a project as each of these commits has them; one git process."""
    commits = list(dict.fromkeys(commits))
    paths = [f"{prefix}{name}" for name in FILES]
    contents = iter(repository.git.objects([f"{c}:{path}" for c in commits for path in paths]))
    parsed: dict[tuple[bytes | None, ...], Settings | NotReady] = {}
    found = {}
    for commit in commits:
        files = tuple(next(contents) for _ in paths)
        if files not in parsed:
            parsed[files] = _parse(zip(paths, files, strict=True))
        found[commit] = parsed[files]
    return found


def _parse(files: Iterable[tuple[str, bytes | None]]) -> Settings | NotReady:
    try:
        found = find_settings(files)
    except NotReady as error:
        return error
    return found[1] if found else NotReady("its baseline commit has no gitexp settings")
