"""What metrics were from step to step, in an experiment and in its baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.log.seed_runs import seed_runs
from gitexp.rules.documents.series import Series, parse_series
from gitexp.statistics.curves import Band, bands
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.record import Record


@dataclass(frozen=True, slots=True)
class Curves:
    """A metric from step to step over the seeds, None for an arm that logged none."""

    metric: str
    experiment: Band | None
    baseline: Band | None


def read_curves(repository: Repository, result: Result) -> list[Curves]:
    """Read the curves of an experiment and its baseline: its criterion's metric first."""
    commits = [commit for commit in (result.commit, result.base) if commit]
    return curves_of(result, read_notes(repository, BULK, commits))


def curves_of(result: Result, bulk: Mapping[str, str]) -> list[Curves]:
    """The same, from bulk notes by commit; runs that do not count for the verdict are left out."""
    runs = seed_runs(result)
    mine = _by_metric(bulk.get(result.commit, ""), runs.experiment.values())
    base = _by_metric(bulk.get(result.base, ""), runs.baseline.values())
    first = result.registration.criterion.metric if result.registration else ""
    metrics = sorted(mine.keys() | base.keys(), key=lambda name: (name != first, name))
    return [
        Curves(metric, *bands([mine.get(metric, ()), base.get(metric, ())])) for metric in metrics
    ]


def _by_metric(text: str, runs: Iterable[Record]) -> dict[str, list[Series]]:
    wanted = {(run.seed, run.attempt, run.condition) for run in runs}
    found: dict[str, list[Series]] = {}
    for one in parse_series(text):
        if (one.seed, one.attempt, one.condition) in wanted:
            found.setdefault(one.metric, []).append(one)
    return found
