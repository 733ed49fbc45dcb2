"""Where the baseline loses most: gaps in its saved predictions, and its learning curve."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gitexp.engine.job import Job
from gitexp.errors import CommandFailed, NotReady
from gitexp.lab.ancestors import same_runs
from gitexp.lab.bench import LONG
from gitexp.lab.design import history
from gitexp.lab.results import place_of_next, read_results
from gitexp.lab.running import run_once
from gitexp.lab.trust import demand_trust
from gitexp.rules.documents.lines import Kind, read_lines, write_line
from gitexp.rules.documents.outcomes import parse_outcomes
from gitexp.rules.documents.record import parse_records
from gitexp.rules.plan.design import registration_for
from gitexp.rules.plan.gaps import Gap, ranked
from gitexp.rules.plan.scores import half_width
from gitexp.rules.text import duration
from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.power import power_of
from gitexp.store.note_writing import append_lines
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.lab.project import Project
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.outcomes import Outcomes
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.power import Power
    from gitexp.statistics.gaps.find import Findings

_TRAIN = ("train_{}", "train/{}", "{}_train", "training_{}", "train_score", "train.{}")
_SAMPLES = (0.25, 0.5)  # of the training data, beside the whole
_CURVE_SEEDS = 5
_DRAWS = 500


@dataclass(frozen=True, slots=True)
class Curve:
    """Learning curve of the baseline: mean score at each share of the training data.

    `gain` is what twice the data would bring by the power law through it, with its 95 % interval;
    beyond twice nothing is foretold.
    """

    points: tuple[tuple[float, float], ...]
    gain: float
    interval: tuple[float, float]

    def better(self, *, higher_is_better: bool) -> tuple[float, float]:
        """The interval with what is better above 0."""
        low, high = self.interval
        return (low, high) if higher_is_better else (-high, -low)


@dataclass(frozen=True, slots=True)
class Report:
    """Score of the baseline with its error bar, and its gaps, most recoverable first.

    `within` is the 95 % half-width of the score, `detectable` the smallest effect that the next
    experiment would confirm four times in five, by what is in `seen_by`; None where there are too
    few runs to tell.
    """

    metric: str
    score: float
    runs: int
    within: float | None
    detectable: float | None
    seen_by: str
    findings: Findings
    gaps: tuple[Gap, ...]
    train: float | None
    curve: Curve | None
    higher_is_better: bool
    skipped: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the report as `gitexp gaps --json` prints it."""
        found, higher = self.findings, self.higher_is_better
        return {
            "metric": self.metric, "score": self.score, "runs": self.runs, "within": self.within,
            "detectable": self.detectable, "train": self.train, "task": found.task,
            "unit": found.unit, "dummy": found.dummy, "rows": found.rows,
            "examples": found.examples,
            "gaps": [
                gap.as_json()
                | {"template": gap.template(self.metric, higher_is_better=higher)}
                for gap in self.gaps
            ],
            "calibration": found.calibration,
            "curve": self.curve
            and {
                "points": [list(point) for point in self.curve.points], "gain": self.curve.gain,
                "interval": list(self.curve.interval),
            },
            "skipped": list(self.skipped),
        }  # fmt: skip


