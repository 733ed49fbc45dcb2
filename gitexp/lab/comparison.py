"""What each experiment is compared with: its baseline commit, its project, and what differs.

The project follows from the files that an experiment changes, not from the current directory: hooks
run at the top of the work tree, and a server has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.baselines import Baselines, BranchPoint
from gitexp.lab.declared import DeclaredProjects
from gitexp.rules.documents.message import split_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.project import Project
    from gitexp.rules.finding import Finding
    from gitexp.store.experiments import Entry
    from gitexp.store.git_output import FileChange
    from gitexp.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an experiment is compared with.

    `base` is the baseline commit, and `project` has the settings of that commit. `findings` say
    where the experiment is not exactly one commit on its baseline branch.
    """

    project: Project
    base: str
    files: tuple[FileChange, ...]
    findings: tuple[Finding, ...] = ()


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
        (point.base, entry.commit)
        for entry, point in zip(entries, points, strict=True)
        if isinstance(point, BranchPoint)
    ]
    differences = {
        commit: files
        for (_, commit), files in zip(pairs, repository.git.differences_of(pairs), strict=True)
    }
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
            base, findings, files = point.base, point.findings, differences[entry.commit]
            prefix = projects.choose(base, files, registered[entry.commit])
            if (branch := baselines.of(prefix)) != baselines.likely(entry):
                # Experiments of this project start from another branch.
                moved = baselines.branch_point(entry, branch)
                if moved.base != base:
                    files = repository.git.differences("diff-tree", moved.base, entry.commit)
                base, findings = moved.base, moved.findings
            project = projects.at(base, prefix, branch)
        except NotReady as error:
            comparisons.append(error)
        else:
            comparisons.append(Comparison(project, base, tuple(files), findings))
    return comparisons


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
        base = baselines.branch_point_of_head(branch)
        if not base:
            raise NotReady(
                f"this branch and {branch[0]} have no common commit",
                f"git switch --create exp/NAME {branch[0]}",
            )
        files = repository.git.differences("diff-index", "--cached", base, "--")
        if prefix is not None:
            break
        projects.read((base, folder) for folder in projects.candidates(files, {}))
        prefix = projects.choose(base, files, {})
        if baselines.of(prefix) == branch:
            break
        # Experiments of this project start from another branch.
        branch = baselines.of(prefix)
    return Comparison(projects.at(base, prefix, branch), base, tuple(files))
