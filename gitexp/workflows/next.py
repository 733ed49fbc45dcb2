"""Rank the planned experiments: which one to run next."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.lab.gate.against_results import find_verdict
from gitexp.lab.gate.history import PastResults
from gitexp.lab.log.decided import has_verdict
from gitexp.lab.log.log import Row, log
from gitexp.lab.log.missing_results import about_missing_results
from gitexp.lab.log.same_change import whole_changes
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.design import history, records_like_tip
from gitexp.lab.standing.outdated import confirmed_before, waiting
from gitexp.lab.trust.code_trust import untrusted_below
from gitexp.rules.plan.overrun import about_overrun
from gitexp.rules.plan.ranking import WeighedIdea, chosen_within, ranked_ideas, weigh
from gitexp.rules.plan.state import State
from gitexp.rules.verdict.attempts import given_up
from gitexp.rules.verdict.power import power_of

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.plan.shrinkage import Screened
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import Judgement


@dataclass(frozen=True, slots=True)
class Ideas:
    """Planned experiments, best first, and whether they fit into `hours`, if given.

    `waiting` more were planned or confirmed on an older baseline. `failed` are those whose runs
    failed and may be tried once more. `warnings` name ideas whose change has a verdict by now, and
    remotes that may have results of others.
    """

    order: list[WeighedIdea]
    hours: float | None
    waiting: int
    failed: list[str]
    warnings: list[str]

    @property
    def chosen(self) -> list[WeighedIdea]:
        """Those that fit."""
        return [idea for idea in self.order if idea.fits]


def next_ideas(
    project: Project, *, hours: float | None = None, rows: Sequence[Row] | None = None
) -> Ideas:
    """Rank the planned experiments, equal ones as they were registered.

    `rows` are the whole log, where it was read already.
    """
    rows = log(project) if rows is None else rows
    planned = [
        row.result
        for row in reversed(rows)
        if row.state is State.PLANNED and row.result.registration
    ]
    ideas, warnings = _weighed(project, planned, [row.result for row in rows])
    warnings += _about_all(project, rows, planned)
    order = ranked_ideas(ideas)
    chosen = order if hours is None else chosen_within(order, hours * 3600)
    fitting = {idea.name for idea in chosen}
    below = untrusted_below(project, planned).values()
    untrusted = {name for names in below for name in names}
    order = [
        replace(idea, fits=idea.name in fitting, trusted=idea.name not in untrusted)
        for idea in order
    ]
    wait = len(waiting(project, rows))
    return Ideas(order, hours, wait, _to_try_again(project, rows), warnings)


def _weighed(
    project: Project, planned: Sequence[Result], results: Sequence[Result]
) -> tuple[list[WeighedIdea], list[str]]:
    """Weigh planned experiments by all results; those whose change has a verdict are warned of."""
    past, baseline, durations = history(results, records_like_tip(project))
    decided = [result for result in results if has_verdict(result)]
    confirmed = sum(result.confirmed for result in decided)
    screened = _screened(project, planned, results, baseline)
    if not durations:
        # Runs on a part of the data are taken to cost as large a part.
        durations = [
            result.summary.spent / result.summary.screened / screened[result.commit].share
            for result in planned
            if result.commit in screened
        ]
    every = PastResults(project.repository, results)
    by_commit = {result.commit: result for result in results}
    ideas, warnings = [], []
    for result in planned:
        registration = result.registration
        assert registration is not None  # noqa: S101 - no other is planned
        change = whole_changes(project.repository, [result])[result.commit]
        if known := find_verdict(project, registration, change, result.entry, every):
            said = known.message.partition("\n")[0]
            warnings.append(f"exp/{result.name} is left out: {said}: gitexp archive {result.name}")
            continue
        power = power_of(registration, past, baseline, durations)
        before = confirmed_before(result, by_commit)
        ideas.append(
            weigh(
                result.name,
                registration,
                confirmed=confirmed,
                decided=len(decided),
                seconds=power.seconds,
                detectable=power.detectable_at_best,
                unit=_unit(registration.criterion, baseline, past),
                before=before.name if before else "",
                screened=screened.get(result.commit),
            )
        )
    return ideas, warnings


def _screened(
    project: Project,
    planned: Sequence[Result],
    results: Sequence[Result],
    baseline: Sequence[Record],
) -> Mapping[str, Screened]:
    """What screening says of planned experiments, by their commits."""
    if not any(result.summary.screened for result in planned):
        return {}
    # Few ideas are screened, and what weighs them takes longer to load than the rest.
    from gitexp.lab.log.screened import read_screened

    return read_screened(project.repository, planned, results, baseline)


def _about_all(project: Project, rows: Sequence[Row], planned: Sequence[Result]) -> Iterator[str]:
    """Warn of results that may be missing, and of a campaign that has more than its places."""
    if missing := [row.commit for row in rows if row.state is State.UNSYNCED]:
        yield from about_missing_results(project.repository, missing)
    yield from about_overrun(
        project.settings,
        (result.registration for result in planned if result.registration),
        (r.registration for row in rows if (r := row.result).registration and r.ran),
    )


def _unit(
    criterion: Criterion,
    baseline: Sequence[Record],
    past: Sequence[tuple[Registration, Judgement]],
) -> float:
    """One unit of a criterion in the metric's, at this baseline's score or that of earlier ones.

    The criterion's own before there is any.
    """
    metric = criterion.metric
    scores = [one.metrics[metric] for one in baseline if metric in one.metrics] or [
        judgement.baseline_mean
        for registration, judgement in past
        if registration.criterion.metric == metric and judgement.baseline_mean is not None
    ]
    return criterion.unit_at(statistics.fmean(scores)) if scores else 1.0


def _to_try_again(project: Project, rows: Sequence[Row]) -> list[str]:
    """Experiments on this baseline whose runs failed no more often than they are repeated."""
    failed = [row.result for row in reversed(rows) if row.state is State.FAILED]
    alike = {project.tip, *same_runs(project, project.settings, project.tip)} if failed else set()
    found = []
    for result in failed:
        if result.base not in alike or result.registration is None:
            continue
        metric = result.registration.criterion.metric
        both = (result.records, result.tried)
        if not any(given_up({r.seed for r in some}, some, metric) for some in both):
            found.append(result.name)
    return found
