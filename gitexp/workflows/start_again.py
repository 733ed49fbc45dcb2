"""Replace the code of an experiment that crashed before it showed anything: same place, same seeds.

The branch moves to the new commits, and its old one is archived with its failures, which count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.lab.code.code_edit import split_code
from gitexp.lab.code.replacement import shown_by
from gitexp.lab.code.work_tree_code import take_work_tree
from gitexp.lab.measuring.claims import claims, is_held
from gitexp.lab.measuring.unended import end_unended
from gitexp.lab.projects.comparison import Comparison, find_comparisons
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.edit import NOT_REGISTERED, Edit
from gitexp.lab.trust.code_trust import comes_from_elsewhere, note_own_code
from gitexp.rules.demand import demand
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.code_commit import CODE, REPLACES, code_message
from gitexp.rules.documents.message import hypothesis_of, split_message, write_message
from gitexp.rules.documents.name import set_apart
from gitexp.rules.documents.registration import Registration, parse_message
from gitexp.rules.verdict.replacing import as_replaced, full_runs
from gitexp.store.branches import replace_branch
from gitexp.store.commits import commit_file, commit_tree
from gitexp.store.experiment_refs import names_taken
from gitexp.store.experiments import Entry, read_commits
from gitexp.store.git import Git
from gitexp.store.notes import read_notes
from gitexp.store.refs import HEADS, RUNS

if TYPE_CHECKING:
    from gitexp.lab.registering.committing import Code

_BRANCH = 'gitexp start --code "HYPOTHESIS"'


@dataclass(frozen=True, slots=True)
class Replaced:
    """An experiment with new code; `failures` is how many runs of its earlier code failed."""

    name: str
    commit: str
    change: Change
    code: Code
    old: str
    archived: str
    failures: int


def start_again(project: Project) -> Replaced:
    """Take the edits of the work tree as the code of the experiment that is checked out.

    Raises:
        UsageError: no experiment on a code commit is checked out, or no code is edited.
        Refused: a run of it showed something, or the edit breaks a rule; nothing changed.
        NotReady: it is running, or git could not commit the work tree as it is.
    """
    entry, comparison, registration = _checked_out(project)
    _demand_nothing_shown(project, entry, registration)
    taken = take_work_tree(project)
    edit = split_code(comparison.project, comparison.base, taken.tree)
    config, inspection = edit.choose(None)
    change = inspection.change
    demand(inspection.findings, NOT_REGISTERED)
    if change is None or str(change) != str(registration.change):
        raise Refused(
            f"the config differs by {change}, but exp/{entry.name} is the experiment with"
            f" {registration.change}",
            hint=f"take the edit of {config.path} back, or start another experiment: {_BRANCH}",
        )
    git = project.repository.git
    if edit.code.tree == git.text("rev-parse", f"{comparison.code}^{{tree}}"):
        raise UsageError(
            f"the code of exp/{entry.name} is as it was", "edit it here, then run this again"
        )
    code, commit = _commit(project, entry, replace(edit.code, commit=""), config)
    # An edit of code that nobody here has read does not make it trusted.
    if not comes_from_elsewhere(project, f"exp/{entry.name}"):
        note_own_code(project.repository, code.commit)
    # Files and index are those of the new commit then, as soon as the branch is there.
    Git(project.repository.work_tree()).run("add", "--update", ".")
    archived = set_apart(entry.name, entry.commit, names_taken(project.repository))
    replace_branch(
        project.repository, f"{HEADS}{entry.name}", [commit, code.commit], entry.commit, archived,
        reason="gitexp: start --again",
    )  # fmt: skip
    notes = read_notes(project.repository, RUNS, [entry.commit, *registration.replaces])
    failures = sum(len(as_replaced(full_runs(text))) for text in notes.values())
    return Replaced(entry.name, commit, change, code, entry.commit, archived, failures)


def _checked_out(project: Project) -> tuple[Entry, Comparison, Registration]:
    """The experiment that is checked out, which stands on a code commit."""
    repository = project.repository
    branch = repository.head_branch() or ""
    commit = repository.git.resolve("HEAD")
    if not branch.startswith("exp/") or commit is None:
        raise UsageError(
            "--again replaces the code of the experiment that is checked out, and none is",
            "git switch exp/NAME, edit the code there, then: gitexp start --again",
        )
    [entry] = read_commits(repository, [(f"refs/heads/{branch}", commit)])
    [comparison] = find_comparisons(repository, [entry])
    if isinstance(comparison, NotReady):
        raise comparison
    demand(comparison.findings, NOT_REGISTERED)
    registration, said = parse_message(entry.message)
    if registration is None:
        raise Refused(NOT_REGISTERED, said)
    if not comparison.code or registration.rules < 2:
        raise UsageError(
            f"{branch} does not stand on a code commit, so it has no code to replace",
            f"for an experiment with code: {_BRANCH}",
        )
    return entry, comparison, registration


def _demand_nothing_shown(project: Project, entry: Entry, registration: Registration) -> None:
    repository, commits = project.repository, [entry.commit, *registration.replaces]
    if any(map(is_held, claims(repository).get(entry.commit, ()))):
        raise NotReady(f"exp/{entry.name} is running", "wait until it has ended")
    end_unended(repository, commits)
    if shown := shown_by(repository, commits):
        raise Refused(
            f"exp/{entry.name} keeps its code: {shown}, and who has seen a result may not choose"
            " the code behind it",
            hint=f"other code is another experiment, with a place of its own: {_BRANCH}",
        )


def _commit(project: Project, entry: Entry, code: Code, config: Edit) -> tuple[Code, str]:
    """Commit the new code, and on it the same registration, which says what it replaces."""
    repository = project.repository
    said = code_message(hypothesis_of(entry.message), entry.name)
    below = commit_tree(repository, code.tree, [code.base], said)
    text, trailers = split_message(entry.message)
    earlier = [entry.commit, *trailers.get(REPLACES, "").split()]
    new = {**trailers, CODE: below, REPLACES: " ".join(earlier)}
    path = project.path(config.path)
    message = write_message(text, new.items())
    commit = commit_file(repository, below, path, config.after, message)
    return replace(code, commit=below), commit
