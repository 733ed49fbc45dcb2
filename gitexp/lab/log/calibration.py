"""How well predictions have matched results so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.lab.log.decided import has_verdict
from gitexp.lab.log.log import Row, log
from gitexp.lab.projects.project import Project
from gitexp.rules.plan.calibration import Calibration, calibrate

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement


def calibration(project: Project) -> list[Calibration]:
    """Compare predictions with results: over all experiments, by key and by author."""
    return calibrated(log(project), project.settings.metric)


def calibrated(rows: Sequence[Row], metric: str) -> list[Calibration]:
    """Compare the predictions in a log with results, all first; empty if there are none."""
    everything: list[tuple[Registration, Judgement]] = []
    groups: dict[str, list[tuple[Registration, Judgement]]] = defaultdict(list)
    for row in rows:
        registration, judgement = row.result.registration, row.result.judgement
        if registration is None or judgement is None or not has_verdict(row.result):
            continue
        if not {"Gain", "Chance"} & dict(registration.extra).keys():
            continue
        everything.append((registration, judgement))
        groups[f"key {registration.change.place}"].append((registration, judgement))
        groups[f"author {row.result.entry.author}"].append((registration, judgement))
    if not everything:
        return []
    whole = [calibrate("all", metric, everything)]
    return whole + [calibrate(group, metric, groups[group]) for group in sorted(groups)]
