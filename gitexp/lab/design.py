"""What a new experiment is measured by, and on which seeds, for whoever registers one."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.lab.ancestors import same_runs
from gitexp.rules.documents.change import NO_CHANGE, Change
from gitexp.rules.documents.message import hypothesis_of, split_message
from gitexp.rules.documents.registration import Registration
from gitexp.rules.finding import Finding
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.criterion import Criterion, Scale
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.lab.project import Project
    from gitexp.lab.result import Result
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.settings import Settings
    from gitexp.rules.verdict.criterion import Guard
    from gitexp.rules.verdict.verdict import Judgement

_RECENT = 20  # experiments whose runs tell what a run costs
_PAST = 100  # experiments whose spread tells what to expect; a trainer of long ago was another


def criterion_from(project: Project, expect: str) -> Criterion:
    """Criterion as typed, else as the settings have it."""
    settings = project.settings
    if not expect:
        return Criterion(settings.metric, settings.effect, settings.higher_is_better)
    criterion = Criterion.parse(expect)
    if wrong := against_direction(criterion, settings):
        raise UsageError(wrong.message, wrong.hint)
    return criterion


def against_direction(criterion: Criterion, settings: Settings) -> Finding | None:
    """Find that a criterion counts a worse value of the project's own metric as success."""
    if criterion.metric != settings.metric:
        return None
    if criterion.higher_is_better == settings.higher_is_better:
        return None
    return Finding(
        "S3",
        f"{criterion} counts a worse {settings.metric} as success: settings say that"
        f" {settings.direction} is better",
        f"--expect '{replace(criterion, higher_is_better=settings.higher_is_better)}'",
    )


def improvised(settings: Settings, name: str, message: str) -> Registration:
    """What to measure where a message registers nothing: what the settings have, at one look."""
    return registration_for(
        settings,
        hypothesis=hypothesis_of(message),
        name=name,
        criterion=Criterion(settings.metric, settings.effect, settings.higher_is_better),
        first_seed=1,
        campaign=1,
        level=campaign_level(settings.error_budget, settings.planned, 0),
        repeats=settings.looks[:1],
    )


def registration_for(
    settings: Settings,
    *,
    criterion: Criterion,
    first_seed: int,
    campaign: int,
    level: float,
    hypothesis: str = "",
    name: str = "",
    change: Change = NO_CHANGE,
    repeats: tuple[int, ...] = (),
    guards: tuple[Guard, ...] = (),
    extra: tuple[tuple[str, str], ...] = (),
) -> Registration:
    """Freeze what the settings say about repeats, seeds and evidence; `repeats` overrides them."""
    looks = (repeats or settings.looks) if settings.seeded else (1,)
    first = first_seed if settings.seeded else 1
    return Registration(
        hypothesis=hypothesis,
        name=name,
        change=change,
        criterion=criterion,
        repeats=looks,
        seeds=(first, first + looks[-1] - 1),
        widening=settings.widening,
        campaign=campaign,
        level=level,
        guards=guards,
        seeded=settings.seeded,
        by_examples=bool(settings.predictions) and _is_known(criterion.metric),
        extra=extra,
    )


def _is_known(metric: str) -> bool:
    # no hook needs it where nothing is predicted
    from gitexp.rules.documents.known_metrics import is_known

    return is_known(metric)


def met_already(criterion: Criterion, baseline: Sequence[float]) -> Finding | None:
    """Find that the baseline's scores reach the constant of a criterion by themselves."""
    if criterion.scale is not Scale.CONSTANT or not baseline:
        return None
    mean = math.fsum(baseline) / len(baseline)
    if criterion.difference(mean, mean) < 0:
        return None
    return Finding(
        "S1",
        f"the baseline meets {criterion} already: its mean over {len(baseline)}"
        f" run{'s' if len(baseline) > 1 else ''} is {mean:.4g}",
        f'ask for more, or for a gain: --expect "{criterion.metric} +0.005"',
    )


def scores(records: Iterable[Record], metric: str) -> list[float]:
    """Scores of the runs that went well, one a seed."""
    from gitexp.rules.verdict.pairs import first_good

    runs = list(records)
    return [r.metrics[metric] for r in first_good(runs, {r.seed for r in runs}, metric).values()]


def half_width(values: Sequence[float], widening: float) -> float | None:
    """95 % half-width of a mean over runs by Student's t; None for fewer than 3.

    `widening` is a verdict's: what runs share that are tested on the same rows.
    """
    from gitexp.rules.verdict import student_t

    n = len(values)
    if n < 3:
        return None
    mean = math.fsum(values) / n
    error = math.hypot(*(value - mean for value in values)) / math.sqrt(n - 1)
    return -student_t.ppf(0.025, n - 1) * error * math.sqrt(1 / n + widening)


def records_like_tip(project: Project) -> list[Record]:
    """Records of the baseline's tip, else of the ancestors that run the same."""
    from gitexp.rules.documents.record import parse_records

    for commits in ([project.tip], same_runs(project, project.settings, project.tip)):
        notes = read_notes(project.repository, RUNS, commits)
        found = [record for text in notes.values() for record in parse_records(text)]
        if records := [record for record in found if record.project == project.folder]:
            return records
    return []


def history(
    results: Sequence[Result], baseline: Sequence[Record]
) -> tuple[list[tuple[Registration, Judgement]], Sequence[Record], list[float]]:
    """What the past tells of a design: verdicts, the baseline's records, seconds of runs."""
    judged = (result for result in results if result.ran)
    past = [
        (r.registration, r.judgement)
        for r in islice(judged, _PAST)
        if r.registration and r.judgement
    ]
    recent = [seconds for result in results[:_RECENT] for seconds in result.summary.seconds]
    return past, baseline, [*(record.duration for record in baseline if record.ok), *recent]


def first_fresh_seed(
    project: Project, results: Sequence[Result], earlier: Sequence[Result] = ()
) -> int:
    """First seed for a new experiment: beyond those that won the present baseline.

    A baseline measured on the very seeds that its change won on would look better than it is. Nor
    does whoever tests a change again use seeds that its `earlier` experiments have used.
    """
    # The experiments that were accepted name their seeds in the commits that took them in.
    out = project.repository.git.text(
        "log", "--first-parent", "-z", "--no-notes", "--no-show-signature", "--no-color", "-E",
        "--grep=^Accepted: [0-9a-f]{40}", "--format=%B", project.tip,
    )  # fmt: skip
    taken_in = (split_message(message)[1] for message in out.split("\0"))
    trailers = next((t for t in taken_in if t.get("Project", "") == project.folder), {})
    _, _, end = trailers.get("Seeds", "").partition("-")
    accepted = trailers.get("Accepted", "")
    used = [
        r.registration.seeds[1] for r in results if r.registration and r.entry.commit == accepted
    ] + [r.registration.seeds[1] for r in earlier if r.registration]
    return max([int(end) if end.isdigit() else 0, *used]) + 1
