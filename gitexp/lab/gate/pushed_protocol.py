"""What a push to a baseline branch would change about how results are judged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from gitexp.errors import NotReady
from gitexp.lab.projects.amendments import read_amendments
from gitexp.lab.projects.baseline_branch import find_baseline
from gitexp.lab.projects.project import Project, settings_at
from gitexp.rules.documents.settings_file import FILES
from gitexp.rules.finding import Finding
from gitexp.rules.text import visible
from gitexp.store.lineage import LineageStep
from gitexp.store.repository import Repository

_ALLOW = (
    "the owner of the server can allow it there: git config gitexp.allowProtocol true"
    "\nthen push again"
)
_FURTHEST = 2000  # commits of one push that are looked at one by one


def check_pushed_protocol(
    repository: Repository, ref: str, before: str, after: str
) -> Iterator[Finding]:
    """Find changes of protocol in what a branch that is somebody's baseline would become.

    Where `protect` is not set, data may change: only settings count.
    """
    git = repository.git
    if _is_allowed(repository):
        return
    for prefix in _folders(repository, before):
        name, _ = find_baseline(repository, prefix)
        project = _project(repository, prefix, name, before, after)
        if ref != f"refs/heads/{name}" or project is None:
            continue
        steps = _steps(repository, before, after)
        for commit, amendment in read_amendments(project, steps, before).items():
            changed = amendment.protocol if project.settings.protect else amendment.settings
            if changed:
                author = git.text("log", "-1", "--format=%an", commit)
                yield Finding(
                    "P4",
                    f"{commit[:10]} by {visible(author)} is a change of protocol:"
                    f" {visible(', '.join(changed))}; results before and after it cannot be"
                    " compared",
                    _ALLOW,
                )


def check_deleted_baseline(repository: Repository, ref: str, before: str) -> list[Finding]:
    """Find that a branch is somebody's baseline: whoever deletes it can push any other one."""
    names = {
        f"refs/heads/{find_baseline(repository, at)[0]}" for at in _folders(repository, before)
    }
    if ref not in names or _is_allowed(repository):
        return []
    said = f"{visible(ref)} is a baseline branch, and another one under its name would go unchecked"
    return [Finding("P4", said, _ALLOW)]


def _is_allowed(repository: Repository) -> bool:
    asked = ("config", "--type=bool", "--get", "gitexp.allowProtocol")
    return repository.git.text(*asked, allow=(1,)) == "true"


def _folders(repository: Repository, commit: str) -> list[str]:
    """Folders of a commit that have a file for settings."""
    paths = repository.git.fields("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    found = (path.rpartition("/") for path in paths)
    return list(dict.fromkeys(f"{top}{slash}" for top, slash, name in found if name in FILES))


def _project(
    repository: Repository, prefix: str, name: str, before: str, after: str
) -> Project | None:
    """The project of a folder as it was, or where that cannot be read, as it will be."""
    for commit in (before, after):
        try:
            path, settings = settings_at(repository, commit, prefix)
        except NotReady:
            continue
        return Project(repository, prefix, name, before, path, settings)
    return None


def _steps(repository: Repository, before: str, after: str) -> list[LineageStep]:
    """The commits of a push, newest first; all in one where they do not follow one another."""
    steps: list[LineageStep] = []
    for step in islice(repository.lineage.since(after), _FURTHEST):
        if step.commit == before:
            return steps
        steps.append(step)
    files = repository.git.differences("diff-tree", before, after)
    return [LineageStep(after, before, tuple(files))]
