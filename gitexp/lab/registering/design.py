"""What a new experiment's design takes from the project's history: power, costs, checks due."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.settings import Settings
from gitexp.rules.verdict.canary import span_of
from gitexp.rules.verdict.winning_runs import without_winning_runs
from gitexp.store.git_output import parse_commit
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement

_RECENT = 20  # experiments whose durations tell what a run costs
_PAST = 100  # experiments whose standard deviations tell what to expect; older trainers differed


def records_like_tip(project: Project) -> list[Record]:
    """Records of the baseline's tip, else of the ancestors that run the same code."""
    for commits in ([project.tip], same_runs(project, project.settings, project.tip)):
        notes = read_notes(project.repository, RUNS, commits)
        raw = project.repository.git.objects([*notes])
        found = [
            record
            for text, commit in zip(notes.values(), raw, strict=True)
            for record in without_winning_runs(parse_records(text), parse_commit(commit).message)
        ]
        if records := [record for record in found if record.project == project.folder]:
            return records
    return []


def history(
    results: Sequence[Result], baseline: Sequence[Record]
) -> tuple[list[tuple[Registration, Judgement]], Sequence[Record], list[float]]:
    """What power is estimated from: past verdicts, the baseline's records, seconds of runs.

    As soon as an experiment on this baseline has a verdict, others tell nothing.
    """
    judged = list(islice((result for result in results if result.ran), _PAST))
    here = {record.commit for record in baseline}
    on_it = [r for r in judged if r.base in here and r.judgement and r.judgement.standard_error]
    past = [
        (r.registration, r.judgement) for r in on_it or judged if r.registration and r.judgement
    ]
    recent = [seconds for result in judged[:_RECENT] for seconds in result.summary.seconds]
    return past, baseline, [*(record.duration for record in baseline if record.ok), *recent]


def likely_failures(results: Sequence[Result], runs: int) -> int:
    """How many of so many runs will fail and be repeated, if as many do as did lately."""
    recent = [result.summary for result in islice((r for r in results if r.ran), _RECENT)]
    ran = sum(summary.ran for summary in recent)
    failed = ran - sum(len(summary.seconds) for summary in recent)
    return math.ceil(runs * failed / ran) if ran else 0


def checks_due(settings: Settings, baseline: Sequence[Record]) -> int:
    """Runs that a baseline with these records would be checked with, if it gives the same."""
    good = [record for record in baseline if record.ok]
    if settings.rules < 2 or not good:
        return 0
    span = span_of(settings.canary, [record.duration for record in good])
    ends = (r.began + r.duration for r in good)
    age = datetime.now(UTC).timestamp() - max(ends)
    return int(span < math.inf and age > span)
