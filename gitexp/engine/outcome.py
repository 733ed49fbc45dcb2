"""What a run reported: its metrics, its predictions, and why it counts as failed."""

from __future__ import annotations

import math
import signal
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine import metrics
from gitexp.engine.launch import PREDICTIONS
from gitexp.engine.metrics_file import Unreadable
from gitexp.engine.within import reaches_into
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.known_metrics import find_metric
from gitexp.rules.verdict.verdict import LARGEST_SCORE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitexp.engine.job import Job
    from gitexp.engine.loaded import Loaded
    from gitexp.engine.process import Finished
    from gitexp.rules.documents.outcomes import Outcomes
    from gitexp.rules.documents.settings import Settings


class Reported(NamedTuple):
    """Metrics and outcomes of a run, why it counts as failed, and what is odd if it does not.

    `source` says from where the metric was read that counts.
    """

    metrics: dict[str, float]
    outcomes: Outcomes | None = None
    failure: str = ""
    warning: str = ""
    ended: Ended = Ended.WELL
    source: str = ""


def read_reported(
    settings: Settings, job: Job, finished: Finished, loaded: Loaded, root: Path, place: Path
) -> Reported:
    """Read what a run reported, in its folder and in its project's folder in the checkout `root`.

    A file that a symbolic link leads to elsewhere may be any old one, so it is not read.
    """
    found, source, ended, failure = _read_metrics(settings, job, finished, loaded, place)
    for name in filter(None, (settings.metrics, settings.predictions)):
        if not failure and not reaches_into(place / name, root, job.folder):
            failure = f"{name} leads out of the checkout, where it may be older than this run"
    if failure:
        return Reported(found, failure=failure, ended=ended)
    outcomes, failure, warning = _read_outcomes(settings, job, place, found[job.metric])
    ended = Ended.PREDICTIONS if failure else Ended.WELL
    return Reported(found, outcomes, failure, warning, ended, source)


def _read_metrics(
    settings: Settings,
    job: Job,
    finished: Finished,
    loaded: Loaded,
    place: Path,
) -> tuple[dict[str, float], str, Ended, str]:
    """Metrics of a run, where the one that counts was, how and why it failed ("" if it did not)."""
    found: dict[str, float] = {}
    source = ""
    ended, failure = Ended.METRIC, ""
    try:
        file = place / settings.metrics if settings.metrics else None
        found, source = metrics.collect(job.folder, file, job.metric)
    except Unreadable as error:
        failure = f"the metrics file cannot be read: {error}"
    if settings.pairing:
        found = metrics.with_rate(found, job.folder, finished.duration)
    value = found.get(job.metric)
    if finished.halted is not None:
        ended, failure = finished.halted.ended, finished.halted.reason
    elif finished.exit_code < 0:
        ended, failure = Ended.SIGNAL, f"killed by {_signal_name(-finished.exit_code)}"
    elif finished.exit_code:
        ended, failure = Ended.EXIT, f"the command ended with exit code {finished.exit_code}"
    elif loaded.foreign:
        names = ", ".join(str(path) for path in loaded.foreign[:3])
        ended, failure = Ended.RULE, f"R1: code was loaded from outside the checkout: {names}"
    elif not failure and value is None:
        failure = f"no metric {job.metric} was reported{_reported_instead(job, found)}"
        if finished.left:
            failure += (
                "; it left processes behind, which were ended:"
                " a command must stay in the foreground"
            )
    elif value is not None and not _is_score(value):
        failure = f"{job.metric} is {value}"
    scores = {name: number for name, number in found.items() if _is_score(number)}
    return scores, source, ended, failure


def _reported_instead(job: Job, found: Mapping[str, float]) -> str:
    """The printed line that comes nearest to reporting the metric, else what was reported."""
    if line := metrics.nearest(job.folder, job.metric):
        return f"; the nearest line is: {line}"
    return f"; it reported {', '.join(sorted(found)[:8])}" if found else ""


def _read_outcomes(
    settings: Settings, job: Job, place: Path, score: float
) -> tuple[Outcomes | None, str, str]:
    """Outcomes that a good run stored, why the run counts as failed all the same, and a warning.

    A run without predictions fails only if the settings name a file of predictions.
    """
    named = [place / settings.predictions] if settings.predictions else []
    written = [path for path in [*named, job.folder / PREDICTIONS] if path.exists()]
    if not written:
        missing = f"no predictions were written to {settings.predictions}" if named else ""
        return None, missing, ""
    # loads csv and zipfile, which only runs with predictions need
    from gitexp.engine.predictions import read_predictions

    try:
        outcomes = read_predictions(written[0])
    except Unreadable as error:
        reason = f"the predictions cannot be read: {error}"
        return (None, reason, "") if named else (None, "", reason)
    known = find_metric(job.metric)
    if named and known and (lacking := set(known.columns) - outcomes.columns.keys()):
        # Said after the first run, because the verdict after the last could not be computed.
        return None, f"{job.metric} needs a column {lacking.pop()} in the predictions", ""
    if known is None:
        return outcomes, "", ""
    from gitexp.statistics.recompute import disagreement  # loads NumPy and scikit-learn

    return outcomes, "", disagreement(job.metric, score, outcomes)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"


def _is_score(number: float) -> bool:
    """Whether a verdict can be computed from a number: it is finite, and so are sums of it."""
    return math.isfinite(number) and abs(number) <= LARGEST_SCORE
