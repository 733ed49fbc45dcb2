"""Show what experiments and their baselines logged from step to step."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.errors import NotReady, UsageError
from gitexp.lab.log.curves import Curves, read_curves
from gitexp.lab.log.results import read_results
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project
from gitexp.rules.text import visible


@dataclass(frozen=True, slots=True)
class CurvesOf:
    """The curves of one experiment, its criterion's metric first; `base` is its baseline."""

    name: str
    base: str
    curves: tuple[Curves, ...]

    def of(self, metric: str) -> Curves | None:
        """Its curves of a metric."""
        return next((one for one in self.curves if one.metric == metric), None)


def curves(
    project: Project, names: Sequence[str | None], metric: str | None
) -> tuple[str, list[CurvesOf]]:
    """Read the curves of experiments, and choose the metric to draw.

    Raises:
        UsageError: there is no such experiment, or it logged no such metric.
        NotReady: nothing was run, or nothing that ran logged a metric with a step.
    """
    found = [_read(project, name) for name in dict.fromkeys(names)]
    logged = [[one.metric for one in each.curves] for each in found]
    if metric is None:
        shared = [name for name in logged[0] if all(name in each for each in logged)]
        return (shared or logged[0])[0], found
    for each, known in zip(found, logged, strict=True):
        if metric not in known:
            near = [*difflib.get_close_matches(metric, known, n=1), *known][0]
            raise UsageError(
                f"exp/{visible(each.name)} logged no {visible(metric)} step by step",
                f"gitexp show {each.name} --curves --metric {shlex.quote(visible(near))}",
            )
    return metric, found


def _read(project: Project, name: str | None) -> CurvesOf:
    short = find_experiment(project.repository, name)[0].rpartition("/")[2]
    (result,) = read_results(project, short)
    if not result.ran:
        raise NotReady(f"exp/{visible(short)} has no runs here", f"gitexp run {short}")
    found = tuple(read_curves(project.repository, result))
    if not found:
        raise NotReady(
            f"no run of exp/{visible(short)} that counts logged a metric with its step, so there"
            " are no curves",
            "log some where the training loop is: gitexp.log(step=step, loss=loss)\n"
            f"then test the change again: gitexp retest {short}",
        )
    return CurvesOf(short, result.base, found)
