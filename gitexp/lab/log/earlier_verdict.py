"""Whether a change has a verdict already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.lab.log.decided import precedents
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.project import Project
from gitexp.rules.finding import Finding
from gitexp.rules.plan.precedent import verdict_on_this_baseline

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


def verdict_on(project: Project, same: Sequence[Result], parents: Sequence[str]) -> Finding | None:
    """Find a verdict on the same change, on a baseline that runs like the one in `parents`."""
    decided = precedents(same)
    alike = {*parents}
    if any(one.base not in alike for one in decided):
        alike |= {*same_runs(project, project.settings, parents[0])}
    return next((verdict_on_this_baseline(one) for one in decided if one.base in alike), None)
