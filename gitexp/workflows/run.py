"""Run experiments: check them, run what is missing look by look, judge them, write the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine.devices.giver import Giver
from gitexp.errors import GitexpError, UsageError
from gitexp.lab.gate import check_refs
from gitexp.lab.log.decided import measured_together
from gitexp.lab.log.missing_results import about_missing_results
from gitexp.lab.log.results import read_results
from gitexp.lab.measuring.admitted import Admitted, admit, demand_ready, read_ledgers, tools_of
from gitexp.lab.measuring.adopting import adopt
from gitexp.lab.measuring.canary import about_unused
from gitexp.lab.measuring.driving import demand_devices, drive, most_jobs, run_maker
from gitexp.lab.measuring.experiment_session import ExperimentSession
from gitexp.lab.measuring.neighbours import Neighbours
from gitexp.lab.measuring.step_session import prove_steps
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.experiment import find_experiment
from gitexp.rules.text import demand_plain
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.gate.checked import Checked, Uncheckable
    from gitexp.lab.log.result import Result
    from gitexp.lab.measuring.driving import RunOptions
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.lab.measuring.run_maker import RunMaker
    from gitexp.lab.projects.project import Project
    from gitexp.lab.workers.remote_cluster import RemoteCluster
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.plan.together import Together
    from gitexp.rules.verdict.verdict import Judgement


class Conclusion(NamedTuple):
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


class Unfinished(NamedTuple):
    """An experiment without a verdict, and why: a rule that refuses it, or a run that failed."""

    name: str
    error: GitexpError


def run(
    project: Project, names: Sequence[str], options: RunOptions, *, explore: str = ""
) -> list[Conclusion | Unfinished]:
    """Run what is missing for experiments, and write their verdicts as notes.

    Without names, the experiment that is checked out is meant, else the one last started. `explore`
    says why you run something that the gate refuses; its verdict can only be EXPLORATORY. One
    experiment that cannot go on stops no other; each is returned in its place.

    Raises:
        UsageError: a name is unknown; nothing was executed.
        StoreBusy: a run could not be stored.
    """
    repository = project.repository
    found = admit_each(project, names, explore)
    admitted = [one for one in found if isinstance(one, Admitted)]
    ended: dict[str, Conclusion | Unfinished] = {}
    if admitted:
        if not names:
            _refuse_stale(project, admitted[0].report)
        options = at_cluster(options, admitted)
        with run_maker(repository, options) as maker:
            sessions = _sessions(admitted, maker, options, explore)
            drive(repository, sessions, options)
        known: dict[str, list[Result]] = {}
        ended = {session.name: _ended(session, known) for session in sessions}
    return [ended[one.report.name] if isinstance(one, Admitted) else one for one in found]


def admit_each(
    project: Project, names: Sequence[str], explore: str = ""
) -> list[Admitted | Unfinished]:
    """Hold experiments against the gate, each once; those that may not run say why.

    Raises:
        UsageError: a name is unknown.
    """
    reports = _reports(project, names)
    demand_plain(explore, "--explore")
    found: list[Admitted | Unfinished] = []
    for report in reports:
        try:
            found.append(admit(project, report, explore))
        except GitexpError as error:
            found.append(Unfinished(report.name, error))
    return found


def at_cluster(options: RunOptions, admitted: Sequence[Admitted]) -> RunOptions:
    """Make sure that other machines can run experiments, if they are to, and how many at once.

    Raises:
        NotReady: the remote is not ready.
    """
    if options.on is None:
        return options
    demand_ready(options.on, admitted)
    return options._replace(jobs=options.jobs or options.on.cluster.most)


def demand_runnable(
    project: Project, names: Sequence[str], jobs: int | None, gpus: str, on: RemoteCluster | None
) -> list[str]:
    """Make the checks of `run` and run nothing; returns the names of the experiments.

    Raises:
        UsageError: a name is unknown, `gpus` names a device that is not there, or `jobs` are more
            than devices, where each run needs one to itself.
        Refused: the gate refuses one of them.
        NotReady: one has no baseline, its settings are not approved, or it lacks accelerators; or
            the remote of other machines is not ready.
    """
    giver = Giver(gpus)
    admitted = [admit(project, report) for report in _reports(project, names)]
    if not names:
        _refuse_stale(project, admitted[0].report)
    if on is not None:
        demand_ready(on, admitted)
        return [one.report.name for one in admitted]
    every = [one.report.settings for one in admitted]
    for settings in every:
        giver.most(settings)
    demand_devices(giver, every, jobs)
    return [one.report.name for one in admitted]


def _reports(project: Project, names: Sequence[str]) -> list[Checked | Uncheckable]:
    """Hold experiments against the gate, each once."""
    found = (find_experiment(project.repository, name) for name in names or (None,))
    return [*check_refs(project.repository, [*dict.fromkeys(found)])]


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
        f"register it on the current one: gitexp retest {report.name}\n"
        f"or run it as it is: gitexp run {report.name}",
    )


def _sessions(
    admitted: Sequence[Admitted], maker: RunMaker, options: RunOptions, explore: str
) -> list[ExperimentSession]:
    """Put experiments under way; where they run on other machines, nothing is asked here."""
    watcher, jobs, away = options.watcher, options.jobs, options.away
    ledgers = read_ledgers(admitted, watcher.said, why=explore)
    if not away or jobs is None:
        settings = (ledger.settings for ledger in ledgers)
        jobs = demand_devices(maker.giver, settings, jobs) or most_jobs(maker, ledgers)
    if not away:
        bases = ((one.report.project, one.report.base) for one in admitted)
        prove_steps(bases, maker, jobs, watcher)
    _adopt(admitted, ledgers)
    neighbours = Neighbours()
    sessions = []
    every = tools_of(admitted, ledgers, maker, jobs, options)
    for one, tools in zip(admitted, every, strict=True):
        for finding in one.report.findings:
            if finding.id == "V3":
                tools.watcher.said(finding.message)
        sessions.append(ExperimentSession(tools, one.registration, neighbours))
    if unused := about_unused(ledgers):
        watcher.said(unused)
    unmeasured = [ledger.experiment for ledger in ledgers if not ledger.records(ledger.experiment)]
    repository = admitted[0].report.project.repository
    for said in about_missing_results(repository, unmeasured) if unmeasured else ():
        watcher.said(said)
    return sessions


def _adopt(admitted: Sequence[Admitted], ledgers: Sequence[Ledger]) -> None:
    """Take over the baselines' records of ancestors that run the same, once for each baseline."""
    groups: dict[tuple[str, str], list[tuple[Ledger, Registration]]] = {}
    for one, ledger in zip(admitted, ledgers, strict=True):
        if not ledger.beside:
            groups.setdefault(one.baseline, []).append((ledger, one.registration))
    for (_, base), sharing in groups.items():
        first, *others = (ledger for ledger, _ in sharing)
        seeds = {seed for _, registration in sharing for seed in registration.registered_seeds()}
        if adopt(first, base, seeds):
            for ledger in others:
                ledger.read(base)


def _ended(session: ExperimentSession, known: dict[str, list[Result]]) -> Conclusion | Unfinished:
    if session.error is not None:
        return Unfinished(session.name, session.error)
    return Conclusion(
        session.name, session.ledger.experiment, session.registration, session.judgement,
        session.ledger.stored, session.note, _together(session, known),
    )  # fmt: skip


def _together(session: ExperimentSession, known: dict[str, list[Result]]) -> Together | None:
    """What an experiment that tests a change again and the earlier ones measured.

    Results that are `known`, by project, are read once for all of the command's experiments.
    """
    if not session.registration.tests_again:
        return None
    project, commit = session.ledger.project, session.ledger.experiment
    if project.folder not in known:
        known[project.folder] = read_results(project)
    results = {result.commit: result for result in known[project.folder]}
    mine = results.pop(commit, None)
    if mine is None:
        return None
    return measured_together(project.repository, mine, [*results.values()])
