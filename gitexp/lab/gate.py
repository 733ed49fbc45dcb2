"""The gate: what `check`, `run`, every hook and a server ask before anything happens."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.comparison import Ground, find_grounds
from gitexp.lab.design import against_direction, registration_for
from gitexp.lab.differences import inspect_grounds
from gitexp.lab.known import against_known, answer_known, settled_at
from gitexp.lab.project import find_experiment
from gitexp.lab.results import read_all_results
from gitexp.lab.same_change import same_change
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.documents.name import is_name, names_commit
from gitexp.rules.documents.registration import Registration, parse_message
from gitexp.rules.finding import Finding, demand, refusals
from gitexp.rules.gate import formats, hypothesis
from gitexp.rules.text import visible
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.experiment_refs import find_refs
from gitexp.store.experiments import read_commits, read_range
from gitexp.store.refs import ARCHIVE, HEADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.project import Project
    from gitexp.lab.result import Result
    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.settings import Settings
    from gitexp.rules.documents.settled import Known
    from gitexp.rules.gate.one_change import Inspection
    from gitexp.store.experiments import Entry
    from gitexp.store.repository import Repository

# Level is written with six significant digits.
LEVEL_SLACK = 1 + 1e-5


@dataclass(frozen=True, slots=True)
class Report:
    """What the gate says about one experiment.

    `base` is the baseline commit that it was compared with, `project` the one that it belongs to,
    with the settings of that commit.
    """

    entry: Entry
    project: Project
    base: str
    change: Change | None
    registration: Registration | None
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.entry.name

    @property
    def settings(self) -> Settings:
        """Settings that the experiment is run by: those of its own baseline."""
        return self.project.settings

    @property
    def ok(self) -> bool:
        """Whether the experiment may run."""
        return not refusals(self.findings)

    def demand(self) -> None:
        """Raise Refused with every finding where the experiment may not run."""
        count = len(refusals(self.findings))
        rules = f"{count} rule{'' if count == 1 else 's'} broken"
        demand(self.findings, f"exp/{self.name}: refused, {rules}")


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An experiment among others that there is nothing to hold against; it may not run."""

    entry: Entry
    error: NotReady

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.entry.name

    @property
    def ok(self) -> bool:
        """Never."""
        return False

    @property
    def change(self) -> None:
        """Unknown."""
        return

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The one thing that is wrong with it."""
        return (Finding("B3", self.error.message, self.error.hint),)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Experiments judged together, and how many commits of a range were none."""

    reports: tuple[Report | Unjudged, ...]
    others: int = 0

    @property
    def ok(self) -> bool:
        """Whether every one of them may run."""
        return all(report.ok for report in self.reports)


def check(repository: Repository, name: str | None = None) -> Report:
    """Judge a committed experiment by every rule at once.

    Raises:
        NotReady: there is nothing to hold it against.
    """
    (report,) = check_refs(repository, [find_experiment(repository, name)])
    if isinstance(report, Unjudged):
        raise report.error
    return report


def check_all(repository: Repository) -> Sweep:
    """Judge the experiments of every project here, all but the archived ones."""
    refs = find_refs(repository).values()
    return Sweep(tuple(check_refs(repository, [r for r in refs if not r[0].startswith(ARCHIVE)])))


def check_range(repository: Repository, commits: str) -> Sweep:
    """Judge the experiments whose commits lie in a range as git writes it (`main..`).

    A commit that no branch names is one too where its message registers an experiment that is not
    there under its name: a clone made for a test may lack the branch. Other commits are counted.

    Raises:
        UsageError: git knows no such range.
    """
    inside = read_range(repository, commits)
    refs = find_refs(repository)
    chosen = [ref for ref in refs.values() if ref[1] in inside]
    chosen += [
        (f"{HEADS}{name}", commit)
        for commit, name in inside.items()
        if is_name(name) and name not in refs
    ]
    others = len(inside.keys() - {commit for _, commit in chosen})
    return Sweep(tuple(check_refs(repository, chosen)), others)


def check_refs(repository: Repository, refs: Sequence[tuple[str, str]]) -> list[Report | Unjudged]:
    """Judge the commits that refs name, in the same few git processes however many they are.

    Nothing of an experiment is executed, and no file of it read that is too large for a config.
    """
    entries = read_commits(repository, refs)
    grounds = find_grounds(repository, entries, largest=formats.LARGEST)
    firm = [ground for ground in grounds if isinstance(ground, Ground)]
    inspections = iter(inspect_grounds(firm, largest=formats.LARGEST))
    known = iter(settled_at([(ground.project, ground.base) for ground in firm]))
    log = _Log(repository)
    return [
        _judge(entry, ground, next(inspections), next(known), log)
        if isinstance(ground, Ground)
        else Unjudged(entry, ground)
        for entry, ground in zip(entries, grounds, strict=True)
    ]


def _judge(
    entry: Entry,
    ground: Ground,
    inspection: Inspection,
    known: Sequence[Known] | NotReady,
    log: _Log,
) -> Report | Unjudged:
    if isinstance(known, NotReady):
        return Unjudged(entry, known)
    registration, said = hold(entry, inspection, ground.project)
    findings = [*_about_name(entry), *ground.findings, *said]
    if registration is not None:
        change = inspection.change or registration.change
        findings += _about_others(ground.project, registration, change, entry, log)
        if inspection.change is not None and "Despite" not in dict(registration.extra):
            against = against_known(known, inspection.change)
            findings += [against] if against else []
    return Report(
        entry, ground.project, ground.base, inspection.change, registration, tuple(findings)
    )


