"""The code that `gitexp start` takes along: by option, or because somebody says yes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.code import split_shown
from gitexp.errors import UsageError
from gitexp.workflows.start_code import code_from, code_in_work_tree, code_of

if TYPE_CHECKING:
    from gitexp.errors import Refused
    from gitexp.lab.project import Project
    from gitexp.workflows.start_code import FoundCode


def find_code(
    project: Project, *, from_work_tree: bool, revision: str | None, name: str | None
) -> FoundCode | None:
    """Find the code that one of the options --code, --code-from and --on means.

    Raises:
        UsageError: two of them are given.
    """
    given = [
        option
        for option, value in (
            ("--code", from_work_tree), ("--code-from", revision is not None),
            ("--on", name is not None),
        )
        if value
    ]  # fmt: skip
    if len(given) > 1:
        raise UsageError(
            f"{' and '.join(given)} each say which code is meant", "leave out all but one"
        )
    if revision is not None:
        return code_from(project, revision)
    if name is not None:
        return code_of(project, name)
    return code_in_work_tree(project) if from_work_tree else None


def offered_code(project: Project, refused: Refused, *, as_json: bool) -> FoundCode | None:
    """Where code is edited too, show how it would be split, and ask; None where nobody says yes."""
    mixed = {finding.id for finding in refused.findings} == {"C1"}
    if not mixed or as_json or not sys.stdin.isatty():
        return None
    found = code_in_work_tree(project)
    split_shown(found)
    return found if typer.confirm("Register it like this?", default=False) else None
