"""`gitexp run --detach`: begins a queue, and says how to watch and stop it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitexp.cli.views.queue import begun
from gitexp.lab.queues.queue import QueueKind
from gitexp.workflows.queue import detach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.elsewhere import Where


def run_detached(
    project: Project,
    names: Sequence[str],
    *,
    baseline: bool,
    again: bool,
    smoke: bool,
    screening: tuple[int, float] | None,
    several: bool,
    jobs: int | None,
    gpus: str,
    where: Where,
    yes: bool,
    as_json: bool,
) -> None:
    """Begin a queue that makes the runs which were asked for."""
    kind = QueueKind.SMOKE if smoke else QueueKind.EXPERIMENTS
    if baseline:
        kind = QueueKind.BASELINE_AGAIN if again else QueueKind.BASELINE
    queue = detach(
        project, names, jobs=jobs, gpus=gpus, several=several, screening=screening, kind=kind,
        # Typing --detach agrees to long runs; a program has to say --yes, as for any run.
        yes=yes or sys.stdin.isatty(), where=where,
    )  # fmt: skip
    begun(queue, as_json=as_json)
