"""Show what differs between two experiments, or one and its baseline, as git shows it."""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.errors import NotReady, UsageError
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project


def show_diff(project: Project, names: Sequence[str | None]) -> None:
    """Let git print the difference with its own pager and colors: commits, never the work tree.

    Raises:
        UsageError: there is no such experiment, or there are more than two.
        NotReady: this clone lacks the commit that an experiment stands on.
    """
    if len(names) > 2:
        raise UsageError(
            "--diff compares two experiments, or one with what it stands on",
            f"gitexp show --diff {names[0]} {names[1]}",
        )
    git = project.repository.git
    commits = [find_experiment(project.repository, name)[1] for name in names]
    if len(commits) == 1:
        below = git.resolve(f"{commits[0]}^")
        if below is None:
            raise NotReady(
                "this clone lacks the commit that the experiment stands on",
                "git fetch --unshallow" if project.repository.shallow else "gitexp doctor",
            )
        commits.insert(0, below)
    git.shown("diff", *commits, "--")
