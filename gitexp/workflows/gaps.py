"""Find where the baseline loses most: gaps in its saved predictions, and its learning curve."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.errors import NotReady
from gitexp.lab.log.log import log
from gitexp.lab.log.results import place_of_next
from gitexp.lab.measuring.learning_curve import measure_curve
from gitexp.lab.progress import in_one_piece
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.registering.design import history
from gitexp.rules.documents.outcomes import parse_outcomes
from gitexp.rules.documents.record import parse_records
from gitexp.rules.plan.design import registration_for
from gitexp.rules.plan.gaps import Gap, ranked_gaps, with_lack_of_data, with_template
from gitexp.rules.plan.run_scores import half_width
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.power import power_of
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, RUNS
from gitexp.workflows.blame import blame_configs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.lab.log.log import Row
    from gitexp.lab.log.result import Result
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.outcomes import Key, Outcomes
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.power import Power
    from gitexp.statistics.gaps.find import Findings
    from gitexp.statistics.learning_curve import LearningCurve

_NO_PREDICTIONS = (
    "what predictions show: the baseline's runs saved none. Call gitexp.predictions(y_true, y_pred,"
    " ids=...) in the training script, or name the file that it writes as `predictions` in the"
    " settings; then: gitexp run --baseline"
)
_TRAIN = ("train_{}", "train/{}", "{}_train", "training_{}", "train_score", "train.{}")


@dataclass(frozen=True, slots=True)
class GapReport:
    """Score of the baseline with its error bar, and its gaps, the most recoverable first.

    `within` is the 95 % half-width of the score, `sd` the standard deviation between runs.
    `detectable` is the smallest effect that the next experiment confirms four times in five, by the
    evidence named in `seen_by`. All are None if there are too few runs. `dummy` is the score of
    always giving the same answer, in `unit`; what only predictions tell is None where none were
    saved. `untested` are config values that no experiment has a verdict about.
    """

    metric: str
    score: float
    runs: int
    within: float | None
    sd: float | None
    detectable: float | None
    seen_by: str
    train: float | None
    task: str | None
    unit: str | None
    dummy: float | None
    rows: int | None
    examples: int | None
    gaps: tuple[Gap, ...]
    calibration: dict[str, Any] | None
    curve: LearningCurve | None
    skipped: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()


def gaps(
    project: Project, *, curve: Watcher | None = None, rows: Sequence[Row] | None = None
) -> GapReport:
    """Find the gaps of the baseline's tip; with a watcher, also measure its learning curve.

    `rows` are the whole log, where it was read already.

    Raises:
        NotReady: nothing has been measured.
        CommandFailed: a run of the learning curve failed.
    """
    metric, higher = project.settings.metric, project.settings.higher_is_better
    runs = _read_runs(project)
    scores = [record.metrics[metric] for record in runs.good.values()]
    train = _train_scores(runs.good.values(), metric)
    findings, learned = None, None
    if runs.outcomes:
        findings = _find(runs.outcomes, train, scores, metric, higher_is_better=higher)
        found, skipped = list(findings.gaps), findings.skipped
    else:
        from gitexp.statistics.gaps.bias_variance import find_variance  # loads NumPy

        skipped = (_NO_PREDICTIONS,)
        found = find_variance(train, scores, metric, higher_is_better=higher) if train else []
    if curve is not None:
        learned = _learn(project, runs, curve)
        if learned is None:
            skipped += ("learning curve: the seeds do not tell how sure its last step is",)
        elif (better := learned.better(higher_is_better=higher))[0] > 0:
            found = with_lack_of_data(found, metric, learned.gain, better)
    rows = log(project) if rows is None else rows
    power = _power(project, [row.result for row in rows], runs.records)
    return GapReport(
        metric=metric,
        score=statistics.fmean(scores),
        runs=len(scores),
        within=half_width(scores, project.settings.widening),
        sd=statistics.stdev(scores) if len(scores) > 1 else None,
        detectable=power.detectable,
        seen_by=power.source,
        task=findings.task if findings else None,
        unit=findings.unit if findings else None,
        dummy=findings.dummy if findings else None,
        rows=findings.rows if findings else None,
        examples=findings.examples if findings else None,
        calibration=findings.calibration if findings else None,
        gaps=tuple(
            with_template(gap, metric, higher_is_better=higher) for gap in ranked_gaps(found)
        ),
        train=statistics.fmean(train) if train else None,
        curve=learned,
        skipped=skipped,
        untested=tuple(
            value.place.change.place
            for file in blame_configs(project, rows=rows)
            for value in file.values
            if value.untested
        ),
    )


@dataclass(frozen=True, slots=True)
class _Runs:
    """The baseline's runs: all records, the good ones by seed, their outcomes, its bulk note."""

    records: list[Record]
    good: dict[int, Record]
    outcomes: list[Outcomes]
    bulk: str


def _read_runs(project: Project) -> _Runs:
    """Read the runs of the tip, and of ancestors that run the same.

    Raises:
        NotReady: there are none.
    """
    commits = [project.tip, *same_runs(project, project.settings, project.tip)]
    runs, bulk = (read_notes(project.repository, ref, commits) for ref in (RUNS, BULK))
    records = [
        record
        for commit in commits
        for record in parse_records(runs.get(commit, ""))
        if record.project == project.folder
    ]
    good = first_good(records, {record.seed for record in records}, project.settings.metric)
    if not good:
        raise NotReady(f"{project.baseline} has not been measured yet", "gitexp run --baseline")
    keys = {(record.seed, record.attempt, record.condition) for record in good.values()}
    outcomes: dict[Key, Outcomes] = {}
    for text in bulk.values():
        outcomes |= parse_outcomes(text, keys)
    return _Runs(records, good, list(outcomes.values()), bulk.get(project.tip, ""))


def _train_scores(records: Iterable[Record], metric: str) -> list[float]:
    """Scores on the training data, one per run; empty unless every run reported one."""
    names = [pattern.format(metric) for pattern in _TRAIN]
    found = [
        next((record.metrics[name] for name in names if name in record.metrics), None)
        for record in records
    ]
    return [value for value in found if value is not None] if None not in found else []


def _find(
    outcomes: Sequence[Outcomes],
    train: Sequence[float],
    scores: Sequence[float],
    metric: str,
    *,
    higher_is_better: bool,
) -> Findings:
    with in_one_piece("searching the predictions"):
        # scikit-learn takes a second to load: not before it is known that there are predictions.
        from gitexp.statistics.gaps.find import find_gaps

        try:
            return find_gaps(
                outcomes, train=train, scores=scores, metric=metric,
                higher_is_better=higher_is_better,
            )  # fmt: skip
        except ValueError as error:
            raise NotReady(f"the predictions show nothing: {error}") from None


def _learn(project: Project, runs: _Runs, watcher: Watcher) -> LearningCurve | None:
    """Measure the learning curve; None if seeds do not tell how sure it is."""
    from gitexp.statistics.learning_curve import measure_gain  # loads NumPy

    points = measure_curve(project, runs.good, watcher, runs.bulk)
    return measure_gain(points, widening=project.settings.widening)


def _power(project: Project, results: Sequence[Result], records: Sequence[Record]) -> Power:
    """What the next experiment could detect; by scores, if no experiment was judged per example."""
    settings = project.settings
    place = place_of_next(project, results, settings.metric)
    design = registration_for(
        settings,
        criterion=settings.criterion,
        first_seed=1,
        campaign=place.campaign,
        level=place.level,
    )
    known = history(results, records)
    power = power_of(design, *known)
    if power.detectable_at_best is None and design.seeded:
        power = power_of(design._replace(by_examples=False), *known)
    return power
