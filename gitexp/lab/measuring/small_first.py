"""Runs on a part of the data: what fails there would fail on all of it, hours later.

Such a run is on record with its purpose, and no verdict counts it.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.errors import CommandFailed
from gitexp.rules.text import duration

if TYPE_CHECKING:
    from gitexp.engine.job import Job, RunResult
    from gitexp.rules.documents.record import Record

_IGNORED = 0.8  # of a full run's time: a run on half of the data that takes longer did not see it


def on_share(label: str, share: float) -> str:
    """What a person calls runs on a part of the data."""
    return label if share == 1 else f"{label} on {100 * share:g} % of the data"


def about_ignored(label: str, record: Record, full: float | None) -> str:
    """Doubt that a run was made on a part of the data only; "" if nothing says so.

    `full` is how many seconds a full run takes, if that is known.
    """
    if full is None or record.sample > 0.5 or record.duration <= _IGNORED * full or not record.ok:
        return ""
    return (
        f"{label}: it took {duration(record.duration)}, and a full run takes {duration(full)};"
        " does the command use {sample}, GITEXP_SAMPLE or gitexp.sample()?"
    )


def failed_on_sample(
    label: str, job: Job, result: RunResult, shares: Sequence[float]
) -> CommandFailed:
    """The error that an experiment ends with which failed on a part of the data."""
    each = [f"{share:g}" for share in shares]
    listed = each[0] if len(each) == 1 else f"[{', '.join(each)}]"
    logs = [shlex.quote(str(job.folder / name)) for name in ("stdout.log", "stderr.log")]
    return CommandFailed(
        f"{label}: {result.record.failure}{result.quoted}\nnothing was run on all of the data",
        f"read its whole output: cat {' '.join(logs)}\n"
        "the same command tries it again; if only the sample is too small, raise"
        f" sample = {listed} in the settings",
    )
