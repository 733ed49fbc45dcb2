"""Run experiments: check them, run what is missing look by look, judge them, write the verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.engine.devices.giver import Giver
from gitexp.errors import GitexpError, UsageError
from gitexp.lab.ancestors import same_runs
from gitexp.lab.bench import Bench
from gitexp.lab.decided import measured_together
from gitexp.lab.doubt import Neighbours
from gitexp.lab.driving import demand_devices, drive, most_jobs, run_maker
from gitexp.lab.environments import Environments
from gitexp.lab.experiment import find_experiment
from gitexp.lab.experiment_session import ExperimentSession
from gitexp.lab.gate import check_refs
from gitexp.lab.gate.checked import Uncheckable
from gitexp.lab.ledger import Ledger
from gitexp.lab.missing_results import about_missing_results
from gitexp.lab.results import read_results
from gitexp.lab.trust import demand_trust
from gitexp.lab.unended import end_unended
from gitexp.lab.watcher import Prefixed
from gitexp.rules.plan.design import improvised
from gitexp.rules.text import demand_plain
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from gitexp.lab.gate.checked import Checked
    from gitexp.lab.project import Project
    from gitexp.lab.run_maker import RunMaker
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.plan.together import Together
    from gitexp.rules.verdict.verdict import Judgement


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How an experiment was judged, `ran` counting the runs that were made for it.

    `together` is what it and other tests of its change measured.
    """

    name: str
    commit: str
    registration: Registration
    judgement: Judgement
    ran: int
    note: str
    together: Together | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An experiment without a verdict, and why: a rule that refuses it, or a run that failed."""

    name: str
    error: GitexpError


@dataclass(frozen=True, slots=True)
class _Accepted:
    """An experiment that may run."""

    report: Checked
    registration: Registration


def run(
    project: Project,
    names: Sequence[str],
    *,
    jobs: int | None,
    watcher: Watcher,
    explore: str = "",
    gpus: str = "",
    to_stop: Callable[[], Container[str]] | None = None,
) -> list[Conclusion | Unfinished]:
    """Run what is missing for experiments, `jobs` runs at once, and write verdicts as notes.

    Without names, the experiment that is checked out is meant, else the one last started. Without
    `jobs`, there are as many as the cores have threads for. `explore` says why you run something
    that the gate refuses; its verdict can only be EXPLORATORY. `gpus` names accelerators to
    use; `to_stop` names experiments to end, and is asked again and again. One experiment that
    cannot go on stops no other; each is returned in its place.

    Raises:
        UsageError: a name is unknown; nothing was executed.
        StoreBusy: a run could not be stored.
    """
    repository = project.repository
    reports = _reports(project, names)
    demand_plain(explore, "--explore")
    accepted: dict[str, _Accepted] = {}
    ended: dict[str, Conclusion | Unfinished] = {}
    for report in reports:
        try:
            accepted[report.name] = _accept(project, report, explore)
        except GitexpError as error:
            ended[report.name] = Unfinished(report.name, error)
    if accepted:
        if not names:
            _refuse_stale(project, next(iter(accepted.values())).report)
        with run_maker(repository, watcher, gpus) as maker:
            sessions = _sessions([*accepted.values()], jobs, maker, watcher, explore)
            drive(repository, sessions, sessions[0].bench.jobs, watcher, to_stop)
        ended |= {session.name: _ended(session) for session in sessions}
    return [ended[report.name] for report in reports]


def demand_runnable(project: Project, names: Sequence[str], gpus: str) -> list[str]:
    """Make the checks of `run` and run nothing; returns the names of the experiments.

    Raises:
        UsageError: a name is unknown, or `gpus` names a device that is not there.
        Refused: the gate refuses one of them.
        NotReady: one has no baseline, its settings are not approved, or it lacks accelerators.
    """
    giver = Giver(gpus)
    accepted = [_accept(project, report, "") for report in _reports(project, names)]
    if not names:
        _refuse_stale(project, accepted[0].report)
    for one in accepted:
        if (share := one.report.settings.gpus) is not None:
            giver.devices(share)
    return [one.report.name for one in accepted]


def _reports(project: Project, names: Sequence[str]) -> list[Checked | Uncheckable]:
    """Hold experiments against the gate, each once."""
    found = (find_experiment(project.repository, name) for name in names or (None,))
    return [*check_refs(project.repository, [*dict.fromkeys(found)])]


def _accept(here: Project, report: Checked | Uncheckable, explore: str) -> _Accepted:
    """Let an experiment run, unless a rule refuses it.

    Raises:
        Refused: the gate refuses it.
        UsageError: the gate does not refuse it, and yet it is to be explored.
        NotReady: it has no baseline, or its settings are not approved in this clone.
    """
    if isinstance(report, Uncheckable):
        raise report.error
    if explore:
        registration = _improvised(report)
    else:
        report.demand()
        assert report.registration is not None  # noqa: S101 - the gate found nothing wrong
        registration = report.registration
    demand_trust(report.project, here, report.name)
    return _Accepted(report, registration)


def _improvised(report: Checked) -> Registration:
    """What to measure if the gate is skipped: the message's own design, else the settings'.

    Raises:
        UsageError: the gate has nothing against this experiment.
    """
    if report.ok:
        raise UsageError(
            f"exp/{report.name} passes the gate, so you do not need --explore",
            f"gitexp run {report.name}",
        )
    return report.registration or improvised(report.settings, report.name, report.entry.message)


def _refuse_stale(here: Project, report: Checked) -> None:
    """Refuse an experiment that nobody named, if what runs has changed since it was planned.

    Raises:
        UsageError: it has changed, and nothing of the experiment was run.
    """
    commit, base = report.entry.commit, report.base
    if report.project.prefix != here.prefix or base == here.tip:
        return
    if base in same_runs(here, here.settings, here.tip):
        return
    if read_notes(here.repository, RUNS, [commit]):
        return
    raise UsageError(
        f"exp/{report.name} was planned on an older baseline: what runs on {here.baseline} has"
        " changed since",
        f"register it on the present one: gitexp retest {report.name}\n"
        f"or run it as it is: gitexp run {report.name}",
    )


def _sessions(
    accepted: Sequence[_Accepted],
    jobs: int | None,
    maker: RunMaker,
    watcher: Watcher,
    explore: str,
) -> list[ExperimentSession]:
    """Put experiments under way, with one bench for those of the same baseline."""
    repository = accepted[0].report.project.repository
    ledgers = _ledgers(accepted, watcher, explore)
    jobs = demand_devices(maker, ledgers, jobs) or most_jobs(maker, ledgers)
    neighbours = Neighbours()
    benches: dict[tuple[str, str], Bench] = {}
    sessions = []
    for one, ledger in zip(accepted, ledgers, strict=True):
        report = one.report
        key = report.project.prefix, report.base
        bench = benches.setdefault(key, Bench(report.base, jobs, watcher))
        own = watcher if len(accepted) == 1 else Prefixed(watcher, f"exp/{report.name}")
        for finding in report.findings:
            if finding.id == "V3":
                own.said(finding.message)
        sessions.append(
            ExperimentSession(ledger, bench, maker, own, report.name, one.registration, neighbours)
        )
    unmeasured = [
        s.ledger.experiment for s in sessions if not s.ledger.records(s.ledger.experiment)
    ]
    for said in about_missing_results(repository, unmeasured) if unmeasured else ():
        watcher.said(said)
    return sessions


def _ledgers(accepted: Sequence[_Accepted], watcher: Watcher, explore: str) -> list[Ledger]:
    """Read what is on record for experiments and their baselines, in a few git processes."""
    repository = accepted[0].report.project.repository
    pairs = [(one.report.base, one.report.entry.commit) for one in accepted]
    commits = list(dict.fromkeys(commit for pair in pairs for commit in pair))
    end_unended(repository, commits)
    notes = dict.fromkeys(commits, "") | read_notes(repository, RUNS, commits)
    shared = Environments(repository)
    told: set[str] = set()

    def tell_once(text: str) -> None:
        if text not in told:
            told.add(text)
            watcher.said(text)

    shared_by: dict[tuple[str, str], list[tuple[Ledger, Registration]]] = {}
    ledgers = []
    for one, (base, commit) in zip(accepted, pairs, strict=True):
        ledger = Ledger(
            one.report.project, one.report.settings, one.registration.criterion.metric,
            tell_once, experiment=commit, why=explore, shared=shared,
            beside=base if one.registration.interleaved else "",
        )  # fmt: skip
        ledger.take({base: notes[base], commit: notes[commit]})
        key = one.report.project.prefix, base
        shared_by.setdefault(key, []).append((ledger, one.registration))
        ledgers.append(ledger)
    for (_, base), mine in shared_by.items():
        sharing = [(ledger, r) for ledger, r in mine if not ledger.beside]
        if not sharing:
            continue
        first, *others = (ledger for ledger, _ in sharing)
        seeds = {seed for _, registration in sharing for seed in registration.registered_seeds()}
        if first.adopt(base, sorted(seeds)):
            for ledger in others:
                ledger.read(base)
    return ledgers


def _ended(session: ExperimentSession) -> Conclusion | Unfinished:
    if session.error is not None:
        return Unfinished(session.name, session.error)
    return Conclusion(
        session.name, session.ledger.experiment, session.registration, session.judgement,
        session.ledger.stored, session.note, _together(session),
    )  # fmt: skip


def _together(session: ExperimentSession) -> Together | None:
    """What an experiment that tests a change again and the earlier ones measured."""
    if not session.registration.tests_again:
        return None
    project, commit = session.ledger.project, session.ledger.experiment
    results = {result.commit: result for result in read_results(project)}
    mine = results.pop(commit, None)
    if mine is None:
        return None
    return measured_together(project.repository, mine, [*results.values()])
