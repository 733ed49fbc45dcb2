"""Judge what is checked out, just before it trains: `git hook run pre-run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import Refused
from gitexp.rules.finding import Finding
from gitexp.workflows.check import check

if TYPE_CHECKING:
    from gitexp.workflows.project import Project


def pre_run(project: Project) -> str | None:
    """Judge what is checked out here, as a Makefile or a batch script asks before it trains.

    Returns the experiment's name, or None on a branch that is none.

    Raises:
        Refused: the gate says no, or the work tree is not what the experiment's commit holds.
    """
    branch = project.repository.head_branch() or ""
    if not branch.startswith("exp/"):
        return None
    report = check(project, branch)
    project.repository.git.run("update-index", "-q", "--refresh", allow=(1,))
    dirty = project.repository.git.differences("diff-index", "HEAD", "--")
    findings = [
        *report.findings,
        *(
            Finding(
                "W1",
                f"{file.path} is not as committed, so what runs is not the experiment",
                f"git restore {file.path}, or commit it on {project.baseline}",
                file.path,
            )
            for file in dirty
        ),
    ]
    if any(not finding.advice for finding in findings):
        raise Refused(f"exp/{report.name}: refused", findings)
    return report.name
