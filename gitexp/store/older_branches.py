"""Branches `exp/*` from before gitexp: they register nothing, and their trees have no settings."""

from __future__ import annotations

from collections.abc import Iterable

from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.settings_file import FILES
from gitexp.store.repository import Repository


def registers(message: str) -> bool:
    """Whether a commit's message registers an experiment, well or badly."""
    return "Experiment" in split_message(message)[1]


def older_than_gitexp(repository: Repository, commits: Iterable[str]) -> set[str]:
    """Of commits that register nothing, return those without settings: nobody's experiments.

    Two git processes, and one more for each commit without settings at the top.
    """
    asked = list(dict.fromkeys(commits))
    if not asked:
        return set()
    names = [f"{commit}:{file}" for commit in asked for file in FILES]
    tables = dict(zip(names, repository.git.objects(names), strict=True))
    return {
        commit
        for commit in asked
        if not any(_declares(file, tables[f"{commit}:{file}"]) for file in FILES)
        and not _has_project(repository, commit)
    }


def _has_project(repository: Repository, commit: str) -> bool:
    """Whether a commit has settings in some folder."""
    listed = repository.git.fields("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit)
    paths = [path for path in listed if path.endswith(FILES) and "\n" not in path]
    contents = repository.git.objects([f"{commit}:{path}" for path in paths]) if paths else []
    return any(map(_declares, paths, contents))


def _declares(path: str, content: bytes | None) -> bool:
    return content is not None and (path.endswith("gitexp.toml") or b"tool.gitexp" in content)
