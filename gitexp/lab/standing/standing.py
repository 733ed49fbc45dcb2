"""A project's standing, read from its log and its baseline's records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.lab.log.results import members_of
from gitexp.lab.projects.amendments import protocols_of
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.design import records_like_tip
from gitexp.rules.plan.standing import LadderGains, Standing, claims_gain, ladder_gains, sum_up
from gitexp.rules.plan.state import State

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.lab.log.result import Result


def standing(project: Project, rows: Sequence[Row]) -> Standing:
    """Sum up a log that holds all experiments."""
    results = [row.result for row in rows]
    members = members_of(project, results)
    past = [(result.registration, result.summary) for result in results]
    accepted = [row.result for row in rows if row.state is State.ACCEPTED]
    return sum_up(project.settings, members, past, _ladder(project, accepted))


def _ladder(project: Project, accepted: Sequence[Result]) -> LadderGains | None:
    metric = project.settings.metric
    rungs = [
        result for result in accepted if claims_gain(metric, result.registration, result.summary)
    ]
    if not rungs:
        return None
    # The oldest comes last: it was measured where the ladder begins.
    before, after = rungs[-1].baseline_records, records_like_tip(project)
    protocols = protocols_of(project, [rungs[-1].base])
    if protocols[rungs[-1].base] != protocols[project.tip]:
        before = ()
    claims = [(result.registration, result.summary) for result in rungs]
    return ladder_gains(metric, claims, before, after)
