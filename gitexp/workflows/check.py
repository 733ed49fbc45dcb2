"""The gate: what `check`, `run`, every hook and a server ask before anything happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, Refused
from gitexp.rules import hypothesis
from gitexp.rules.campaign import count
from gitexp.rules.finding import Finding
from gitexp.rules.registration import (
    Registration,
    hypothesis_of,
    names_commit,
    parse_message,
    split_message,
)
from gitexp.rules.verdict import campaign_level
from gitexp.store.experiments import read_commit
from gitexp.workflows.design import against_direction, registration_for
from gitexp.workflows.differences import inspect_trees
from gitexp.workflows.known import against_known, answer_known, settled, tried_before
from gitexp.workflows.project import find_experiment, settings_of
from gitexp.workflows.results import read_results

if TYPE_CHECKING:
    from gitexp.rules.one_change import Change, Inspection
    from gitexp.rules.settings import Settings
    from gitexp.store.experiments import Entry
    from gitexp.workflows.project import Project
    from gitexp.workflows.results import Result

# Level is written with six significant digits.
LEVEL_SLACK = 1 + 1e-5


@dataclass(frozen=True, slots=True)
class Report:
    """What the gate says about one experiment.

    `base` is the baseline commit that it was compared with, `settings` are those of that commit.
    """

    name: str
    entry: Entry
    base: str
    settings: Settings
    change: Change | None
    registration: Registration | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the experiment may run."""
        return not any(not finding.advice for finding in self.findings)

    def demand(self) -> None:
        """Raise Refused with every finding where the experiment may not run."""
        if not self.ok:
            count = sum(not finding.advice for finding in self.findings)
            raise Refused(
                f"exp/{self.name}: refused, {count} rule{'' if count == 1 else 's'} broken",
                self.findings,
            )


def check(project: Project, name: str | None = None) -> Report:
    """Judge a committed experiment by every rule at once."""
    ref, commit = find_experiment(project, name)
    return check_commit(project, ref, commit)


def check_commit(project: Project, ref: str, commit: str) -> Report:
    """Judge the commit that an experiment's ref names."""
    repository = project.repository
    entry = read_commit(repository, ref, commit)
    findings, base = _about_place(project, entry)
    settings = settings_of(project, base)
    inspection = inspect_trees(project, settings, base, commit)
    registration, said = hold(entry, inspection, settings)
    findings += said
    if registration is not None:
        findings += _about_others(project, registration, entry, settings)
        if inspection.change is not None and "Despite" not in dict(registration.extra):
            known = against_known(settled(project, base), inspection.change)
            findings += [known] if known else []
    return Report(
        entry.name, entry, base, settings, inspection.change, registration, tuple(findings)
    )


def hold(
    entry: Entry, inspection: Inspection, settings: Settings
) -> tuple[Registration | None, list[Finding]]:
    """Hold a commit against the rules that look at nothing but its tree, message and settings."""
    registration, said = _about_message(entry, inspection.change, settings)
    findings = [*inspection.findings, *_about_command(settings), *said]
    if registration is not None:
        findings += _about_design(registration, settings)
    return registration, findings


def _about_place(project: Project, entry: Entry) -> tuple[list[Finding], str]:
    """Check that the experiment is one commit on the baseline; returns what to compare it with."""
    git = project.repository.git
    if entry.commit == project.tip:
        said = f"exp/{entry.name} has no commit of its own: it is the tip of {project.baseline}"
        hint = f"git switch exp/{entry.name}, change one config line and commit it"
        return [Finding("B1", said, hint)], entry.commit
    if len(entry.parents) == 1 and (
        entry.parents[0] == project.tip
        or git.succeeds("merge-base", "--is-ancestor", entry.parents[0], project.tip)
    ):
        return [], entry.parents[0]
    base = git.text("merge-base", project.tip, entry.commit, allow=(1,)).split("\n")[0]
    if not base:
        hint = f"gitexp retest {entry.name} registers the same change on {project.baseline}"
        if project.repository.shallow:
            hint = "git fetch --unshallow, and check again"
        raise NotReady(f"exp/{entry.name} and {project.baseline} have no common commit here", hint)
    ahead = int(git.text("rev-list", "--count", f"{base}..{entry.commit}"))
    hint = f"git switch exp/{entry.name} && git reset --soft {base[:10]} && git commit"
    if "Experiment" in split_message(entry.message)[1]:
        hint += f"\nwhere {project.baseline} was rewritten: gitexp retest {entry.name}"
    return [
        Finding(
            "B1",
            f"exp/{entry.name} is {ahead} commits away from {project.baseline}, and an experiment"
            " is exactly one",
            hint,
        )
    ], base


