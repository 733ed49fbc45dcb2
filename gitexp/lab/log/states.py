"""Finds the state of an experiment: from its records, its branch and its baseline."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gitexp.lab.log.acceptance import read_acceptances
from gitexp.lab.measuring.claims import claims, is_held
from gitexp.lab.projects.ancestors import same_runs
from gitexp.rules.documents.summary import Stage
from gitexp.rules.plan.state import State
from gitexp.rules.verdict.code_below import first_altered
from gitexp.store.unsynced import unsynced

if TYPE_CHECKING:
    from pathlib import Path

    from gitexp.lab.log.result import Result
    from gitexp.lab.projects.project import Project


class States:
    """Finds states; what they depend on is looked up when the first experiment needs it."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _accepted(self) -> set[str]:
        return {one.experiment for one in read_acceptances(self._project)[0]}

    @cached_property
    def _claims(self) -> dict[str, list[Path]]:
        return claims(self._project.repository)

    @cached_property
    def _alike(self) -> set[str]:
        project = self._project
        return {project.tip, *same_runs(project, project.settings, project.tip)}

    @cached_property
    def _unsynced(self) -> dict[str, str]:
        return unsynced(self._project.repository)

    def of(self, result: Result) -> State:
        """State of an experiment."""
        if result.commit in self._accepted:
            return State.ACCEPTED
        if result.archived:
            return State.ARCHIVED
        if result.stage is Stage.DECIDED:
            return State.DONE
        if any(map(is_held, self._claims.get(result.commit, ()))):
            return State.RUNNING
        if result.stage is not Stage.UNDECIDED:
            return State.DONE if result.stage is Stage.EXPLORED else State.FAILED
        if result.commit in self._unsynced:
            return State.UNSYNCED
        if _is_refused(result):
            return State.REFUSED
        # Where a shallow clone ends, the baseline is unknown.
        is_current = result.base in {"", self._project.tip} or result.base in self._alike
        return State.PLANNED if is_current else State.STALE


def _is_refused(result: Result) -> bool:
    """Whether its code is on record to change what it should not, and nothing else has run."""
    if not result.code or any(record.ok for record in result.records):
        return False
    return first_altered(result.checks) is not None
