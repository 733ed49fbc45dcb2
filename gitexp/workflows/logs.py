"""What the latest run of an experiment or the baseline prints, and those that follow it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from gitexp.engine.tail import Tail
from gitexp.errors import UsageError
from gitexp.lab.measuring.claims import claims, is_held
from gitexp.lab.projects.experiment import Measured, find_measured
from gitexp.lab.projects.project import Project
from gitexp.lab.queues.queue import QueueStage, queues
from gitexp.lab.queues.queue_progress import is_over_in
from gitexp.store.repository import Repository

_NAP = 0.3  # seconds between looks at what grows
_LONG_NAP = 1.0  # likewise, while nothing of it runs
_STREAMS = ("stdout.log", "stderr.log")


def logs(project: Project, name: str | None, *, follow: bool) -> Iterator[str]:
    """Yield pieces of text: a head for each run of an experiment or the baseline, and its output.

    With `follow`, go on until nothing of it runs, or waits in a queue.

    Raises:
        UsageError: there is no such experiment, or no output of it here.
    """
    repository = project.repository
    meant = find_measured(project, name)
    runs = repository.local / "runs" / meant.commit[:12]
    seen: Path | None = None
    said = False
    while True:
        # Asked first: what was printed until then is read afterwards.
        is_run = follow and any(map(is_held, claims(repository).get(meant.commit, ())))
        goes_on = is_run or (follow and _waits(repository, meant))
        latest = _latest(runs)
        if latest is None and not goes_on:
            is_baseline = meant.name == project.baseline
            more = "" if is_baseline else f"\nor see what is on record: gitexp show {meant.name}"
            raise UsageError(
                f"there is no output of {meant.label} here",
                f"run it: gitexp run {'--baseline' if is_baseline else meant.name}{more}",
            )
        if latest is None and not said:
            said = True
            yield f"==> {meant.label} waits for its first run <==\n"
        if latest is not None and latest != seen:
            seen, tails = latest, [Tail(latest / stream) for stream in _STREAMS]
            yield f"==> {meant.label} {_run_in(latest.name)}: {latest} <==\n"
        if seen is not None:
            yield from filter(None, (tail.read(to_the_end=not goes_on) for tail in tails))
        if not goes_on:
            return
        time.sleep(_NAP if is_run else _LONG_NAP)


def _waits(repository: Repository, meant: Measured) -> bool:
    """Whether a queue that is running has not come to its end yet."""
    return any(
        meant.name in queue.left
        and queue.label(meant.name) == meant.label
        and queue.stage() is QueueStage.RUNS
        and not is_over_in(queue, meant.name)
        for queue in queues(repository)
    )


def _run_in(name: str) -> str:
    """What a person calls the run whose folder has this name, such as 3-1 or sample-0.1-2."""
    which, _, attempt = name.rpartition("-")
    sample = which.removeprefix("sample-")
    return f"{f'seed {which}' if sample == which else f'sample {sample}'}, attempt {attempt}"


def _latest(runs: Path) -> Path | None:
    found = [path for path in runs.glob("*") if (path / _STREAMS[0]).is_file()]
    return max(found, key=lambda path: (path / _STREAMS[0]).stat().st_ctime, default=None)
