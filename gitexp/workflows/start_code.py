"""Register experiments on new code: one code commit, and on it one config line for each."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from functools import partial

from gitexp.errors import UsageError
from gitexp.lab.code.code_edit import CodeEdit, fork_of, project_as_of, split_code
from gitexp.lab.code.work_tree_code import Taken, restore_work_tree, take_work_tree
from gitexp.lab.projects.comparison import find_comparisons
from gitexp.lab.projects.differences import relative
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.committing import Code
from gitexp.lab.registering.edit import NOT_REGISTERED
from gitexp.lab.registering.registering import Started, register
from gitexp.lab.trust.code_trust import comes_from_elsewhere
from gitexp.rules.demand import demand
from gitexp.rules.plan.ideas import Idea
from gitexp.rules.plan.options import Options
from gitexp.store.experiments import read_commits
from gitexp.workflows.start import ideas_of_sweep, propose, register_ideas, switch_to


@dataclass(frozen=True, slots=True)
class FoundCode:
    """Code for experiments, and the edits of the work tree that it was taken from, if it was."""

    edit: CodeEdit
    taken: Taken | None = None

    @property
    def left(self) -> tuple[str, ...]:
        """Untracked files that may have been meant, and are not in the code."""
        return self.taken.left if self.taken else ()


def code_in_work_tree(project: Project) -> FoundCode:
    """Split the edits of the work tree; nothing changes.

    Raises:
        NotReady: git could not commit them as they are.
        UsageError: no code is edited.
    """
    taken = take_work_tree(project)
    edit = split_code(project, fork_of(project, taken.head), taken.tree)
    return FoundCode(_with_origin(edit, project, taken.head), taken)


def code_from(project: Project, revision: str) -> FoundCode:
    """Split what a revision, such as a branch, differs by from where it left the baseline.

    Raises:
        UsageError: there is no such revision, or no code differs.
    """
    commit = project.repository.git.resolve(revision)
    if commit is None:
        raise UsageError(
            f"{revision} is not a branch or commit here",
            'name a branch or a commit: gitexp start --code-from BRANCH "HYPOTHESIS"',
        )
    edit = split_code(project, fork_of(project, commit), commit)
    edit = replace(edit, option=f"--code-from {shlex.quote(revision)}")
    return FoundCode(_with_origin(edit, project, revision))


def _with_origin(edit: CodeEdit, project: Project, revision: str) -> CodeEdit:
    """Note whether the commits that code is taken from are trusted in this clone."""
    foreign = comes_from_elsewhere(project, revision)
    return replace(edit, code=replace(edit.code, foreign=foreign))


def code_of(project: Project, name: str) -> FoundCode:
    """The code commit that an experiment stands on.

    Raises:
        UsageError: it stands on none, or there is no such experiment.
        Refused: it does not stand on one commit of the baseline branch.
    """
    repository = project.repository
    ref, commit = find_experiment(repository, name)
    [comparison] = find_comparisons(repository, read_commits(repository, [(ref, commit)]))
    if isinstance(comparison, Exception):
        raise comparison
    demand(comparison.findings, NOT_REGISTERED)
    if not comparison.code:
        raise UsageError(
            f"exp/{name.removeprefix('exp/')} does not stand on a code commit",
            'gitexp start --set KEY=VALUE "HYPOTHESIS"',
        )
    here = project_as_of(project, comparison.base)
    paths = tuple(relative(here, file.path) for file in comparison.code_files)
    code = Code(comparison.base, paths, commit=comparison.code)
    option = f"--on {shlex.quote(name)}"
    return FoundCode(CodeEdit(here, code, comparison.code_files, (), option))


def start_on_code(
    found: FoundCode,
    text: str,
    *,
    set_: str | None = None,
    sweep: str = "",
    options: Options | None = None,
    switch: bool = False,
    replicate: bool = False,
) -> tuple[list[Started], tuple[str, ...]]:
    """Register one experiment on code, or with a sweep one for each value: all or none.

    The values of a sweep that the code has already are left out and returned. Then the files of the
    work tree that it was taken from are restored.

    Raises:
        Refused: the hypothesis, the change or the code breaks a rule; nothing was created.
        UsageError: the value cannot be set.
    """
    edit, chosen, left = found.edit, options or Options(), tuple[str, ...]()
    proposed = partial(
        propose, edit.project, choose=edit.choose, replicate=replicate, code=edit.code
    )
    if not sweep:
        started = [register(edit.project, proposed(Idea(text, set_, chosen))[1])]
    else:
        ideas = ideas_of_sweep(text, sweep, chosen)
        started, left = register_ideas(edit.project, ideas, proposed, skips=True)
    if found.taken is not None:
        restore_work_tree(edit.project, found.taken, [one.name for one in started])
    if switch:
        switch_to(edit.project, started[0].name)
    return started, left
