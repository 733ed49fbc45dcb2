"""Switches whose code is on for good: their experiments were accepted, and they are still there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitexp.lab.projects.project import Project
from gitexp.rules.documents.change import Change, ChangeKind
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.plan.state import State

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row


def dead_switches(project: Project, rows: Iterable[Row]) -> list[Change]:
    """Changes of accepted experiments on code commits that only switch this code on.

    One git process, if there is such an experiment; a number that was there before stays of use.
    """
    accepted = [
        row.result.registration.change
        for row in rows
        if row.state is State.ACCEPTED
        and row.result.registration is not None
        and row.result.registration.code
        and _is_switch(row.result.registration.change)
    ]
    if not accepted:
        return []
    names = [f"{project.tip}:{project.path(change.file)}" for change in accepted]
    contents = project.repository.git.objects(names, largest=LARGEST)
    both = zip(accepted, contents, strict=True)
    return [change for change, content in both if _is_in(change, content)]


def _is_switch(change: Change) -> bool:
    return change.kind is ChangeKind.ADDED or isinstance(change.after, bool)


def _is_in(change: Change, content: bytes | None) -> bool:
    if content is None:
        return False
    try:
        return change.key in formats.read_leaves(change.file, content)
    except Malformed:
        return False
