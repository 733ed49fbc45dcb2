"""Register an experiment: one hypothesis, one changed value, one commit, no file touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, Refused
from gitexp.lab.differences import inspect_files
from gitexp.lab.edit import NOT_REGISTERED
from gitexp.lab.registering import Options, Started, register
from gitexp.lab.setting import from_setting
from gitexp.lab.work_tree_edit import from_work_tree, put_back
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.finding import demand
from gitexp.rules.gate import hypothesis
from gitexp.rules.gate.edited import Edited

if TYPE_CHECKING:
    from gitexp.lab.project import Project


def start(
    project: Project,
    text: str,
    *,
    set_: str | None = None,
    options: Options | None = None,
    switch: bool = False,
    replicate: bool = False,
) -> Started:
    """Create `exp/<name>`, one commit on the tip of the baseline branch.

    With `set_` (`KEY=VALUE`) the work tree is neither read nor touched. Without it the one-line
    edit in the work tree becomes the experiment, and the file is restored to its committed state.
    `replicate` tests a change that has a verdict again, on seeds never used for it.

    Raises:
        Refused: the hypothesis or the change breaks a rule; nothing was created.
    """
    findings = hypothesis.lint(hypothesis_of(text), project.settings.metric)
    try:
        edit = from_setting(project, set_) if set_ is not None else from_work_tree(project)
    except Refused as refused:
        # Everything that is wrong is reported at once, not only the first.
        raise Refused(refused.message, [*findings, *refused.findings], refused.hint) from None
    inspection = inspect_files(
        project, [Edited(edit.path, "100644", "100644", edit.before, edit.after)]
    )
    advice = demand([*findings, *inspection.findings], NOT_REGISTERED)
    assert inspection.change is not None  # noqa: S101 - nothing was refused
    started = register(
        project, text, inspection.change, edit.after,
        options=options or Options(), advice=advice, replicate=replicate,
    )  # fmt: skip
    if edit.on_disk is not None:
        put_back(project, edit)
    if switch:
        _switch_to(project, started.name)
    return started


def _switch_to(project: Project, name: str) -> None:
    try:
        project.repository.git.run("switch", "--quiet", f"exp/{name}")
    except GitexpError as error:
        raise NotReady(
            f"exp/{name} is registered, but git could not switch to it: {error.message}",
            f"git stash && git switch exp/{name}",
        ) from None
