"""Runs sessions to their end on this machine, and leaves nothing running, however that ends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine.devices.giver import Giver
from gitexp.engine.pool import Pool
from gitexp.engine.threads import usable_cores
from gitexp.engine.watchdog import Watchdog
from gitexp.errors import UsageError
from gitexp.lab.measuring.bench import fixed_threads
from gitexp.lab.measuring.run_maker import RunMaker
from gitexp.lab.measuring.scheduler import Scheduler, how_stopped
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.purpose import RunKind
from gitexp.rules.documents.settings import INTERLEAVED, Settings
from gitexp.rules.text import counted
from gitexp.store.archive import tidy
from gitexp.store.note_writing import store_aside
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.engine.engine import Engine, Order
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.lab.measuring.session import Session
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.workers.remote_cluster import RemoteCluster


class AskedRuns(NamedTuple):
    """Runs that were asked for: of experiments, of one on samples of the data, or of the baseline.

    `jobs` is None for as many as the machine serves; `several` says whether a list is printed. With
    `screening`, so many runs of each on a share of the data only screen it.
    """

    names: Sequence[str]
    jobs: int | None
    several: bool = False
    kind: RunKind = RunKind.EXPERIMENTS
    screening: tuple[int, float] | None = None
    gpus: str = ""
    explore: str = ""


class RunOptions(NamedTuple):
    """How a command has its runs made: `jobs` at once, None for as many as there is room for.

    `gpus` names the accelerators to choose from, "" for all that the caller may use. `to_stop`
    names the sessions to end, and is asked again and again. `on` is where the runs are made instead
    of on this machine.
    """

    watcher: Watcher
    jobs: int | None = 1
    gpus: str = ""
    to_stop: Callable[[], Container[str]] | None = None
    on: RemoteCluster | None = None

    @property
    def away(self) -> bool:
        """Whether the runs are made on other machines."""
        return self.on is not None


@contextlib.contextmanager
def run_maker(repository: Repository, options: RunOptions) -> Iterator[RunMaker]:
    """What makes the runs of one command; whatever it still runs at the end is killed."""
    # Before anything runs: hours of training would be lost if nothing could be stored.
    store_aside(repository)
    try:
        with repository.git.readers.alone(), Watchdog() as watchdog:
            yield RunMaker(watchdog, options.watcher, Giver(options.gpus))
    finally:
        tidy(repository)


def most_jobs(maker: RunMaker, ledgers: Sequence[Ledger]) -> int:
    """How many runs this machine has cores and accelerators for.

    Raises:
        NotReady: there are too few accelerators for one run.
    """
    served = [maker.giver.most(ledger.settings) for ledger in ledgers]
    if counted := [number for number in served if number is not None]:
        return min(counted)
    return max(1, usable_cores() // max(fixed_threads(ledger) or 1 for ledger in ledgers))


def demand_devices(giver: Giver, every: Iterable[Settings], jobs: int | None) -> int | None:
    """Return `jobs`, where no run that needs a device to itself would have to share one.

    Raises:
        UsageError: there are fewer devices (without accelerators, the machine is the one device),
            or devices are chosen, but a run asks for none.
        NotReady: there are too few accelerators for one run.
    """
    alone = []
    for settings in every:
        giver.demand_asked(settings)
        alone += [settings] if settings.pairing else []
    if not alone:
        return jobs
    most = min(giver.most(settings) or 1 for settings in alone)
    if jobs is not None and jobs > most:
        there = counted(most, "device")
        raise UsageError(
            f"--jobs {jobs} is more than the {most} that fit: the settings have pairing ="
            f' "{INTERLEAVED}", so no two runs may share a device ({there} here)',
            f"the same command with --jobs {most}",
        )
    return jobs or most


def drive(repository: Repository, sessions: Sequence[Session], options: RunOptions) -> None:
    """Make what the sessions need, as many runs at once as their benches have room for.

    Raises:
        StoreBusy: a run could not be stored; it is kept aside.
    """
    watcher, on, jobs = options.watcher, options.on, sessions[0].bench.jobs

    def session_of(order: Order) -> Session:
        return scheduler.session_of(order)

    engine: Engine
    if on is None:
        engine = Pool(jobs, lambda order, slot: session_of(order).make(order, slot))
    else:
        engine = on.engine(session_of, jobs, watcher)
    with engine:
        scheduler = Scheduler(repository, sessions, engine, watcher, options.to_stop)
        try:
            scheduler.drive()
        except BaseException as error:
            how = how_stopped(error)
            engine.stop_all(how)
            lasts = on is not None and on.cluster.lasts
            if not lasts and how is Ended.ABORT and scheduler.counts_aborts():
                # So that nobody fears a Ctrl-C.
                watcher.said(
                    "the aborted runs are on record as one failure, which alone changes nothing;"
                    " run the same command to continue"
                )
            raise
        finally:
            for session in sessions:
                if not session.over:
                    session.leave()
            for thread in (one for session in sessions for one in session.beside):
                thread.join()
