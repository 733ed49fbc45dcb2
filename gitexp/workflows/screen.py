"""Screen planned ideas: run each of them a few times, and rank them. No verdict uses these runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.lab.log.results import read_results
from gitexp.lab.log.screened import bar_of, read_screened
from gitexp.lab.measuring.admitted import Admitted, read_ledgers, tools_of
from gitexp.lab.measuring.driving import RunOptions, demand_devices, drive, most_jobs, run_maker
from gitexp.lab.measuring.screen_session import ScreenSession
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.design import records_like_tip
from gitexp.rules.plan.screening import (
    demand_screening,
    is_shared,
    promising,
    screening_seeds,
)
from gitexp.rules.text import counted, visible
from gitexp.workflows.run import Unfinished, admit_each, at_cluster

if TYPE_CHECKING:
    from gitexp.lab.measuring.run_maker import RunMaker
    from gitexp.rules.plan.shrinkage import Screened


@dataclass(frozen=True, slots=True)
class Ranked:
    """A screened idea; `shares_data` says that its verdict sees rows or seeds of the screening.

    `bar` is the smallest gain that counts as success, in the metric's unit; `sign` says which way
    a gain moves the metric.
    """

    name: str
    commit: str
    metric: str
    sign: int
    change: str
    screened: Screened
    bar: float
    shares_data: bool


@dataclass(frozen=True, slots=True)
class Screening:
    """Screened ideas, the best first; the first `promising` of them are worth confirming.

    `unfinished` have no pair of runs, and why. `runs` counts those that were made.
    """

    ranked: tuple[Ranked, ...]
    promising: int
    unfinished: tuple[Unfinished, ...]
    runs: int


def screen(
    project: Project, names: Sequence[str], options: RunOptions, *, runs: int, share: float
) -> Screening:
    """Run what is missing of `runs` screening runs an idea on a `share` of the data, and rank them.

    Without names, the experiment that is checked out is meant, else the one last started. One that
    cannot go on stops no other.

    Raises:
        UsageError: a name is unknown, an idea was run before, or a number is out of range; nothing
            was executed.
        StoreBusy: a run could not be stored.
    """
    demand_screening(runs, share)
    found = admit_each(project, names)
    admitted = [one for one in found if isinstance(one, Admitted)]
    unfinished = [one for one in found if isinstance(one, Unfinished)]
    if not admitted:
        return Screening((), 0, tuple(unfinished), 0)
    options = at_cluster(options, admitted)
    if taking := sum(is_shared(one.registration) for one in admitted):
        options.watcher.said(
            f"{counted(taking, 'screened idea')} {'take' if taking > 1 else 'takes'} a place in the"
            " campaign, because verdicts see the same rows or seeds again"
        )
    with run_maker(project.repository, options) as maker:
        sessions = _sessions(admitted, runs, share, maker, options)
        drive(project.repository, sessions, options)
    unfinished += [Unfinished(one.name, one.error) for one in sessions if one.error is not None]
    failed = {one.name for one in unfinished}
    ranked = _ranked([one for one in admitted if one.report.name not in failed])
    enough = promising([one.screened.expected for one in ranked], [one.bar for one in ranked])
    made = sum(one.ledger.stored for one in sessions)
    return Screening(tuple(ranked), enough, tuple(unfinished), made)


def _sessions(
    admitted: Sequence[Admitted], runs: int, share: float, maker: RunMaker, options: RunOptions
) -> list[ScreenSession]:
    """Put ideas under way.

    Raises:
        UsageError: one was run before, or `jobs` are more than a device to itself allows.
    """
    ledgers = read_ledgers(admitted, options.watcher.said, in_pairs=False)
    for one, ledger in zip(admitted, ledgers, strict=True):
        if ledger.records(ledger.experiment):
            raise UsageError(
                f"exp/{visible(one.report.name)} has run already, so it cannot be screened",
                f"gitexp run {one.report.name}",
            )
    jobs = options.jobs
    if not options.away:
        jobs = demand_devices(maker.giver, (one.settings for one in ledgers), jobs)
    found = tools_of(admitted, ledgers, maker, jobs or most_jobs(maker, ledgers), options)
    return [
        ScreenSession(tools, screening_seeds(one.registration, runs), share)
        for one, tools in zip(admitted, found, strict=True)
    ]


def _ranked(admitted: Iterable[Admitted]) -> list[Ranked]:
    """Rank screened ideas by what to expect of them."""
    by_commit = {one.report.entry.commit: one for one in admitted}
    projects = {one.report.project.prefix: one.report.project for one in by_commit.values()}
    found = [one for project in projects.values() for one in _expected(project, by_commit)]
    return sorted(found, key=lambda one: (-one.screened.expected, one.name))


def _expected(project: Project, by_commit: Mapping[str, Admitted]) -> Iterator[Ranked]:
    """Find what to expect of the screened ideas of one project."""
    results = read_results(project)
    mine = [result for result in results if result.commit in by_commit]
    found = read_screened(project.repository, mine, results, records_like_tip(project))
    for commit, screened in found.items():
        report, registration = by_commit[commit].report, by_commit[commit].registration
        yield Ranked(
            report.name,
            commit,
            registration.criterion.metric,
            registration.criterion.sign,
            registration.change.brief,
            screened,
            bar_of(registration, screened.baseline),
            is_shared(registration),
        )
