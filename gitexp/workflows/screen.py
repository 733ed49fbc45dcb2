"""Screen planned ideas: run each of them a few times, and rank them. No verdict uses these runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, UsageError
from gitexp.lab.bench import Bench
from gitexp.lab.design import records_like_tip
from gitexp.lab.driving import drive, most_jobs, run_maker
from gitexp.lab.environments import Environments
from gitexp.lab.experiment import find_experiment
from gitexp.lab.gate import check_refs
from gitexp.lab.gate.checked import Uncheckable
from gitexp.lab.ledger import Ledger
from gitexp.lab.results import read_results
from gitexp.lab.screen_session import ScreenSession
from gitexp.lab.screened import bar_of, read_screened
from gitexp.lab.trust import demand_trust
from gitexp.lab.unended import end_unended
from gitexp.lab.watcher import Prefixed
from gitexp.rules.plan.screening import MOST_RUNS, is_shared, promising, screening_seeds
from gitexp.rules.text import visible
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS
from gitexp.workflows.run import Unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitexp.lab.gate.checked import Checked
    from gitexp.lab.project import Project
    from gitexp.lab.run_maker import RunMaker
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.plan.shrinkage import Screened


@dataclass(frozen=True, slots=True)
class Ranked:
    """A screened idea; `shares_data` says that its verdict sees rows or seeds of the screening.

    `bar` is the smallest gain that counts as success, in the metric's unit.
    """

    name: str
    commit: str
    metric: str
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


@dataclass(frozen=True, slots=True)
class _Accepted:
    report: Checked
    registration: Registration


def screen(
    project: Project,
    names: Sequence[str],
    *,
    runs: int,
    share: float,
    jobs: int | None,
    watcher: Watcher,
    gpus: str = "",
) -> Screening:
    """Run what is missing of `runs` screening runs an idea on a `share` of the data, and rank them.

    Without names, the experiment that is checked out is meant, else the one last started. One that
    cannot go on stops no other.

    Raises:
        UsageError: a name is unknown, an idea was run before, or a number is out of range; nothing
            was executed.
        StoreBusy: a run could not be stored.
    """
    if not 1 <= runs <= MOST_RUNS:
        raise UsageError(
            f"--runs is a number from 1 to {MOST_RUNS}, not {runs}", "gitexp run --screen --runs 1"
        )
    if not 0 < share <= 1:
        raise UsageError(
            f"--sample is a share of the data above 0 and up to 1, not {share:g}",
            "gitexp run --screen --sample 0.1",
        )
    repository = project.repository
    refs = dict.fromkeys(find_experiment(repository, name) for name in names or (None,))
    accepted: list[_Accepted] = []
    unfinished: list[Unfinished] = []
    for report in check_refs(repository, [*refs]):
        try:
            accepted.append(_accept(project, report))
        except GitexpError as error:
            unfinished.append(Unfinished(report.name, error))
    if not accepted:
        return Screening((), 0, tuple(unfinished), 0)
    with run_maker(repository, watcher, gpus) as maker:
        sessions = _sessions(accepted, runs, share, jobs, maker, watcher)
        drive(repository, sessions, sessions[0].bench.jobs, watcher)
    unfinished += [Unfinished(one.name, one.error) for one in sessions if one.error is not None]
    failed = {one.name for one in unfinished}
    ranked = _ranked([one for one in accepted if one.report.name not in failed])
    enough = promising([one.screened.expected for one in ranked], [one.bar for one in ranked])
    made = sum(one.ledger.stored for one in sessions)
    return Screening(tuple(ranked), enough, tuple(unfinished), made)


def _accept(here: Project, report: Checked | Uncheckable) -> _Accepted:
    """Let an idea be screened, unless a rule refuses it.

    Raises:
        Refused: the gate refuses it.
        NotReady: it has no baseline, or its settings are not approved in this clone.
    """
    if isinstance(report, Uncheckable):
        raise report.error
    report.demand()
    assert report.registration is not None  # noqa: S101 - the gate found nothing wrong
    demand_trust(report.project, here, report.name)
    return _Accepted(report, report.registration)


def _sessions(
    accepted: Sequence[_Accepted],
    runs: int,
    share: float,
    jobs: int | None,
    maker: RunMaker,
    watcher: Watcher,
) -> list[ScreenSession]:
    """Put ideas under way, with one bench for those of the same baseline."""
    repository = accepted[0].report.project.repository
    pairs = [(one.report.base, one.report.entry.commit) for one in accepted]
    commits = list(dict.fromkeys(commit for pair in pairs for commit in pair))
    end_unended(repository, commits)
    notes = dict.fromkeys(commits, "") | read_notes(repository, RUNS, commits)
    shared = Environments(repository)
    ledgers = []
    for one, (base, commit) in zip(accepted, pairs, strict=True):
        report = one.report
        ledger = Ledger(
            report.project, report.settings, one.registration.criterion.metric, watcher.said,
            experiment=commit, shared=shared,
        )  # fmt: skip
        ledger.take({base: notes[base], commit: notes[commit]})
        if ledger.records(commit):
            raise UsageError(
                f"exp/{visible(report.name)} was run already, so it is not screened any more",
                f"gitexp run {report.name}",
            )
        ledgers.append(ledger)
    jobs = jobs or most_jobs(maker, ledgers)
    benches: dict[tuple[str, str], Bench] = {}
    sessions = []
    for one, ledger in zip(accepted, ledgers, strict=True):
        report = one.report
        key = report.project.prefix, report.base
        bench = benches.setdefault(key, Bench(report.base, jobs, watcher))
        own = watcher if len(accepted) == 1 else Prefixed(watcher, f"exp/{report.name}")
        seeds = screening_seeds(one.registration, runs)
        sessions.append(ScreenSession(ledger, bench, maker, own, report.name, seeds, share))
    return sessions


def _ranked(accepted: Iterable[_Accepted]) -> list[Ranked]:
    """Rank screened ideas by what to expect of them."""
    by_commit = {one.report.entry.commit: one for one in accepted}
    projects = {one.report.project.prefix: one.report.project for one in by_commit.values()}
    found = [one for project in projects.values() for one in _expected(project, by_commit)]
    return sorted(found, key=lambda one: (-one.screened.expected, one.name))


def _expected(project: Project, by_commit: Mapping[str, _Accepted]) -> Iterator[Ranked]:
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
            registration.change.brief,
            screened,
            bar_of(registration, screened.baseline),
            is_shared(registration),
        )
