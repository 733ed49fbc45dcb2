"""Run an experiment: check it, run what is missing look by look, judge it, write the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import CommandFailed, Refused, UsageError
from gitexp.lab.arms import about_variables
from gitexp.lab.bench import Bench
from gitexp.lab.canary import check_baseline
from gitexp.lab.determinism import prove_deterministic
from gitexp.lab.doubt import answer_doubt, doubt
from gitexp.lab.evidence import store_evidence
from gitexp.lab.gate import check
from gitexp.lab.ledger import Ledger
from gitexp.lab.missing_results import about_missing_results
from gitexp.lab.pairing import match, measure_partners
from gitexp.lab.rows import unlike_rows
from gitexp.lab.scores_again import repeat_failed
from gitexp.lab.small_first import small_first
from gitexp.lab.trust import demand_trust
from gitexp.lab.unended import end_unended
from gitexp.rules.documents.found import TOLD, Found
from gitexp.rules.documents.record import PROOF
from gitexp.rules.plan.design import improvised, met_already
from gitexp.rules.text import demand_plain
from gitexp.rules.verdict import words
from gitexp.rules.verdict.attempts import may_go_on
from gitexp.rules.verdict.experiment import as_explored, design_of
from gitexp.rules.verdict.objections.failed_runs import FAILED_RUNS
from gitexp.rules.verdict.objections.other_rows import OTHER_ROWS
from gitexp.store.note_writing import replace_notes
from gitexp.store.refs import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.gate.checked import Checked
    from gitexp.lab.project import Project
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement
    from gitexp.store.repository import Repository

_RETEST = "; then gitexp retest registers the change again"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How an experiment was judged, `ran` counting the runs that were made for it."""

    name: str
    commit: str
    registration: Registration
    judgement: Judgement
    ran: int
    note: str


def run(
    project: Project, name: str | None, *, jobs: int, watcher: Watcher, explore: str = ""
) -> Conclusion:
    """Run what is missing, look by look, and write the verdict as a note.

    `explore` says why you run something that the gate refuses; its verdict can only be EXPLORATORY.

    Raises:
        Refused: the gate refuses it; nothing was executed.
        NotReady: the settings are not approved in this clone.
        CommandFailed: a run failed; it is recorded, and the next attempt may succeed.
    """
    here = project
    report = check(here.repository, name)
    project = report.project
    if demand_plain(explore, "--explore"):
        registration = _improvised(report)
    else:
        report.demand()
        assert report.registration is not None  # noqa: S101 - the gate found nothing wrong
        registration = report.registration
    for finding in report.findings:
        if finding.id == "V3":
            watcher.said(finding.message)
    commit, base = report.entry.commit, report.base
    demand_trust(project, here, report.name)
    ledger = Ledger(
        project, report.settings, registration.criterion.metric, watcher.said,
        experiment=commit, why=explore,
    )  # fmt: skip
    with Bench(ledger, jobs, watcher) as bench:
        end_unended(project.repository, [base, commit])
        ledger.read(base, commit)
        if not ledger.records(commit):
            for said in about_missing_results(project.repository, [commit]):
                watcher.said(said)
        ledger.adopt(base, registration.registered_seeds())
        small_first(ledger, f"exp/{report.name}", base, commit, watcher)
        try:
            judgement = _look_by_look(bench, registration, base, commit, report.name)
        except CommandFailed:
            judgement = as_explored(ledger.judge(registration, base, commit), explore)
            if judgement.verdict is not None:
                _write_note(project.repository, commit, registration, judgement)
            raise
        for finding in about_variables(report.name, ledger.arms(registration, base, commit)):
            watcher.said(f"{finding.id} {finding.message}; {finding.hint}")
    judgement = as_explored(judgement, explore)
    note = _write_note(project.repository, commit, registration, judgement)
    return Conclusion(report.name, commit, registration, judgement, ledger.stored, note)


def _look_by_look(
    bench: Bench, registration: Registration, base: str, commit: str, name: str
) -> Judgement:
    """Measure both arms up to the next look, until there is a verdict."""
    ledger, label = bench.ledger, f"baseline {bench.ledger.project.baseline}"
    seeds = registration.registered_seeds()
    whole = design_of(registration).needs_whole_baseline
    judgement = ledger.judge(registration, base, commit)
    # What skipped the gate confirms nothing, whatever it is compared with.
    if not ledger.why and may_go_on(judgement, registration.rules):
        used = seeds if registration.seeded else PROOF
        check = check_baseline(bench, label, base, used, of=commit)
        told = {known.found for known in ledger.checks(commit)} - {Found.MOVED}
        if check is not None and check.found in TOLD - told:
            ledger.note(check)
            judgement = ledger.judge(registration, base, commit)
    if may_go_on(judgement, registration.rules):
        doubt(ledger, registration, judgement)
    while may_go_on(judgement, registration.rules) and not judgement.block:
        due = seeds[: judgement.due or _next_look(registration, judgement)]
        if not registration.seeded:
            prove_deterministic(bench, label, base, _RETEST)
        partners = seeds if whole else due
        measure_partners(bench, label, base, commit, partners)
        if not ledger.records(commit):
            _refuse_if_met_already(ledger, registration, base, due)
        bench.measure(f"exp/{name}", commit, due)
        match(bench, label, base, commit, due, partners)
        judgement = ledger.judge(registration, base, commit)
        if judgement.verdict is None and registration.by_examples:
            store_evidence(ledger, registration, base, commit)
            judgement = ledger.judge(registration, base, commit)
    if judgement.reason == OTHER_ROWS:
        for said in unlike_rows(ledger, registration, base, commit):
            bench.watcher.said(said)
    if judgement.reason == FAILED_RUNS:
        decided = seeds[: judgement.pairs]
        if repeat_failed(bench, f"exp/{name}", base, commit, decided):
            judgement = ledger.judge(registration, base, commit)
    return answer_doubt(bench, label, base, registration, judgement)


def _next_look(registration: Registration, judgement: Judgement) -> int:
    """Number of pairs at the look before which a failed repeat stopped the experiment."""
    return next(look for look in registration.repeats if look > judgement.pairs)


def _refuse_if_met_already(
    ledger: Ledger, registration: Registration, base: str, seeds: Sequence[int]
) -> None:
    """Refuse an experiment whose criterion, a constant, the baseline meets already."""
    criterion = registration.criterion
    measured = ledger.good(base, seeds).values()
    if finding := met_already(criterion, [r.metrics[criterion.metric] for r in measured]):
        raise Refused("not run", [finding])


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


def _write_note(
    repository: Repository, commit: str, registration: Registration, judgement: Judgement
) -> str:
    text = words.note(registration, judgement)
    replace_notes(repository, VERDICTS, {commit: text})
    return text
