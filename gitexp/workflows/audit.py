"""Judges what was kept in a record of runs that gitexp did not make; needs no repository."""

from __future__ import annotations

from pathlib import Path

from gitexp.errors import UsageError
from gitexp.lab.past_runs.reading import choose_direction, choose_metric, read_past_runs
from gitexp.rules.plan.audit import Audit, audit
from gitexp.rules.text import counted, visible


def audit_file(path: Path, metric: str = "", *, lower: bool = False, higher: bool = False) -> Audit:
    """Audit a record of runs.

    Raises:
        UsageError: it cannot be read, names no metric, or holds fewer than two runs with a score.
    """
    runs = read_past_runs(path)
    name = visible(str(path))
    if not runs:
        raise UsageError(f"{name} holds no runs", "it needs a header, then one row per run")
    chosen = choose_metric(runs, metric)
    found = audit(
        runs, chosen, higher_is_better=choose_direction(chosen, lower=lower, higher=higher)
    )
    if found.tries < 1:
        scored = len(runs) - found.failed
        raise UsageError(
            f"{name}: {counted(scored, 'run')} of {counted(len(found.tried), 'configuration')} with"
            f" {visible(chosen)}: there is nothing to compare",
            "record at least one change beside the baseline",
        )
    return found
