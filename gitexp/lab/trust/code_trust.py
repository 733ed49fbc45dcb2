"""Trust in code commits: code that came from elsewhere runs in a clone once its owner has said so.

What was made here needs no approval: `start --code` and `retest` note it, and a commit by hand left
its line in a reflog, which git never fetches. What the baseline branch has runs in any case.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.code.brought_code import measure_code
from gitexp.lab.projects.differences import relative
from gitexp.lab.projects.project import Project
from gitexp.lab.trust.approvals import Approved, approvals, approve
from gitexp.rules.gate.paths import is_config
from gitexp.rules.text import visible
from gitexp.store.experiments import unreached
from gitexp.store.git_output import decode, split_lines
from gitexp.store.refs import HEADS, REMOTES
from gitexp.store.repository import Repository
from gitexp.store.signatures import fingerprint_of, signers_of

if TYPE_CHECKING:
    from gitexp.lab.gate.checked import Checked
    from gitexp.lab.log.result import Result


def note_own_code(repository: Repository, *commits: str) -> None:
    """Remember code commits as made in this clone, so that their experiments may run here."""
    if commits:
        approve(repository, Approved.CODE, {commit: {"made": "here"} for commit in commits})


def trust_signer(repository: Repository, key: str) -> str:
    """Trust in this clone what a key signs; returns its fingerprint.

    Raises:
        UsageError: it is not a key.
        NotReady: git cannot verify what it signs in this clone.
    """
    fingerprint = fingerprint_of(repository, key)
    approve(repository, Approved.SIGNER, {fingerprint: {}})
    return fingerprint


def demand_code_trust(report: Checked, *, explored: bool = False) -> None:
    """Stop unless the code that an experiment brings was made or approved in this clone.

    Without the gate, an experiment may have code anywhere between the baseline and itself.

    Raises:
        NotReady: it was not; the message says how much code it is.
    """
    project = report.project
    if not untrusted_code(report, explored=explored):
        return
    top = report.entry.commit if explored else report.code
    [size] = measure_code(project.repository, [(report.base, top)])
    raise NotReady(
        f"exp/{visible(report.name)} brings code that was not made in this clone, and nobody here"
        f" has approved it: {size} ({top[:10]})",
        f"read it, and let it run: gitexp trust {shlex.quote(visible(report.name))}",
    )


def demand_branch_trust(project: Project) -> None:
    """Stop if code of an experiment is checked out that is not trusted here.

    Raises:
        NotReady: its code was neither made nor approved in this clone.
    """
    branch = project.repository.head_branch() or "HEAD"
    code = untrusted(project, branch, code_ahead(project, "HEAD"))
    experiment = branch if branch.startswith("exp/") else _experiment_with(project, code)
    if code and experiment:
        name = experiment.removeprefix("exp/")
        raise NotReady(
            f"{visible(experiment)} is checked out, and brings code that was not made in this clone"
            f" ({code[0][:10]})",
            f"read it, and let it run: gitexp trust {shlex.quote(visible(name))}",
        )


def _experiment_with(project: Project, commits: Sequence[str]) -> str:
    """The branch of an experiment that holds one of some commits, empty if none does."""
    if not commits:
        return ""
    held = [f"--contains={commit}" for commit in commits]
    refs = project.repository.git.text(
        "for-each-ref", "--format=%(refname)", "--count=1", *held, HEADS, f"{REMOTES}*/exp/"
    )
    return f"exp/{refs.rpartition('/exp/')[2]}" if refs else ""


def untrusted_code(report: Checked, *, explored: bool = False) -> list[str]:
    """Commits of an experiment with code that is not trusted in this clone, newest first."""
    project = report.project
    if explored:
        commits = code_ahead(project, report.entry.commit, report.base)
    else:
        commits = [report.code] if report.code else []
    return untrusted(project, f"exp/{report.name}", commits)


def untrusted_below(
    project: Project, results: Iterable[Result]
) -> dict[tuple[str, str], list[str]]:
    """Code commits below experiments that are not trusted in this clone.

    Returns the names of the experiments on each, by baseline commit and code commit.
    """
    names: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.code:
            names.setdefault(result.standing, []).append(result.name)
    return {
        standing: mine
        for standing, mine in names.items()
        if untrusted(project, f"exp/{mine[0]}", [standing[1]])
    }


def code_ahead(project: Project, top: str, *held: str) -> list[str]:
    """Commits that the baseline branch lacks, and that change more than configs, newest first."""
    git = project.repository.git
    without = [f"^{commit}" for commit in (project.tip, *held)]
    listed = git.text("rev-list", "--parents", "--end-of-options", top, *without, "--")
    found = []
    for line in listed.splitlines():
        commit, *parents = line.split()
        pair = [(parents[0], commit)] if len(parents) == 1 else []
        files = git.differences_of(pair)[0] if pair else None
        if files is None or any(_is_code(project, file.path) for file in files):
            found.append(commit)
    return found


def _is_code(project: Project, path: str) -> bool:
    inside = relative(project, path)
    return inside.endswith(".py") or not is_config(inside, project.settings.config)


def comes_from_elsewhere(project: Project, revision: str) -> bool:
    """Whether a branch or commit has code ahead of the baseline that is not trusted here."""
    return bool(untrusted(project, revision, code_ahead(project, revision)))


def untrusted(project: Project, branch: str, commits: Sequence[str]) -> list[str]:
    """Those commits of a branch that were neither made nor approved here, in the same order."""
    repository = project.repository
    approved = approvals(repository, Approved.CODE)
    left = [commit for commit in commits if commit not in approved]
    if left:
        made = _made_by_hand(repository, branch)
        if mine := [commit for commit in left if commit in made]:
            note_own_code(repository, *mine)  # a reflog forgets
        left = [commit for commit in left if commit not in made]
    if left:
        ahead = unreached(repository, left, project.tip)
        left = [commit for commit in left if commit in ahead]
    signers = approvals(repository, Approved.SIGNER) if left else {}
    if signers:
        signed = signers_of(repository, left)
        left = [commit for commit in left if signed.get(commit, frozenset()).isdisjoint(signers)]
    return left


def _made_by_hand(repository: Repository, branch: str) -> set[str]:
    """Commits that `git commit` made here, on a branch or wherever HEAD was.

    One that amends a commit from elsewhere, or copies it, may hold what nobody here has read.
    """
    made: set[str] = set()
    for ref in (f"refs/heads/{branch}", "HEAD"):
        out = repository.git.log("--walk-reflogs", "--format=%H %gs", ref, "--", allow=(128,))
        made |= _own(reversed(split_lines(decode(out))))
    return made


def _own(lines: Iterable[str]) -> set[str]:
    """Commits of a reflog, given from its oldest line on, that began as a commit made here."""
    own: set[str] = set()
    before = ""
    for line in lines:
        commit, _, said = line.partition(" ")
        amends = said.startswith("commit (amend): ") and before in own
        if amends or said.startswith(("commit: ", "commit (initial): ")):
            own.add(commit)
        before = commit
    return own
