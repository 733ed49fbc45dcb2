"""What an experiment's latest run prints, and what those print that follow it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitexp.engine.tail import Tail
from gitexp.errors import UsageError
from gitexp.lab.measuring.claims import claims, is_held
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.queues.queue import QueueStage, queues

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitexp.lab.projects.project import Project

_NAP = 0.3  # seconds between looks at what grows
_STREAMS = ("stdout.log", "stderr.log")


def logs(project: Project, name: str | None, *, follow: bool) -> Iterator[str]:
    """Yield pieces of text: a head for each run, and what it printed.

    With `follow`, go on until nothing of the experiment runs or waits in a queue.

    Raises:
        UsageError: there is no such experiment, or no output of it here.
    """
    repository = project.repository
    ref, commit = find_experiment(repository, name)
    short = ref.rpartition("/")[2]
    runs = repository.local / "runs" / commit[:12]
    seen: Path | None = None
    while True:
        # Asked first: what was printed until then is read afterwards.
        goes_on = follow and (
            any(map(is_held, claims(repository).get(commit, ())))
            or any(short in queue.left and queue.stage() is QueueStage.RUNS
                   for queue in queues(repository))
        )  # fmt: skip
        latest = _latest(runs)
        if latest is None and not goes_on:
            raise UsageError(
                f"there is no output of exp/{short} here",
                f"run it: gitexp run {short}\nor see what is on record: gitexp show {short}",
            )
        if latest is not None and latest != seen:
            seen, tails = latest, [Tail(latest / stream) for stream in _STREAMS]
            yield f"==> exp/{short} seed {latest.name.replace('-', ', attempt ')}: {latest} <==\n"
        if seen is not None:
            yield from filter(None, (tail.read(to_the_end=not goes_on) for tail in tails))
        if not goes_on:
            return
        time.sleep(_NAP)


def _latest(runs: Path) -> Path | None:
    found = [path for path in runs.glob("*") if (path / _STREAMS[0]).is_file()]
    return max(found, key=lambda path: (path / _STREAMS[0]).stat().st_ctime, default=None)
