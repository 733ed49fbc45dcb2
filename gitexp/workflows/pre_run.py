"""Check what is checked out, just before it trains: the hook `pre-run`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.lab.gate import check
from gitexp.lab.projects.differences import hidden_edits
from gitexp.rules.demand import demand
from gitexp.rules.documents.change import spell_file
from gitexp.rules.finding import Finding
from gitexp.store.git_output import decode
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.gate.checked import Checked


def pre_run(repository: Repository) -> tuple[Finding, ...]:
    """Check what is checked out here, as a Makefile or a batch script does before it trains.

    Returns the gate's advice; a branch that is not an experiment's gets none.

    Raises:
        Refused: a rule is broken, or the work tree differs from the experiment's commit.
    """
    branch = repository.head_branch() or ""
    if not branch.startswith("exp/"):
        return ()
    report = check(repository, branch)
    project, git = report.project, repository.git
    # Exit 128: another program has the index locked; comparing works all the same.
    git.run("update-index", "-q", "--refresh", allow=(1, 128))
    dirty = [file.path for file in git.differences("diff-index", "HEAD", "--")]
    dirty += [path for path in hidden_edits(project) if path not in dirty]
    findings = [
        *report.findings,
        *_code_beside(report),
        *(
            Finding(
                "W1",
                f"{path} is not as committed, so what would run is not the experiment",
                "git restore --source=HEAD --staged --worktree --ignore-skip-worktree-bits --"
                f" {shlex.quote(f':/{path}')}\nor commit it on {project.baseline}",
                path,
            )
            for path in dirty
        ),
    ]
    return demand(findings, f"exp/{report.name}: refused")


def _code_beside(report: Checked) -> Iterator[Finding]:
    """A7: other lines of the config that is changed are code, and differ from the baseline, too."""
    if not report.code or report.change is None:
        return
    path, repository = report.project.path(report.change.file), report.project.repository
    out = repository.git.run(
        "diff-tree", "-r", "-z", "--numstat", "--no-renames", "--no-relative", report.base,
        report.code,
    ).stdout  # fmt: skip
    lines = (line.split("\t", 2) for line in decode(out).split("\0") if line)
    for added, removed in (counts for *counts, name in lines if name == path):
        difference = f"git diff {report.base[:10]} {report.code[:10]}"
        yield Finding(
            "A7",
            f"{spell_file(report.change.file)} is config and code: beside the change, its code"
            f" commit {report.code[:10]} brings +{added} -{removed} lines",
            f"read them: {difference} -- {shlex.quote(f':/{path}')}",
            report.change.file,
            advice=True,
        )
