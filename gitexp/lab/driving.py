"""Runs sessions to their end on this machine, and leaves nothing running, however that ends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gitexp.engine.pool import Pool
from gitexp.engine.watchdog import Watchdog
from gitexp.lab.run_maker import RunMaker
from gitexp.lab.scheduler import Scheduler, how_stopped
from gitexp.rules.documents.ended import Ended
from gitexp.store.archive import tidy
from gitexp.store.note_writing import store_aside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.session import Session
    from gitexp.lab.watcher import Watcher
    from gitexp.store.repository import Repository


@contextlib.contextmanager
def run_maker(repository: Repository, watcher: Watcher) -> Iterator[RunMaker]:
    """What makes the runs of one command; whatever it still runs at the end is killed."""
    # Before anything runs: hours of training would be lost if nothing could be stored.
    store_aside(repository)
    try:
        with Watchdog() as watchdog:
            yield RunMaker(watchdog, watcher)
    finally:
        tidy(repository)


def drive(repository: Repository, sessions: Sequence[Session], jobs: int, watcher: Watcher) -> None:
    """Make what the sessions need, at most `jobs` runs at once.

    Raises:
        StoreBusy: a run could not be stored; it is kept aside.
    """
    with Pool(jobs, lambda order, stop: scheduler.session_of(order).make(order, stop)) as pool:
        scheduler = Scheduler(repository, sessions, pool, watcher)
        try:
            scheduler.drive()
        except BaseException as error:
            how = how_stopped(error)
            pool.stop_all(how)
            if how is Ended.ABORT and scheduler.counts_aborts():
                # So that nobody fears a Ctrl-C.
                watcher.said(
                    "the aborted runs are on record as one failure, which alone changes nothing;"
                    " the same command goes on"
                )
            raise
