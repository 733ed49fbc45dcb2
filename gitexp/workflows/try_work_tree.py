"""Try the work tree as it is, on a part of the data: nothing is registered, nothing recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.job import Job
from gitexp.errors import CommandFailed
from gitexp.lab.measuring.running import folder_of_failed, run_once
from gitexp.lab.projects.project import Project
from gitexp.lab.trust.code_trust import demand_branch_trust
from gitexp.lab.trust.trust import demand_trust
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.verdict.small_first import SMALL_SEED
from gitexp.store.work_tree_commit import commit_work_tree

if TYPE_CHECKING:
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.rules.documents.record import Record

_LABEL = "work tree"


@dataclass(frozen=True, slots=True)
class TryResult:
    """What the work tree gave; `left_out` are large files that git does not track."""

    metric: str
    records: tuple[Record, ...]
    left_out: tuple[str, ...]


def try_work_tree(project: Project, *, watcher: Watcher) -> TryResult:
    """Run the files as they lie here on each share of the settings, or else on all of the data.

    The settings are those of the baseline.

    Raises:
        NotReady: the settings, or the code of the branch, are not approved in this clone.
        CommandFailed: a run failed; its output is kept.
    """
    demand_trust(project, project)
    demand_branch_trust(project)
    commit, left_out = commit_work_tree(project.repository)
    if left_out:
        watcher.said(
            f"left out, because git does not track them and they are large: {', '.join(left_out)};"
            " if a run needs one, add it to `link` in the settings"
        )
    settings = project.settings
    with folder_of_failed(project.repository, "try") as folder:
        records = [
            _run(project, commit, share, folder, watcher) for share in settings.sample or (1.0,)
        ]
    return TryResult(settings.metric, tuple(records), left_out)


def _run(project: Project, commit: str, share: float, folder: Path, watcher: Watcher) -> Record:
    settings, label = project.settings, f"{_LABEL} on {100 * share:g} % of the data"
    job = Job(
        commit, SMALL_SEED, 1, settings.metric, folder / f"{share:g}",
        sample=share, purpose=Purpose.SAMPLE,
    )  # fmt: skip
    result = run_once(project.repository, project.prefix, settings, label, job, watcher)
    if not result.record.ok:
        raise CommandFailed(
            f"{label}: {result.record.failure}{result.quoted}",
            f"fix it here, then run gitexp try again; the whole output is in {job.folder}",
        )
    if result.warning:
        watcher.said(f"{label}: {result.warning}")
    return result.record
