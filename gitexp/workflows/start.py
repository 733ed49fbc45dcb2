"""Register an experiment: one hypothesis, one changed value, one commit, no file touched."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, Refused, UsageError
from gitexp.lab.progress import counted_off
from gitexp.lab.projects.differences import inspect_files
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.edit import NOT_REGISTERED, Edit
from gitexp.lab.registering.refusals import Refusals
from gitexp.lab.registering.registering import Proposal, Started, register, register_all
from gitexp.lab.registering.setting import NoSuchKey, from_setting
from gitexp.lab.registering.work_tree_edit import edited_code, from_work_tree, put_back
from gitexp.rules.demand import demand
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.finding import Finding
from gitexp.rules.gate import hypothesis
from gitexp.rules.gate.edited import Edited
from gitexp.rules.plan.ideas import Idea, parse_ideas
from gitexp.rules.plan.options import Options
from gitexp.rules.plan.sweep import split_sweep

if TYPE_CHECKING:
    from gitexp.lab.registering.committing import Code
    from gitexp.rules.gate.one_change import Inspection

_MIXED = {"C2", "C3"}  # rules about several values, and several lines
_OWN_VALUE = "C10"  # the rule about a value that the baseline has already


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
    idea = Idea(text, set_, options or Options())
    edit, proposal = propose(project, idea, partial(_choose, project), replicate=replicate)
    started = register(project, proposal)
    if edit.on_disk is not None:
        put_back(project, edit)
    if switch:
        switch_to(project, started.name)
    return started


def start_sweep(
    project: Project, text: str, sweep: str, *, options: Options, replicate: bool = False
) -> tuple[list[Started], tuple[str, ...]]:
    """Register one experiment for each value of a key, all or none.

    `{value}` in the hypothesis becomes the value. The values that the baseline has already, such as
    1 beside 1.0, are left out and returned as they were typed.

    Raises:
        UsageError: the sweep has fewer than two values, or no config has the key.
        Refused: one of them breaks a rule; nothing was created.
    """
    ideas = ideas_of_sweep(text, sweep, options)
    choose = partial(_choose, project, option=f"--sweep {shlex.quote(sweep)}")
    proposed = partial(propose, project, choose=choose, replicate=replicate)
    return register_ideas(project, ideas, proposed, skips=True)


def start_plan(project: Project, content: bytes, name: str) -> list[Started]:
    """Register the ideas of a plan file, all or none.

    Raises:
        UsageError: a line is not an idea; the message says which.
        Refused: one of them breaks a rule; nothing was created.
    """
    ideas = [(f"{name}, line {idea.line}", idea) for idea in parse_ideas(content, name)]
    proposed = partial(propose, project, choose=partial(_choose, project))
    return register_ideas(project, ideas, proposed)[0]


def ideas_of_sweep(text: str, sweep: str, options: Options) -> list[tuple[str, Idea]]:
    """One idea for each value of a sweep, with its setting as label.

    Raises:
        UsageError: the sweep has fewer than two values.
    """
    key, values = split_sweep(sweep)
    return [
        (f"{key}={value}", Idea(text.replace("{value}", value), f"{key}={value}", options))
        for value in values
    ]


def register_ideas(
    project: Project,
    ideas: Sequence[tuple[str, Idea]],
    propose: Callable[[Idea], tuple[Edit, Proposal]],
    *,
    skips: bool = False,
) -> tuple[list[Started], tuple[str, ...]]:
    """Register ideas, each under its label, all or none.

    `skips` leaves out the values that the baseline has already; their labels are returned.

    Raises:
        Refused: one of them breaks a rule; nothing was created.
        UsageError: nothing is left.
    """
    refused = Refusals(NOT_REGISTERED)
    proposals, left = [], list[str]()
    for label, idea in counted_off("checking ideas", ideas, len(ideas)):
        with refused.of(label):
            try:
                _, proposal = propose(idea)
            except Refused as error:
                if not skips or {found.id for found in error.findings} != {_OWN_VALUE}:
                    raise
                left.append(label)
            else:
                if skips and _is_equal(proposal.change):
                    left.append(label)
                else:
                    proposals.append(replace(proposal, label=label))
        if skips and refused.unread:
            break  # a sweep is of one key
    refused.demand()
    if not proposals:
        raise UsageError(
            f"{project.baseline} has {' and '.join(left)} already, so nothing is left to sweep",
            'name other values: gitexp start --sweep KEY=VALUE,VALUE "HYPOTHESIS"',
        )
    return register_all(project, proposals), tuple(left)


def _is_equal(change: Change) -> bool:
    """Whether a number is only spelled another way, as 1 for 1.0."""
    numbers = [value for value in (change.before, change.after) if type(value) in {int, float}]
    return len(numbers) == 2 and change.before == change.after


def propose(
    project: Project,
    idea: Idea,
    choose: Callable[[str | None], tuple[Edit, Inspection]],
    *,
    replicate: bool = False,
    code: Code | None = None,
) -> tuple[Edit, Proposal]:
    """Check a hypothesis, its change and its code; all are refused at once.

    `choose` finds the edit that an idea's setting makes, or without one that of the work tree.
    """
    findings = hypothesis.lint(hypothesis_of(idea.hypothesis), project.settings.metric)
    try:
        edit, inspection = choose(idea.set)
    except Refused as refused:
        raise Refused(refused.message, [*findings, *refused.findings], refused.hint) from None
    advice = demand([*findings, *inspection.findings], NOT_REGISTERED)
    assert inspection.change is not None  # noqa: S101 - nothing was refused
    return edit, Proposal(
        idea.hypothesis, inspection.change, edit.after, idea.options, advice,
        replicate=replicate, code=code,
    )  # fmt: skip


def _choose(project: Project, setting: str | None, option: str = "") -> tuple[Edit, Inspection]:
    """Find the edit, and inspect it; `option` is what was typed, where that is not `--set`."""
    try:
        edit = from_setting(project, setting) if setting is not None else from_work_tree(project)
    except NoSuchKey as unknown:
        option = option or f"--set {shlex.quote(str(setting))}"
        raise _or_with_code(project, unknown, option) from None
    edited = Edited(edit.path, "100644", "100644", edit.before, edit.after)
    inspection = inspect_files(project, [edited])
    if setting is None and inspection.findings:
        return edit, inspection._replace(findings=_or_as_code(edited, inspection.findings))
    return edit, inspection


def _or_with_code(project: Project, unknown: NoSuchKey, option: str) -> UsageError:
    """Where code is edited, a key that no config has may be its switch."""
    code = edited_code(project)
    if not code:
        return unknown
    return UsageError(
        unknown.message,
        f"{code} is edited: to take it along, with this key as its switch:"
        f' gitexp start --code {option} "HYPOTHESIS"\n{unknown.hint}',
    )


def _or_as_code(edited: Edited, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Where a config is a script, all of the edit but one value may be code."""
    from gitexp.lab.code.code_edit import code_in  # what is not refused needs none of it

    first, *rest = findings
    if first.id not in _MIXED or code_in(edited) is None:
        return tuple(findings)
    hint = (
        'to take code along, below the experiment: gitexp start --code "HYPOTHESIS"\n'
        f"or {first.hint}"
    )
    return (replace(first, hint=hint), *rest)


def switch_to(project: Project, name: str) -> None:
    """Check an experiment out.

    Raises:
        NotReady: git could not.
    """
    try:
        project.repository.git.run("switch", "--quiet", f"exp/{name}")
    except GitexpError as error:
        raise NotReady(
            f"exp/{name} is registered, but git could not switch to it: {error.message}",
            f"git stash && git switch exp/{name}",
        ) from None
