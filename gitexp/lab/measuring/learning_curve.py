"""Runs the baseline on parts of its training data, for a learning curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitexp.engine.job import Job
from gitexp.errors import CommandFailed, NotReady
from gitexp.lab.measuring.bench import LONG
from gitexp.lab.measuring.running import run_once
from gitexp.lab.projects.project import Project
from gitexp.lab.trust.trust import demand_trust
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents, write_line
from gitexp.rules.text import duration
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import BULK

if TYPE_CHECKING:
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.rules.documents.record import Record

_SHARES = (0.25, 0.5)  # of the training data, beside all of it
_SEEDS = 5


def measure_curve(
    project: Project, good: Mapping[int, Record], watcher: Watcher, bulk: str
) -> dict[float, list[float]]:
    """Scores of the same seeds at each share of the data; runs what is missing.

    `good` are the baseline's records by seed, `bulk` the bulk note of its tip.

    Raises:
        NotReady: the settings are not approved, nobody agreed, or the command ignores the share.
        CommandFailed: a run failed.
    """
    demand_trust(project, project)
    metric, seeds = project.settings.metric, sorted(good)[:_SEEDS]
    known = _known_scores(bulk, metric)
    missing = [(share, seed) for share in _SHARES for seed in seeds if (share, seed) not in known]
    if missing:
        _announce(
            sum(share * good[seed].duration for share, seed in missing), len(missing), watcher
        )
    for number, (share, seed) in enumerate(missing, 1):
        label = f"baseline {project.baseline} on {100 * share:g} % ({number} of {len(missing)})"
        known[share, seed] = _run(project, seed, share, label, watcher)
    points = {share: [known[share, seed] for seed in seeds] for share in _SHARES}
    points[1.0] = [good[seed].metrics[metric] for seed in seeds]
    if all(scores == points[1.0] for scores in points.values()):
        raise NotReady(
            "runs on part of the data give the same scores: the command does not use the sample",
            "use {sample} in the command, or GITEXP_SAMPLE or gitexp.sample() in the script",
        )
    return points


def _announce(seconds: float, runs: int, watcher: Watcher) -> None:
    took = duration(seconds)
    watcher.said(f"{runs} runs on parts of the data, about {took}")
    if seconds > LONG and not watcher.agrees(f"Spend {took} on that?"):
        raise NotReady(
            f"the learning curve would take about {took}, and nobody agreed to that",
            "gitexp gaps --curve --yes",
        )


def _known_scores(bulk: str, metric: str) -> dict[tuple[float, int], float]:
    return {
        (content["sample"], content["seed"]): float(content["values"][metric])
        for content in read_contents(bulk, Kind.SAMPLE)
        if metric in content.get("values", {})
    }


def _run(project: Project, seed: int, share: float, label: str, watcher: Watcher) -> float:
    """Run one seed on a share of the data and store its score, which is not a record."""
    repository, metric = project.repository, project.settings.metric
    folder = repository.local / "runs" / project.tip[:12] / f"sample-{share:g}-{seed}"
    job = Job(project.tip, seed, 1, metric, folder, sample=share)
    result = run_once(repository, project.prefix, project.settings, label, job, watcher)
    record = result.record
    if not record.ok:
        raise CommandFailed(
            f"{label}, seed {seed}: {record.failure}{result.quoted}",
            f"the whole output is in {folder}",
        )
    fields = {"seed": seed, "sample": share, "values": dict(record.metrics)}
    append_lines(repository, BULK, {project.tip: [write_line(Kind.SAMPLE, fields)]})
    return record.metrics[metric]
