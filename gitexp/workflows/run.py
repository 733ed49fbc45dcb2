"""Run an experiment: gate, the baseline's missing seeds, the experiment's, verdict, note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import CommandFailed, NotReady, Refused, UsageError
from gitexp.lab.bench import Bench
from gitexp.lab.gate import check
from gitexp.lab.results import place_of_next, read_results
from gitexp.lab.trust import demand_trust
from gitexp.lab.verdicts import as_explored, exact_metrics
from gitexp.rules.documents.record import PROOF, Record
from gitexp.rules.plan.design import improvised, met_already, registration_for
from gitexp.rules.text import demand_plain
from gitexp.rules.verdict import words
from gitexp.rules.verdict.pairs import first_good
from gitexp.store.note_writing import replace_notes
from gitexp.store.refs import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.gate.checked import Checked
    from gitexp.lab.ladder import Step
    from gitexp.lab.project import Project
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.finding import Finding
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.power import Power
    from gitexp.rules.verdict.verdict import Judgement
    from gitexp.store.repository import Repository

_RECENT = 3  # baselines whose conditions a new one may share
_ANEW = "; then gitexp retest registers the change anew"


@dataclass(frozen=True, slots=True)
class Answer:
    """An experiment's answer after `run`."""

    name: str
    commit: str
    registration: Registration
    judgement: Judgement
    ran: int
    note: str


def run(
    project: Project, name: str | None, *, jobs: int, watcher: Watcher, explore: str = ""
) -> Answer:
    """Run what is missing, look by look, and write the verdict as a note.

    `explore` says why something that the gate refuses is run all the same; its verdict can only be
    EXPLORATORY.

    Raises:
        Refused: the gate says no; nothing was executed.
        NotReady: the settings are not approved in this clone.
        CommandFailed: a run failed; it is recorded, and the next attempt is free to succeed.
    """
    here = project
    report = check(here.repository, name)
    project = report.project
    if demand_plain(explore, "--explore"):
        registration = _improvised(report)
    else:
        report.demand()
        assert report.registration is not None  # noqa: S101 - nothing was found wrong with it
        registration = report.registration
    for finding in report.findings:
        if finding.id == "V3":
            watcher.said(finding.message)
    commit, base = report.entry.commit, report.base
    demand_trust(project, here, report.name)
    bench = Bench(
        project, report.settings, registration.criterion.metric, jobs, watcher, (commit, explore)
    )
    seeds = registration.registered_seeds()
    label = f"baseline {project.baseline}"
    with bench:
        bench.read(base, commit)
        bench.adopt(base, seeds)
        judgement = bench.judge(registration, base, commit)
        try:
            while judgement.verdict is None or judgement.reason == "repeats failed":
                due = seeds[: judgement.due or _first_undecided(registration, judgement)]
                if not registration.seeded:
                    _prove(bench, label, base, registration.criterion.metric, _ANEW)
                bench.measure_partners(label, base, commit, due)
                if not bench.records(commit):
                    _refuse_what_is_met(bench.records(base), registration.criterion, due)
                bench.measure(f"exp/{report.name}", commit, due)
                bench.match(label, base, commit, due)
                bench.weigh(registration, base, commit)
                judgement = bench.judge(registration, base, commit)
        except CommandFailed:
            judgement = as_explored(bench.judge(registration, base, commit), explore)
            if judgement.verdict is not None:
                _write_view(project.repository, commit, registration, judgement)
            raise
    judgement = as_explored(judgement, explore)
    note = _write_view(project.repository, commit, registration, judgement)
    return Answer(report.name, commit, registration, judgement, bench.ran, note)


