"""Accept a confirmed experiment into the baseline, here or through a pull request."""

from __future__ import annotations

import shlex
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.lab.code.brought_code import measure_code
from gitexp.lab.gate import check
from gitexp.lab.log.acceptance import Acceptance, read_acceptances
from gitexp.lab.log.missing_results import way_to_verdict
from gitexp.lab.log.results import read_results
from gitexp.lab.log.seed_runs import seed_runs
from gitexp.lab.measuring.arms import about_arms, arms_of
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.remote import choose_remote
from gitexp.lab.standing.outdated import NOTHING, Waiting, waiting
from gitexp.rules.documents.message import hypothesis_of, wrapped_text
from gitexp.rules.plan.design import unguarded
from gitexp.rules.plan.run_scores import half_width
from gitexp.rules.text import demand_plain
from gitexp.rules.verdict import effects, figures, words
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.merge_subject import merge_subject
from gitexp.store.branches import move_branch
from gitexp.store.commits import commit_tree, transplant
from gitexp.store.kept_pack import again_if_lost
from gitexp.store.note_writing import store_aside
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, HEADS, RUNS, VERDICTS
from gitexp.store.work_tree import advance_checkout

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.lab.projects.project import Project
    from gitexp.rules.finding import Finding


@dataclass(frozen=True, slots=True)
class Accepted:
    """The merge commit, and the tip of the baseline before it.

    `worse` says how far the project's own metric got worse, where success was another one; "" if
    it did not.
    """

    name: str
    commit: str
    baseline: str
    before: str
    moved_here: bool = False  # the baseline is checked out here, so the files changed too
    already: bool = False  # it was accepted before
    worse: str = ""
    waiting: Waiting = NOTHING  # what was planned or confirmed on the former baseline
    advice: tuple[Finding, ...] = ()  # what told the two arms apart beside the change


def accept(project: Project, name: str | None, *, anyway: str = "") -> Accepted:
    """Merge a confirmed experiment with --no-ff, so that its commit keeps its id and its results.

    `anyway` is your reason to accept it with another verdict; the merge commit records it. An
    experiment that was accepted already, perhaps by a command that was killed, is only named.

    Raises:
        Refused: not confirmed, or what runs on the baseline has changed since it was measured.
        NotReady: the baseline branch is behind its upstream, checked out elsewhere, or somebody
            moved it meanwhile.
    """
    project, result = _found(project, name, anyway)
    repository, experiment = project.repository, result.entry.commit
    if (accepted := _acceptance(project, experiment)) is not None:
        before = repository.git.resolve(f"{accepted.commit}^1") or ""
        return Accepted(result.name, accepted.commit, project.baseline, before, already=True)
    _demand_acceptable(project, result, anyway)
    _demand_up_to_date(project)
    if repository.git.resolve(project.baseline_ref) is None:
        raise NotReady(
            f"{project.baseline} is not a local branch here", f"git switch {project.baseline}"
        )
    place = repository.checked_out().get(project.baseline_ref)
    if place is not None and place != repository.top:
        raise NotReady(
            f"{project.baseline} is checked out in {place}, and its files would change there",
            f"cd {shlex.quote(str(place))} && gitexp accept {result.entry.name}",
        )
    # Every check above was made against this tip, so the branch moves from it and no other.
    before = project.tip
    message, reason = _message(project, result, anyway), f"gitexp: accept exp/{result.entry.name}"
    move = move_branch if place is None else advance_checkout

    def merge() -> str:
        made = _merge(project, before, result, message)
        move(repository, project.baseline_ref, made, before, reason=reason)
        return made

    commit = again_if_lost(merge)
    return Accepted(
        result.entry.name, commit, project.baseline, before, moved_here=place is not None,
        worse=_worse(project, result), waiting=waiting(project._replace(tip=commit)),
        advice=_about_arms(project, result),
    )  # fmt: skip


def _about_arms(project: Project, result: Result) -> tuple[Finding, ...]:
    if (registration := result.registration) is None:
        return ()
    bulk = read_notes(project.repository, BULK, [result.base, result.commit]).values()
    records = result.baseline_records, result.records
    return (*about_arms(result.name, arms_of(registration, *records, bulk, result.beside)),)


@dataclass(frozen=True, slots=True)
class Offered:
    """An experiment that was pushed for review, and the message that a squash must keep."""

    name: str
    remote: str
    message: str


def offer(project: Project, name: str | None, *, anyway: str = "") -> Offered:
    """Push an experiment and its results for review instead of merging it here.

    Raises:
        Refused: it could not be accepted here either.
        NotReady: there is no remote, or it refused the push.
    """
    project, result = _found(project, name, anyway)
    if _acceptance(project, result.commit) is not None:
        raise UsageError(f"exp/{result.name} is already accepted", "see the ladder: gitexp log")
    _demand_acceptable(project, result, anyway)
    repository = project.repository
    remote = choose_remote(repository, project.baseline)
    # Logs are shared by sync --logs only.
    notes = [f"{ref}:{ref}" for ref in repository.branches([VERDICTS, RUNS, BULK])]
    repository.git.run("push", "--quiet", "--", remote, f"{HEADS}{result.entry.name}", *notes)
    return Offered(result.entry.name, remote, _message(project, result, anyway))


