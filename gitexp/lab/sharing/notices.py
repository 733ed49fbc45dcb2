"""Warnings of a sync: about names, baselines, and notes that were rewritten."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gitexp.lab.projects.project import Project
from gitexp.rules.documents.lines import count_lines
from gitexp.rules.documents.message import split_message
from gitexp.rules.text import counted, list_commits
from gitexp.store.experiments import read_noted, unreached
from gitexp.store.push import pushed_elsewhere
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.sharing.deliver import Delivery
    from gitexp.store.fetch import Remote
    from gitexp.store.merge import Merged


def about_names(project: Project, delivery: Delivery) -> Iterator[str]:
    """Warn about names that cannot be reassigned, because their branch is checked out."""
    for name in delivery.blocked:
        yield (
            f"two experiments are called exp/{name}; the earlier one gets the name once its branch"
            f" is not checked out\ngit switch {project.baseline} && gitexp sync"
        )
    for name in delivery.outdated:
        yield (
            f"the code of exp/{name} was replaced elsewhere, and the old code is checked out here;"
            " the branch moves once it is not"
            f"\ngit switch {project.baseline} && gitexp sync"
        )


def about_baseline(project: Project, remote: str, delivery: Delivery) -> Iterator[str]:
    """Warn about experiments whose baseline this clone's branch does not have.

    Otherwise the gate would only report that they are several commits away from the baseline, which
    does not tell you that the baseline is what is missing.
    """
    repository = project.repository
    came = {new for _, new in delivery.moves.values()}
    came -= {old for old, _ in delivery.moves.values()}
    bases = [
        # Where a shallow clone ends, a commit seems to have no parent.
        entry.base or entry.commit
        for entry in read_noted(repository, came)
        if split_message(entry.message)[1].get("Project", "") == project.folder
    ]
    ahead = unreached(repository, bases, project.tip)
    number = counted(sum(base in ahead for base in bases), "experiment")
    if ahead and repository.shallow:
        yield (
            f"{number} came whose baseline this clone, which is shallow, cannot connect with"
            f" {project.baseline}; what cannot be computed here stays as it is on {remote}"
            "\ngit fetch --unshallow"
        )
    elif ahead:
        yield (
            f"{number} came from a later {project.baseline} than this clone has\n"
            f"git switch {project.baseline} && git pull {remote} {project.baseline}"
        )


def about_unpushed_baseline(project: Project, remote: str) -> Iterator[str]:
    """Warn about commits of the baseline branch that only git shares: settings, acceptances."""
    git, branch = project.repository.git, project.baseline
    there = f"refs/remotes/{remote}/{branch}"
    if git.resolve(there) is None:
        return
    ahead = int(git.text("rev-list", "--count", f"{there}..{project.tip}"))
    if ahead:
        yield (
            f"{branch} is {counted(ahead, 'commit')} ahead of {remote}/{branch}, and sync shares"
            f" only experiments and results\ngit push {shlex.quote(remote)} {shlex.quote(branch)}"
        )


def about_foreign_lines(merged: Mapping[str, Merged]) -> Iterator[str]:
    """Warn about lines that came and that gitexp did not write."""
    for ref, one in merged.items():
        foreign = {
            commit: number
            for commit, lines in one.came.items()
            if (number := count_lines(lines).foreign)
        }
        if foreign:
            yield (
                f"{counted(sum(foreign.values()), 'line')} of {ref} that came"
                f" {'was' if sum(foreign.values()) == 1 else 'were'} not written by gitexp"
                f" ({list_commits(foreign, 3)}), and every command passes over them"
                f"\ngit notes --ref={ref} show {min(foreign)[:10]}"
            )


def about_left_out(remote: str, merged: Mapping[str, Merged]) -> Iterator[str]:
    """Warn about notes on the remote that are larger than any that gitexp writes."""
    for ref, one in merged.items():
        if one.left_out:
            yield (
                f"{ref} on {remote} has {sum(one.left_out.values()):,} bytes that gitexp did not"
                f" write, in notes too large to merge ({list_commits(one.left_out, 3)}); they stay"
                " in its history, and what is here is as it was"
                f"\nsee who wrote them: git log --stat {ref}"
            )


def about_rewritten(
    repository: Repository,
    remote: str,
    before: Remote,
    theirs: Remote,
    merged: Mapping[str, Merged],
) -> Iterator[str]:
    """Warn about notes on the remote that do not continue those of the last sync."""
    lacking = {}
    for ref, one in merged.items():
        old, new = before.notes.get(ref), theirs.notes.get(ref)
        if old and old != new and not one.ours_stale:
            lacking[ref] = old
    if elsewhere := pushed_elsewhere(repository, remote, lacking):
        own = f"remote.{remote}.pushurl"
        undo = (
            f"git config --unset-all {shlex.quote(own)}"
            if repository.setting(own)
            else "git config --show-origin --get-regexp pushinsteadof"
        )
        yield (
            f"what goes out to {remote} does not come back: it is pushed to {elsewhere}, another"
            f" repository than the one that is fetched (git remote -v); sync with each by a name of"
            f" its own\n{undo}"
            f"\ngit remote add NAME {shlex.quote(elsewhere)} && gitexp sync NAME"
        )
        return
    for ref, old in lacking.items():
        new = theirs.notes.get(ref)
        if new and not repository.git.succeeds("merge-base", "--is-ancestor", old, new):
            yield (
                f"{ref} on {remote} was rewritten by force since the last sync; what this clone had"
                " of it is kept here, and goes out again"
            )
