"""One run of the command, shown while it goes on."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.devices.giver import Giver, nap_of
from gitexp.engine.job import Conduct
from gitexp.engine.run import run_job
from gitexp.engine.watchdog import Watchdog
from gitexp.errors import CommandFailed
from gitexp.store.local import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.engine.devices.grant import Granted
    from gitexp.engine.job import Job, RunResult
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository


def run_watched(
    repository: Repository,
    prefix: str,
    settings: Settings,
    label: str,
    job: Job,
    watcher: Watcher,
    conduct: Conduct,
) -> RunResult:
    """Run a job as `run_job` does, and show its start and its end, however it ends."""
    watcher.started(label, job)
    result = None
    try:
        result = run_job(repository, prefix, settings, job, conduct)
    finally:
        watcher.finished(label, job, result.record if result is not None else None)
    return result


def run_once(
    repository: Repository,
    prefix: str,
    settings: Settings,
    label: str,
    job: Job,
    watcher: Watcher,
    *,
    condition: str = "",
) -> RunResult:
    """Run a job that is not paired with other runs; its record names the given `condition`.

    Nothing of it is stored here. A failed run is a result, too: its record says why it failed.

    Raises:
        NotReady: the checkout could not be prepared.
    """
    with Watchdog() as watchdog, _accelerators(settings, watcher) as granted:
        conduct = Conduct(
            watchdog, threading.Event(), lambda _: condition, lambda _: None, granted.descriptors
        )
        job = job._replace(granted=granted)
        return run_watched(repository, prefix, settings, label, job, watcher, conduct)


def _accelerators(settings: Settings, watcher: Watcher) -> Granted:
    """Take what the settings ask for, as soon as it is free."""
    giver, said = Giver(), False
    while (granted := giver.take(settings)) is None:
        if not said:
            said = True
            watcher.said(f"no device is free ({giver.about(settings)}); waiting")
        time.sleep(nap_of(settings))
    return granted


@contextlib.contextmanager
def folder_of_failed(repository: Repository, name: str) -> Iterator[Path]:
    """A new folder for runs that are not stored; it stays only if the command failed in it."""
    runs = repository.local / "runs"
    make_folder(runs)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=runs))
    try:
        yield folder
    except CommandFailed:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def free_folder(runs: Path, name: str, number: int) -> tuple[Path, int]:
    """First folder `name-number` that does not exist, counting up; and its number.

    An interrupted run leaves its folder, which may be somebody's evidence.
    """
    while (folder := runs / f"{name}-{number}").exists():
        number += 1
    return folder, number