def gaps(project: Project, *, curve: Watcher | None = None) -> Report:
    """Find the gaps of the baseline's tip; with a watcher, sub-sampled runs are made for a curve.

    Raises:
        NotReady: nothing is measured, or no predictions were saved.
        CommandFailed: a sub-sampled run failed.
    """
    from gitexp.statistics.gaps.find import find

    metric, repository = project.settings.metric, project.repository
    commits = [project.tip, *same_runs(project, project.settings, project.tip)]
    runs, bulk = read_notes(repository, RUNS, commits), read_notes(repository, BULK, commits)
    records = [
        record
        for commit in commits
        for record in parse_records(runs.get(commit, ""))
        if record.project == project.folder
    ]
    good = first_good(records, {record.seed for record in records}, metric)
    if not good:
        raise NotReady(f"{project.baseline} has not been measured yet", "gitexp baseline")
    keys = {(record.seed, record.attempt, record.condition) for record in good.values()}
    outcomes: dict[tuple[int, int, str], Outcomes] = {}
    for text in bulk.values():
        outcomes |= parse_outcomes(text, keys)
    if not outcomes:
        raise NotReady(
            "the baseline's runs saved no predictions, and gaps are found in them",
            "call gitexp.predictions(y_true, y_pred, ids=...) in the training script, or name the"
            " file that it writes as `predictions` in the settings; then: gitexp baseline",
        )
    values = [record.metrics[metric] for record in good.values()]
    train = _train_scores(good.values(), metric)
    higher = project.settings.higher_is_better
    try:
        found = find(
            [*outcomes.values()], train=train, scores=values, metric=metric, higher_is_better=higher
        )
    except ValueError as error:
        raise NotReady(f"the predictions tell nothing: {error}") from None
    learned = _learn(project, good, curve, bulk.get(project.tip, "")) if curve else None
    every = [*found.gaps]
    skipped = found.skipped
    if curve is not None and learned is None:
        skipped += (f"what more data would bring: a perfect {metric} is not known, or was reached",)
    if learned is not None and (better := learned.better(higher_is_better=higher))[0] > 0:
        # What falls from training to test is then for want of data.
        lost = [gap for gap in every if gap.kind == "variance"]
        every = [gap for gap in every if gap.kind != "variance"]
        every.append(
            Gap(
                "data",
                f"{metric} still gets better with more training data: twice as much would bring"
                f" {learned.gain:+.3g}",
                abs(learned.gain),
                max([abs(learned.gain), *(gap.recoverable for gap in lost)]),
                better,
            )
        )
    power = _power(project, records)
    return Report(
        metric=metric,
        score=statistics.fmean(values),
        runs=len(values),
        within=half_width(values, project.settings.widening),
        detectable=power.detectable,
        seen_by=power.source,
        findings=found,
        gaps=tuple(ranked(every)),
        train=statistics.fmean(train) if train else None,
        curve=learned,
        higher_is_better=higher,
        skipped=skipped,
    )


def _train_scores(records: Iterable[Record], metric: str) -> list[float]:
    """Scores on the training data, a run each; empty unless every run reported one."""
    names = [pattern.format(metric) for pattern in _TRAIN]
    found = [
        next((record.metrics[name] for name in names if name in record.metrics), None)
        for record in records
    ]
    return [value for value in found if value is not None] if None not in found else []


def _power(project: Project, records: Sequence[Record]) -> Power:
    """What the next experiment can detect; by scores, until one per example has been run."""
    settings, results = project.settings, read_results(project)
    place = place_of_next(results, settings.metric, settings)
    design = registration_for(
        settings,
        criterion=Criterion(settings.metric, settings.effect, settings.higher_is_better),
        first_seed=1,
        campaign=place.campaign,
        level=place.level,
    )
    known = history(results, records)
    power = power_of(design, *known)
    if power.detectable is None and design.seeded:
        power = power_of(replace(design, by_examples=False), *known)
    return power


# --- the learning curve -------------------------------------------------------------------------