def _prove(bench: Bench, label: str, base: str, metric: str, then: str = "") -> None:
    """Prove a trainer deterministic that is said to be: run the baseline twice.

    Raises:
        NotReady: the two runs differ; `then` is what to do after the settings were mended.
    """
    bench.measure_partners(label, base, "", PROOF)
    for _ in PROOF:
        if exact_metrics(bench.records(base), metric) is not None:
            break
        # The two were made in two conditions: the older one again, in that of the later.
        found = first_good(bench.records(base), PROOF, metric).values()
        last = max(found, key=lambda record: record.start)
        bench.measure(label, base, PROOF, [last.condition])
    exact = exact_metrics(bench.records(base), metric)
    if exact is None:
        raise NotReady(
            "the two runs that must give the same do not run in the same condition",
            "keep python, packages and declared data as they are between two runs",
        )
    if metric not in exact:
        found = first_good(bench.records(base), PROOF, metric).values()
        values = " and ".join(f"{record.metrics[metric]:.6g}" for record in found)
        raise NotReady(
            f'vary = "none" says that a repeated run gives the same, and {metric} came out as'
            f" {values}",
            f'say vary = "seed" (or "split") in the settings on the baseline branch{then}',
        )


def _refuse_what_is_met(
    records: Sequence[Record], criterion: Criterion, seeds: Sequence[int]
) -> None:
    """Stop before an experiment whose success against a constant would show nothing."""
    measured = first_good(records, seeds, criterion.metric).values()
    if finding := met_already(criterion, [r.metrics[criterion.metric] for r in measured]):
        raise Refused("not run", [finding])


def _improvised(report: Checked) -> Registration:
    """What to measure where the gate was skipped: the message's own design, else the settings'.

    Raises:
        UsageError: the gate has nothing against this experiment.
    """
    if report.ok:
        raise UsageError(
            f"exp/{report.name} passes the gate, so there is nothing to explore past",
            f"gitexp run {report.name}",
        )
    return report.registration or improvised(report.settings, report.name, report.entry.message)


def _first_undecided(registration: Registration, judgement: Judgement) -> int:
    """Pairs wanted by the look at which a failed repeat stopped the experiment."""
    return next(look for look in registration.repeats if look > judgement.pairs)


def _write_view(
    repository: Repository, commit: str, registration: Registration, judgement: Judgement
) -> str:
    text = words.note(registration, judgement)
    replace_notes(repository, VERDICTS, {commit: text})
    return text


@dataclass(frozen=True, slots=True)
class Measured:
    """The baseline's repeats, one record a seed; `step` led here, if it was no experiment.

    `next` is what the next experiment would register by the settings alone, `power` what that
    can detect and will cost, `advice` that it would usually miss what it asks for.
    """

    records: tuple[Record, ...]
    step: Step | None
    next: Registration
    power: Power
    advice: Finding | None


def measure_baseline(project: Project, *, jobs: int, watcher: Watcher) -> Measured:
    """Run the baseline's repeats at the tip of its branch; for a deterministic trainer, the proof.

    Raises:
        NotReady: the settings are not approved in this clone, or claim a determinism that is none.
        CommandFailed: a run failed.
    """
    from gitexp.lab.design import first_fresh_seed, history
    from gitexp.lab.ladder import read_steps
    from gitexp.rules.plan.design import criterion_from
    from gitexp.rules.verdict.power import power_of, underpowered

    settings, label = project.settings, f"baseline {project.baseline}"
    demand_trust(project, project)
    results = read_results(project)
    first = first_fresh_seed(project, results)
    seeds = range(first, first + settings.looks[-1]) if settings.seeded else PROOF
    bases = dict.fromkeys(r.entry.parents[0] for r in results if r.entry.parents)
    with Bench(project, settings, settings.metric, jobs, watcher) as bench:
        # A refactoring may load one package more: its runs still compare with those before it.
        bench.learn(*list(bases)[:_RECENT])
        bench.adopt(project.tip, seeds)
        if settings.seeded:
            bench.measure_partners(label, project.tip, "", seeds)
        else:
            _prove(bench, label, project.tip, settings.metric)
        records = bench.records(project.tip)
        good = first_good(records, seeds, settings.metric, bench.here)
    steps = read_steps(project, bases)
    step = steps[0] if steps and not steps[0].accepted else None
    place = place_of_next(results, settings.metric, settings)
    registration = registration_for(
        settings,
        criterion=criterion_from(project.settings, ""),
        first_seed=first,
        campaign=place.campaign,
        level=place.level,
    )
    power = power_of(registration, *history(results, records))
    advice = underpowered(registration, power)
    return Measured(tuple(good[seed] for seed in seeds), step, registration, power, advice)