def _found(here: Project, name: str | None, anyway: str) -> tuple[Project, Result]:
    """Find an experiment that breaks no rule, and the project that it belongs to."""
    demand_plain(anyway, "--anyway")
    store_aside(here.repository)
    report = check(here.repository, name)
    report.demand()
    project = report.project
    return project, read_results(project, report.name)[0]


def _acceptance(project: Project, experiment: str) -> Acceptance | None:
    found = read_acceptances(project)[0]
    return next((one for one in found if one.experiment == experiment), None)


def _demand_acceptable(project: Project, result: Result, anyway: str) -> None:
    _demand_confirmed(project, result, anyway)
    _demand_same_baseline(project, result)


def _demand_confirmed(project: Project, result: Result, anyway: str) -> None:
    if anyway.strip():
        return
    if result.confirmed:
        _demand_gain(result)
        return
    verdict = result.judgement and result.judgement.verdict
    name = result.entry.name
    raise Refused(
        f"exp/{name} is {verdict or 'not decided yet'}, and only CONFIRMED ones are accepted",
        hint=f'to accept it anyway, give a reason: gitexp accept {name} --anyway "WHY"'
        if verdict
        else way_to_verdict(project.repository, name, result.commit),
    )


def _demand_gain(result: Result) -> None:
    """Refuse an experiment that reaches a constant but does not improve on its baseline."""
    registration, judgement = result.registration, result.judgement
    if registration is None or judgement is None:
        return
    criterion, before, after = (
        registration.criterion, judgement.baseline_mean, judgement.candidate_mean,
    )  # fmt: skip
    if criterion.scale is not Scale.CONSTANT or before is None or after is None:
        return
    if criterion.sign * (after - before) > 0:
        return
    shown = " -> ".join(effects.means(registration, judgement))
    raise Refused(
        f"exp/{result.entry.name} reaches {criterion}, but is not better than its baseline"
        f" ({shown})",
        hint=f'gitexp accept {result.entry.name} --anyway "WHY" accepts it and records the reason',
    )


def _worse(project: Project, result: Result) -> str:
    """Say how far the project's own metric got worse, where success says nothing of it."""
    settings, registration = project.settings, result.registration
    if registration is None or unguarded(registration, settings) is None:
        return ""
    moved = seed_runs(result).differences(settings.metric)
    if not moved or settings.criterion.sign * statistics.fmean(moved) >= 0:
        return ""
    half = half_width(moved, registration.widening)
    said = figures.within(statistics.fmean(moved), half, sign=True)
    return f"{settings.metric} {said}{' (95 %)' if half is not None else ''}"


def _demand_same_baseline(project: Project, result: Result) -> None:
    base = result.entry.base
    if base != project.tip and base not in same_runs(project, project.settings, project.tip):
        raise Refused(
            f"the code on {project.baseline} has changed since exp/{result.entry.name} was measured"
            f" (on {base[:10]}), so its gain there is unknown",
            hint=f"test the same change on the new tip: gitexp retest {result.entry.name}",
        )


def _demand_up_to_date(project: Project) -> None:
    git = project.repository.git
    upstream = (
        git.run("rev-parse", "--abbrev-ref", f"{project.baseline}@{{upstream}}", allow=(128,))
        .stdout.decode()
        .strip()
    )
    if not upstream or (tip := git.resolve(upstream)) is None:
        return
    behind = int(git.text("rev-list", "--count", f"{project.tip}..{tip}"))
    if behind:
        raise NotReady(
            f"{project.baseline} is {behind} commit{'s' if behind > 1 else ''} behind {upstream}",
            f"git switch {project.baseline} && git pull\nthen run the same command again",
        )


def _message(project: Project, result: Result, anyway: str) -> str:
    registration, judgement = result.registration, result.judgement
    assert registration is not None  # noqa: S101 - checked by the gate
    subject = merge_subject(result.entry.name, registration, judgement)
    lines = [subject, "", wrapped_text(hypothesis_of(result.entry.message)), ""]
    if judgement is not None:
        lines += [words.verdict_line(registration, judgement), ""]
    if result.code:
        [brings] = measure_code(project.repository, [result.standing])
        lines += [f"This brings the code commit {result.code[:10]}: {brings}.", ""]
    lines.append(f"Accepted: {result.entry.commit}")
    if registration.project:
        lines.append(f"Project: {registration.project}")
    if anyway.strip():
        lines.append(f"Anyway: {' '.join(anyway.split())}")
    return "\n".join(lines) + "\n"


def _merge(project: Project, before: str, result: Result, message: str) -> str:
    """Make the merge commit, which no branch holds yet; it brings the experiment and its code.

    What was merged before and reverted comes again: the difference is that from the baseline.
    """
    repository, experiment = project.repository, result.commit
    try:
        tree = transplant(repository, result.base, experiment, before)
    except Refused as refused:
        raise Refused(
            f"{project.baseline} and the experiment changed the same lines: {refused.message}",
            hint=f"test the same change on the new tip: gitexp retest {result.name}",
        ) from None
    return commit_tree(repository, tree, [before, experiment], message)
