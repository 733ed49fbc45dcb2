"""Measure the baseline alone, and say what the next experiment could detect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.log.ladder import LadderStep, read_steps
from gitexp.lab.log.results import place_of_next, read_results
from gitexp.lab.measuring.adopting import adopt
from gitexp.lab.measuring.baseline_session import BaselineSession
from gitexp.lab.measuring.bench import Bench
from gitexp.lab.measuring.driving import RunOptions, demand_devices, drive, most_jobs, run_maker
from gitexp.lab.measuring.ledger import Ledger, scope_of
from gitexp.lab.measuring.one_baseline import blocks_due
from gitexp.lab.measuring.session import SessionTools
from gitexp.lab.measuring.step_session import prove_steps
from gitexp.lab.measuring.unended import end_unended
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.design import history
from gitexp.lab.registering.seeds import first_seed
from gitexp.lab.trust.trust import demand_trust
from gitexp.rules.documents.record import PROOF, Record
from gitexp.rules.finding import Finding
from gitexp.rules.plan.design import criterion_from, registration_for
from gitexp.rules.verdict.power import Power, power_of, underpowered

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.lab.workers.remote_cluster import RemoteCluster
    from gitexp.rules.documents.registration import Registration

_RECENT = 3  # baselines whose conditions a new one may share


@dataclass(frozen=True, slots=True)
class MeasuredBaseline:
    """The baseline's repeats, one record per seed.

    `step` is the commit that led here, if it was not an experiment. `next` is what the next
    experiment would register by the settings alone, `power` what it can detect and will cost, and
    `advice` says if it would usually miss what it asks for.
    """

    records: tuple[Record, ...]
    step: LadderStep | None
    next: Registration
    power: Power
    advice: Finding | None


def measure_baseline(
    project: Project, options: RunOptions, *, again: bool = False
) -> MeasuredBaseline:
    """Run the baseline's repeats at the tip of its branch; for a deterministic trainer, the proof.

    `again` measures all of them again where the baseline has moved, which is checked first: whoever
    could do so at will would choose a baseline. This session has no name: "" is what `to_stop`
    calls it.

    Raises:
        NotReady: the settings are not approved in this clone, or wrongly claim determinism; or the
            baseline has moved, and `again` is not set.
        UsageError: these are more jobs than devices, where each run needs one to itself.
        CommandFailed: a run failed.
    """
    settings, watcher, jobs, on = project.settings, options.watcher, options.jobs, options.on
    demand_measurable(project, on)
    if on is not None:
        jobs = jobs or on.cluster.most
    if settings.pairing:
        watcher.said(
            f'pairing = "{settings.pairing}": these runs only help you plan; gitexp run NAME makes'
            " the baseline runs that an experiment is compared with"
        )
    results = read_results(project)
    bases = dict.fromkeys(r.entry.base for r in results if r.entry.parents)
    scope = scope_of(project, settings, settings.metric)
    ledger = Ledger(project, settings, scope, watcher.said)
    with run_maker(project.repository, options) as maker:
        if on is None:
            jobs = demand_devices(maker.giver, [settings], jobs)
        end_unended(project.repository, [project.tip])
        if not again and on is None:
            prove_steps(
                [(project, project.tip)], maker, jobs or most_jobs(maker, [ledger]), watcher
            )
        registration = _registration(project, results)
        seeds = registration.registered_seeds() if settings.seeded else PROOF
        # After a refactoring, a run may load one package more and still compare with earlier ones.
        ledger.environments.read(*list(bases)[:_RECENT])
        adopt(ledger, project.tip, seeds)
        jobs = jobs or most_jobs(maker, [ledger])
        bench = Bench(project.tip, jobs, watcher, away=options.away)
        session = BaselineSession(SessionTools(ledger, bench, maker, watcher), seeds, again=again)
        drive(project.repository, [session], options)
    if session.error is not None:
        raise session.error
    records = ledger.records(project.tip)
    good = ledger.good(project.tip, seeds, bench.here)
    step = next((step for step in read_steps(project, bases) if step.alters), None)
    step = step if step is not None and step.untested else None
    power = power_of(registration, *history(results, records))
    advice = underpowered(registration, power)
    return MeasuredBaseline(tuple(good[seed] for seed in seeds), step, registration, power, advice)


def demand_measurable(project: Project, on: RemoteCluster | None) -> None:
    """Make the checks of `measure_baseline` and run nothing.

    Raises:
        NotReady: the settings are not approved in this clone, or the remote of other machines is
            not ready.
    """
    demand_trust(project, project)
    if on is not None:
        on.meeting.demand_ready([project.tip])


def _registration(project: Project, results: Sequence[Result]) -> Registration:
    """What the next experiment would register by the settings alone."""
    settings = project.settings
    place = place_of_next(project, results, settings.metric)
    return registration_for(
        settings,
        criterion=criterion_from(settings, ""),
        first_seed=first_seed(
            project, project.tip, due=blocks_due(results, project.folder, settings.metric)
        ),
        campaign=place.campaign,
        level=place.level,
    )