def _learn(project: Project, good: dict[int, Record], watcher: Watcher, bulk: str) -> Curve | None:
    """Run the baseline on parts of its data, and fit a power law to what is lost.

    Raises:
        NotReady: the command does not use the sample.
        CommandFailed: a run failed.
    """
    settings = project.settings
    demand_trust(project, project)
    metric, seeds = settings.metric, sorted(good)[:_CURVE_SEEDS]
    known = _known_points(bulk, metric)
    points: dict[float, list[float]] = {1.0: [good[seed].metrics[metric] for seed in seeds]}
    missing = [(part, seed) for part in _SAMPLES for seed in seeds if (part, seed) not in known]
    seconds = sum(part * good[seed].duration for part, seed in missing)
    if missing:
        took = duration(seconds)
        watcher.said(f"{len(missing)} runs on parts of the data, about {took}")
        if seconds > LONG and not watcher.agrees(f"Spend {took} on that?"):
            raise NotReady(
                f"the learning curve would take about {took}, and nobody agreed to that",
                "gitexp gaps --curve --yes",
            )
    for sample in _SAMPLES:
        for seed in seeds:
            if (sample, seed) not in known:
                known[sample, seed] = _run_sample(project, seed, sample, watcher)
            points.setdefault(sample, []).append(known[sample, seed])
    if all(scores == points[1.0] for scores in points.values()):
        raise NotReady(
            "runs on a part of the data give the same scores: the command does not use the sample",
            "use {sample} in the command, GITEXP_SAMPLE or gitexp.sample() in the script",
        )
    return _fit(points, higher_is_better=settings.higher_is_better, widening=settings.widening)


def _known_points(bulk: str, metric: str) -> dict[tuple[float, int], float]:
    def point(content: dict[str, Any]) -> tuple[tuple[float, int], float]:
        place = float(content["sample"]), int(content["seed"])
        return place, float(content["values"][metric])

    return dict(read_lines(bulk, Kind.SAMPLE, point))


def _run_sample(project: Project, seed: int, sample: float, watcher: Watcher) -> float:
    repository, metric = project.repository, project.settings.metric
    folder = repository.local / "runs" / project.tip[:12] / f"sample-{sample:g}-{seed}"
    job = Job(project.tip, seed, 1, metric, folder, sample=sample)
    label = f"baseline {project.baseline} on {100 * sample:g} %"
    result = run_once(repository, project.prefix, project.settings, label, job, watcher)
    record = result.record
    if not record.ok:
        raise CommandFailed(
            f"{label}, seed {seed}: {record.failure}{result.quoted}",
            f"the whole output is in {folder}",
        )
    fields = {"seed": seed, "sample": sample, "values": dict(record.metrics)}
    append_lines(repository, BULK, {project.tip: [write_line(Kind.SAMPLE, fields)]})
    return record.metrics[metric]


def _fit(
    points: dict[float, list[float]], *, higher_is_better: bool, widening: float
) -> Curve | None:
    """Power law through what is lost, each seed's scores drawn anew for the interval.

    None where nobody knows the score of a perfect model, or one was reached. Few seeds drawn anew
    vary less than new seeds would: what the draws give is stretched to a t interval.

    Source: loss = b n^-c, fitted on logarithms; bootstrap over seeds; the stretch by Hesterberg
    (2015), The American Statistician 69, for few observations; widening as in a verdict.
    """
    import numpy as np

    top = 1.0 if higher_is_better else 0.0
    samples = sorted(points)
    losses = np.array([[abs(top - score) for score in points[sample]] for sample in samples])
    if higher_is_better and max(max(scores) for scores in points.values()) > 1:
        return None
    n = losses.shape[1]
    if n < 2 or (not higher_is_better and min(map(min, points.values())) < 0):
        return None
    if losses.min() <= 0:
        return None
    x = np.log(samples)

    def gain(table: Any) -> float:  # noqa: ANN401 - an array
        slope, height = np.polyfit(x, np.log(table.mean(axis=1)), 1)
        return float(np.exp(height) * (1 - 2.0**slope))

    rng = np.random.default_rng(20_261_125)
    drawn = [gain(losses[:, rng.integers(0, n, n)]) for _ in range(_DRAWS)]
    sign = 1 if higher_is_better else -1
    found, error = gain(losses), float(np.std(drawn)) * math.sqrt(n / (n - 1) * (1 + n * widening))
    reach = -student_t.ppf(0.025, n - 1) * error
    low, high = sorted(sign * bound for bound in (found - reach, found + reach))
    means = tuple((sample, statistics.fmean(points[sample])) for sample in samples)
    return Curve(means, sign * found, (low, high))
