"""What each experiment is compared with: its baseline commit, its project, and what differs.

The project follows from the files that an experiment changes, not from the current directory: hooks
run at the top of the work tree, and a server has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import NotReady
from gitexp.lab.projects.baselines import Baselines, BranchPoint
from gitexp.lab.projects.declared import DeclaredProjects
from gitexp.rules.documents.message import split_message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.projects.project import Project
    from gitexp.rules.finding import Finding
    from gitexp.store.experiments import Entry
    from gitexp.store.git_output import FileChange
    from gitexp.store.repository import Repository


class Comparison(NamedTuple):
    """What an experiment is compared with.

    `base` is the baseline commit, and `project` has the settings of that commit. `files` differ
    between the experiment and the commit below it: the baseline, or the `code` commit on that,
    which brings `code_files`. `findings` say where the experiment is not exactly one commit.
    """

    project: Project
    base: str
    files: tuple[FileChange, ...]
    findings: tuple[Finding, ...] = ()
    code: str = ""
    code_files: tuple[FileChange, ...] = ()

    @property
    def parent(self) -> str:
        """The commit that the experiment is to be one commit ahead of."""
        return self.code or self.base


def find_comparisons(
    repository: Repository, entries: Sequence[Entry], *, largest: int | None = None
) -> list[Comparison | NotReady]:
    """Find what each experiment is compared with, in a few git processes however many there are.

    NotReady stands in for an experiment that there is no comparison for. Settings of more than
    `largest` bytes count as missing.
    """
    baselines = Baselines(repository, entries)
    projects = DeclaredProjects(repository, largest)
    points: list[BranchPoint | NotReady] = []
    for entry in entries:
        try:
            points.append(baselines.branch_point(entry, baselines.likely(entry)))
        except NotReady as error:
            points.append(error)
    pairs = [
        pair
        for entry, point in zip(entries, points, strict=True)
        if isinstance(point, BranchPoint)
        for pair in _pairs(point, entry)
    ]
    found = repository.git.differences_of(list(dict.fromkeys(pairs)))
    by_pair = dict(zip(dict.fromkeys(pairs), found, strict=True))
    differences = {commit: by_pair[below, commit] for below, commit in pairs}
    registered = {entry.commit: split_message(entry.message)[1] for entry in entries}
    projects.read(
        (point.base, folder)
        for entry, point in zip(entries, points, strict=True)
        if isinstance(point, BranchPoint)
        for folder in projects.candidates(differences[entry.commit], registered[entry.commit])
    )
    comparisons: list[Comparison | NotReady] = []
    for entry, point in zip(entries, points, strict=True):
        try:
            if isinstance(point, NotReady):
                raise point
            files = differences[entry.commit]
            base = point.base
            prefix = projects.choose(base, files, registered[entry.commit])
            if (branch := baselines.of(prefix)) != baselines.likely(entry):
                # Experiments of this project start from another branch.
                moved = baselines.branch_point(entry, branch)
                if moved.parent != point.parent:
                    files = repository.git.differences("diff-tree", moved.parent, entry.commit)
                point = moved  # noqa: PLW2901
            project = projects.at(point.base, prefix, branch)
        except NotReady as error:
            comparisons.append(error)
        else:
            brought = by_pair.get((point.base, point.code), ())
            comparisons.append(
                Comparison(
                    project, point.base, tuple(files), point.findings, point.code, tuple(brought)
                )
            )
    return comparisons


def _pairs(point: BranchPoint, entry: Entry) -> Iterator[tuple[str, str]]:
    """What is compared: a code commit with its baseline, the experiment with what it stands on."""
    if point.code:
        yield point.base, point.code
    yield point.parent, entry.commit


def compare_index(repository: Repository) -> Comparison:
    """Compare what is about to be committed on an experiment's branch with its baseline.

    That is the commit where the branch left the baseline, not HEAD: compared with HEAD, an amended
    commit would look like a new one, and a second commit like a first.

    Raises:
        NotReady: there is no such point, or the changed files belong to no project.
    """
    baselines, projects = Baselines(repository, ()), DeclaredProjects(repository, None)
    branch, prefix = baselines.nearest("HEAD"), None
    while True:
        point = baselines.branch_point_of_head(branch)
        if point is None:
            raise NotReady(
                f"this branch and {branch[0]} have no common commit",
                f"git switch --create exp/NAME {branch[0]}",
            )
        base = point.base
        files = repository.git.differences("diff-index", "--cached", point.parent, "--")
        if prefix is not None:
            break
        projects.read((base, folder) for folder in projects.candidates(files, {}))
        prefix = projects.choose(base, files, {})
        if baselines.of(prefix) == branch:
            break
        # Experiments of this project start from another branch.
        branch = baselines.of(prefix)
    project = projects.at(base, prefix, branch)
    return Comparison(project, base, tuple(files), code=point.code)
