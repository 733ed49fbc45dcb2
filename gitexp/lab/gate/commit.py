"""The rules that look only at an experiment's tree, its message and its settings."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitexp.lab.projects.experiment_name import amend_hint
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.documents.name import is_name, names_commit
from gitexp.rules.documents.registration import Registration, parse_message
from gitexp.rules.documents.settings import INTERLEAVED, Settings
from gitexp.rules.finding import Finding
from gitexp.rules.gate import hypothesis
from gitexp.rules.plan.design import against_direction, registration_for
from gitexp.rules.text import visible
from gitexp.store.refs import ARCHIVE, HEADS

if TYPE_CHECKING:
    from gitexp.rules.gate.one_change import Inspection
    from gitexp.store.experiments import Entry


def check_commit(
    entry: Entry, inspection: Inspection, project: Project
) -> tuple[Registration | None, list[Finding]]:
    """Check a commit; returns its registration, if the message has one, and the findings."""
    registration, said = _check_message(entry, inspection.change, project)
    findings = [*inspection.findings, *said]
    if registration is not None:
        findings += _check_design(entry, registration, project.settings)
    return registration, findings


def check_name(entry: Entry) -> list[Finding]:
    """Check that the branch has a valid experiment name."""
    # The ref of a remote branch begins with the name of the remote, which can be anything.
    own = entry.ref.startswith((HEADS, ARCHIVE))
    name = entry.ref.removeprefix(HEADS).removeprefix(ARCHIVE) if own else entry.name
    if is_name(name):
        return []
    return [
        Finding(
            "B2",
            f"exp/{visible(name)} is not a valid experiment name: use up to 60 lowercase letters,"
            " digits and dashes",
            f"git branch -m {shlex.quote(f'exp/{visible(name)}')} exp/NAME",
        )
    ]


def _check_message(
    entry: Entry, change: Change | None, project: Project
) -> tuple[Registration | None, list[Finding]]:
    findings = list(hypothesis.lint(hypothesis_of(entry.message), project.settings.metric))
    registration, said = parse_message(entry.message)
    findings += said
    if registration is None:
        return None, findings
    own = names_commit(entry.name, registration.name, entry.commit)
    if not own and is_name(entry.name):
        given, branch = (f"exp/{visible(name)}" for name in (registration.name, entry.name))
        findings.append(
            Finding(
                "T2",
                f"the trailer Experiment says {given[4:]}, but the branch is {branch[4:]}",
                f"git branch -m {shlex.quote(branch)} {shlex.quote(given)}",
            )
        )
    said_of_it = str(registration.change)
    if change is not None and said_of_it not in map(str, change.ever):
        findings.append(
            Finding(
                "T2",
                f"the trailer Change says {said_of_it!r}, but the diff says {str(change)!r}",
                amend_hint(entry.name, f"write: Change: {change}"),
            )
        )
    folder = project.prefix.rstrip("/")
    if registration.project != folder:
        where = visible(folder) if folder else "the project at the top of the repository"
        what = f"write: Project: {visible(folder)}" if folder else "remove the trailer Project"
        wrong = f"the trailer Project says {registration.project!r}, but the change is in {where}"
        findings.append(Finding("T2", wrong, amend_hint(entry.name, what)))
    return registration, findings


def _check_design(entry: Entry, registration: Registration, settings: Settings) -> list[Finding]:
    """Compare what a registration says about seeds, evidence and direction with the settings."""
    criterion = registration.criterion
    expected = registration_for(
        settings, criterion=criterion, first_seed=1, campaign=1, level=registration.level,
        repeats=registration.repeats, guards=registration.guards,
    )  # fmt: skip
    findings = [
        Finding(
            "T2",
            f"the trailer {token} says {said}, but by the settings it is {meant}",
            amend_hint(entry.name, f"write: {token}: {meant}"),
        )
        for token, said, meant in (
            ("Vary", registration.vary(), expected.vary()),
            ("Seeds", _seeds(registration), _seeds(expected)),
            ("Test", registration.test(), expected.test()),
        )
        if said != meant
    ]
    if registration.interleaved != expected.interleaved:
        line = f"Pairing: {INTERLEAVED}"
        said, asked = (
            ("has no trailer", "are") if expected.interleaved else ("has the trailer", "are not")
        )
        findings.append(
            Finding(
                "T2",
                f"the message {said} {line}, but by the settings pairs {asked} interleaved",
                amend_hint(entry.name, f"{'write' if expected.interleaved else 'remove'}: {line}"),
            )
        )
    if wrong := against_direction(criterion, settings):
        findings.append(wrong)
    # Later rules than the baseline asks for only ever confirm less.
    if registration.rules < settings.rules:
        findings.append(_other_rules(entry, registration.rules, settings.rules))
    return findings


def _other_rules(entry: Entry, registered: int, asked: int) -> Finding:
    """Refuse a registration that would be judged by other rules than its baseline asks for."""
    said = f"Rules: {registered}" if registered > 1 else "no trailer Rules"
    return Finding(
        "V11",
        f"the message has {said}, but its baseline's settings have rules = {asked}: it would be"
        " judged by earlier rules",
        amend_hint(entry.name, f"write: Rules: {asked}"),
    )


def _seeds(registration: Registration) -> str:
    return "first and last" if registration.seeded else "none"
