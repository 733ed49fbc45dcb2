"""What waits for the approval of this clone's owner: what measures, and code of experiments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.code.brought_code import measure_code
from gitexp.lab.log.decided import has_verdict
from gitexp.lab.log.results import read_results
from gitexp.lab.projects.project import Project
from gitexp.lab.trust.approvals import Approved, approve
from gitexp.lab.trust.code_trust import untrusted_below, untrusted_code
from gitexp.lab.trust.trust import trust, unapproved
from gitexp.rules.text import visible
from gitexp.store.git_output import decode
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.gate.checked import Checked
    from gitexp.lab.log.result import Result


@dataclass(frozen=True, slots=True)
class ToApprove:
    """Something that this clone uses once it is approved: code, or what measures and how.

    `shown` is what to read before, as text that is safe to show, and `command` shows it in full.
    `code` are the commits that bring it, if it is code.
    """

    what: str
    shown: str
    code: tuple[str, ...] = ()
    command: str = ""


def of_project(project: Project) -> list[ToApprove]:
    """Find what waits on the baseline's tip, and code that has no verdict yet."""
    return [*_unapproved(project, project.tip, f"on {project.baseline}"), *_code(project)]


def of_experiment(report: Checked) -> list[ToApprove]:
    """Find what one experiment waits for; where the gate refuses it, all of it may be code."""
    project, explored = report.project, not report.ok
    found = [*_unapproved(project, report.base, f"of exp/{report.name}")]
    if commits := untrusted_code(report, explored=explored):
        top = report.entry.commit if explored else report.code
        found.append(_brought(project.repository, report.base, top, commits, [report.name]))
    return found


def approve_all(project: Project, commit: str, waiting: Sequence[ToApprove]) -> None:
    """Approve what waits at a baseline commit of a project, in this clone."""
    if not all(one.code for one in waiting):
        trust(project, commit)
    if code := {brings: {"read": "here"} for one in waiting for brings in one.code}:
        approve(project.repository, Approved.CODE, code)


def _unapproved(project: Project, commit: str, where: str) -> Iterator[ToApprove]:
    for one in unapproved(project, commit):
        what = f"{one.what} {where}, compared with what you approved last"
        yield ToApprove(what, one.difference)


def _code(project: Project) -> Iterator[ToApprove]:
    """Code that experiments without a verdict stand on, each code commit once."""
    for (base, code), names in code_that_waits(project, read_results(project)).items():
        yield _brought(project.repository, base, code, [code], names)


def code_that_waits(
    project: Project, results: Iterable[Result]
) -> dict[tuple[str, str], list[str]]:
    """Code that would run here once it is approved, below experiments without a verdict.

    Returns the names of the experiments on each, by baseline commit and code commit.
    """
    undecided = (
        result
        for result in results
        if result.registration and not result.archived and not has_verdict(result)
    )
    return untrusted_below(project, undecided)


def _brought(
    repository: Repository, base: str, top: str, commits: Sequence[str], names: Sequence[str]
) -> ToApprove:
    [size] = measure_code(repository, [(base, top)])
    author = repository.git.text("log", "-1", "--no-show-signature", "--format=%an <%ae>", top)
    experiments = ", ".join(f"exp/{visible(name)}" for name in names)
    out = repository.git.run(
        "diff-tree", "-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
        "--no-relative", base, top,
    ).stdout  # fmt: skip
    text = "".join(f"  {line}\n" for line in visible(decode(out)).split("\n")).rstrip()
    return ToApprove(
        f"code of {experiments} ({top[:10]}), by {visible(author)}: {size}",
        text,
        tuple(commits),
        f"git diff {base[:10]} {top[:10]}",
    )