def _about_command(settings: Settings) -> list[Finding]:
    """Refuse a training command that runs a notebook: no commit holds the order of its cells."""
    notebook = next((word for word in settings.command.split() if ".ipynb" in word), "")
    if not notebook:
        return []
    return [
        Finding(
            "N1",
            f"the training command runs the notebook {notebook}, and what runs is scripts",
            f"jupyter nbconvert --to script {notebook}, then name the script in `command`",
        )
    ]


def _about_message(
    entry: Entry, change: Change | None, settings: Settings
) -> tuple[Registration | None, list[Finding]]:
    findings = list(hypothesis.lint(hypothesis_of(entry.message), settings.metric))
    registration, said = parse_message(entry.message)
    findings += said
    if registration is None:
        return None, findings
    if not names_commit(entry.name, registration.name, entry.commit):
        findings.append(
            Finding(
                "T2",
                f"the trailer Experiment says {registration.name}, the branch {entry.name}",
                f"git branch -m exp/{entry.name} exp/{registration.name}",
            )
        )
    if change is not None and registration.change != str(change):
        findings.append(
            Finding(
                "T2",
                f"the trailer Change says {registration.change!r}, the diff {str(change)!r}",
                f"git commit --amend, and write: Change: {change}",
            )
        )
    return registration, findings


def _about_design(registration: Registration, settings: Settings) -> list[Finding]:
    """Hold what a registration says of seeds, evidence and direction against the settings."""
    criterion = registration.criterion
    due = registration_for(
        settings, criterion=criterion, first_seed=1, campaign=1, level=registration.level,
        repeats=registration.repeats,
    )  # fmt: skip
    findings = [
        Finding(
            "T2",
            f"the trailer {token} says {said}, and the settings make it {meant}",
            f"git commit --amend, and write: {token}: {meant}",
        )
        for token, said, meant in (
            ("Vary", registration.vary(), due.vary()),
            ("Seeds", _seeds(registration), _seeds(due)),
            ("Test", _evidence(registration), _evidence(due)),
        )
        if said != meant
    ]
    if wrong := against_direction(criterion, settings):
        findings.append(wrong)
    return findings


def _seeds(registration: Registration) -> str:
    return "first and last" if registration.seeded else "none"


def _evidence(registration: Registration) -> str:
    return "examples" if registration.by_examples else "scores"


def _about_others(
    project: Project, registration: Registration, entry: Entry, settings: Settings
) -> list[Finding]:
    """Hold an experiment against the log: its level, and whether it was answered before.

    Its own success does not count for its level, and what has run already is not asked again.
    """
    others, measured, findings = [], False, []
    for result in read_results(project.repository):
        if result.entry.commit == entry.commit:
            measured = bool(result.records)
            findings += _about_foreign(result)
        else:
            others.append(result)
    if not measured and not {"Retest", "Replicate"} & dict(registration.extra).keys():
        found = answer_known(project, tried_before(others, registration.change), entry.parents)
        findings += [found] if found else []
    standings = [standing for result in others if (standing := result.standing())]
    _, confirmed = count(standings, registration.criterion.metric, registration.campaign)
    allowed = campaign_level(settings.error_budget, settings.planned, confirmed)
    if registration.level > allowed * LEVEL_SLACK:
        findings.append(
            Finding(
                "T3",
                f"Level is {registration.level:g}, and campaign {registration.campaign} allows"
                f" {allowed:g} ({confirmed} confirmed, {settings.planned} planned)",
                f"git commit --amend, and write: Level: {allowed:g}",
            )
        )
    return findings


def _about_foreign(result: Result) -> list[Finding]:
    """Tell of records that came with a note which git copied, or that somebody wrote there."""
    if not result.foreign:
        return []
    return [
        Finding(
            "V3",
            f"{len(result.foreign)} record{'' if len(result.foreign) == 1 else 's'} in the note of"
            f" exp/{result.entry.name} belong to another commit and do not count",
            "gitexp verify names it",
            advice=True,
        )
    ]
