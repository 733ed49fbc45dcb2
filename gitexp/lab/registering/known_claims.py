"""Reads KNOWN.toml from baseline commits."""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.errors import NotReady
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.known import FILE, Known, parse_known
from gitexp.rules.gate.formats import LARGEST


def read_known(project: Project, commit: str) -> list[Known]:
    """Read KNOWN.toml of a baseline commit; empty where there is none.

    Raises:
        NotReady: it cannot be read.
    """
    [found] = read_known_at([(project, commit)])
    if isinstance(found, NotReady):
        raise found
    return found


def read_known_at(wanted: Sequence[tuple[Project, str]]) -> list[list[Known] | NotReady]:
    """Read KNOWN.toml of projects at baseline commits, in two git processes."""
    names = [f"{commit}:{project.path(FILE)}" for project, commit in wanted]
    if not wanted:
        return []
    git = wanted[0][0].repository.git
    sizes = git.sizes([*dict.fromkeys(names)])
    small = [name for name, size in sizes.items() if 0 <= size <= LARGEST]
    contents = {
        name: content or b"" for name, content in zip(small, git.objects(small), strict=True)
    }
    found: dict[str, list[Known] | NotReady] = {}
    for name in dict.fromkeys(names):
        if sizes.get(name, -1) > LARGEST:
            message = f"{FILE} is larger than {LARGEST:,} bytes, so it was not read"
            found[name] = NotReady(message, f"shorten {FILE}")
            continue
        try:
            found[name] = parse_known(contents[name]) if name in contents else []
        except NotReady as error:
            found[name] = error
    return [found[name] for name in names]