def hold(
    entry: Entry, inspection: Inspection, project: Project
) -> tuple[Registration | None, list[Finding]]:
    """Hold a commit against the rules that look at nothing but its tree, message and settings."""
    registration, said = _about_message(entry, inspection.change, project)
    findings = [*inspection.findings, *said]
    if registration is not None:
        findings += _about_design(entry, registration, project.settings)
    return registration, findings


def _about_name(entry: Entry) -> list[Finding]:
    # A remote's branch has the remote's name before it, whatever that may be.
    own = entry.ref.startswith((HEADS, ARCHIVE))
    name = entry.ref.removeprefix(HEADS).removeprefix(ARCHIVE) if own else entry.name
    if is_name(name):
        return []
    return [
        Finding(
            "B2",
            f"exp/{visible(name)} cannot be an experiment's name: up to 60 small letters, digits"
            " and dashes",
            f"git branch -m {shlex.quote(f'exp/{visible(name)}')} exp/NAME",
        )
    ]


def _amending(entry: Entry) -> str:
    branch = shlex.quote(f"exp/{visible(entry.name)}")
    return f"git switch {branch} && git commit --amend"


def _about_message(
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
                f"the trailer Experiment says {given[4:]}, the branch {branch[4:]}",
                f"git branch -m {shlex.quote(branch)} {shlex.quote(given)}",
            )
        )
    if change is not None and str(registration.change) != str(change):
        findings.append(
            Finding(
                "T2",
                f"the trailer Change says {str(registration.change)!r}, the diff {str(change)!r}",
                f"{_amending(entry)}\nand write there: Change: {change}",
            )
        )
    folder = project.prefix.rstrip("/")
    if registration.project != folder:
        findings.append(
            Finding(
                "T2",
                f"the trailer Project says {registration.project!r}, and what differs lies in"
                f" {visible(folder) if folder else 'the project at the top'}",
                f"{_amending(entry)}\nand "
                + (
                    f"write there: Project: {visible(folder)}"
                    if folder
                    else "leave the trailer out"
                ),
            )
        )
    return registration, findings


def _about_design(entry: Entry, registration: Registration, settings: Settings) -> list[Finding]:
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
            f"{_amending(entry)}\nand write there: {token}: {meant}",
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


class _Log:
    """What the log holds of all projects, read once and only where a rule asks for it."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def own(self, commit: str) -> Result | None:
        """What is known of a commit itself."""
        return self._by_commit.get(commit)

    def same_change(self, folder: str, change: Change, commit: str) -> list[Result]:
        """Other experiments of a project that made the same change, newest first."""
        others = [r for r in self._by_place.get((folder, change.place), ()) if r.commit != commit]
        return same_change(self._repository, others, change)

    def confirmed_besides(self, registration: Registration, commit: str) -> int:
        """Count a campaign's confirmed experiments, one commit's own success left out."""
        return len(self._confirmed.get(_campaign(registration), set()) - {commit})

    @cached_property
    def _results(self) -> list[Result]:
        return read_all_results(self._repository)

    @cached_property
    def _by_commit(self) -> dict[str, Result]:
        return {result.entry.commit: result for result in self._results}

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], list[Result]]:
        found: dict[tuple[str, str], list[Result]] = {}
        for result in self._results:
            if one := result.registration:
                found.setdefault((one.project, one.change.place), []).append(result)
        return found

    @cached_property
    def _confirmed(self) -> dict[tuple[str, str, int], set[str]]:
        found: dict[tuple[str, str, int], set[str]] = {}
        for result in self._results:
            member = result.member()
            if member is not None and member.verdict is Verdict.CONFIRMED:
                key = _campaign(member.registration)
                found.setdefault(key, set()).add(result.entry.commit)
        return found


def _campaign(registration: Registration) -> tuple[str, str, int]:
    return registration.project, registration.criterion.metric, registration.campaign


def _about_others(
    project: Project, registration: Registration, change: Change, entry: Entry, log: _Log
) -> list[Finding]:
    """Hold an experiment against the log: its level, and whether it was answered before.

    Its own success does not count for its level, and what has run already is not asked again.
    """
    own, findings = log.own(entry.commit), []
    if own is not None:
        findings += _about_foreign(own)
    measured = own is not None and own.ran > 0
    if not measured and not {"Retest", "Replicate"} & dict(registration.extra).keys():
        earlier = log.same_change(registration.project, change, entry.commit)
        found = answer_known(project, earlier, entry.parents)
        findings += [found] if found else []
    confirmed = log.confirmed_besides(registration, entry.commit)
    allowed = campaign_level(project.settings.error_budget, project.settings.planned, confirmed)
    if registration.level > allowed * LEVEL_SLACK:
        findings.append(
            Finding(
                "T3",
                f"Level is {registration.level:g}, and campaign {registration.campaign} allows"
                f" {allowed:g} ({confirmed} confirmed, {project.settings.planned} planned)",
                f"{_amending(entry)}\nand write there: Level: {allowed:g}",
            )
        )
    return findings


def _about_foreign(result: Result) -> list[Finding]:
    """Tell of records that came with a note which git copied, or that somebody wrote there."""
    foreign = result.summary.foreign
    if not foreign:
        return []
    return [
        Finding(
            "V3",
            f"{foreign} record{'' if foreign == 1 else 's'} in the note of"
            f" exp/{result.name} belong to another commit and do not count",
            "gitexp verify names it",
            advice=True,
        )
    ]
