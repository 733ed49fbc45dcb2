"""The gate: what `check`, `run`, every hook and a server ask before anything happens."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.gate.against_results import check_against_results
from gitexp.lab.gate.as_started import check_as_started
from gitexp.lab.gate.checked import Checked, CheckedMany, Uncheckable
from gitexp.lab.gate.code import check_code
from gitexp.lab.gate.commit import check_commit, check_name
from gitexp.lab.gate.history import PastResults
from gitexp.lab.progress import counted_off
from gitexp.lab.projects.baseline_branch import find_baseline
from gitexp.lab.projects.comparison import Comparison, find_comparisons
from gitexp.lab.projects.differences import inspect_comparisons
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.lowered_rules import lowered_rules
from gitexp.lab.projects.project_folder import known_projects
from gitexp.lab.registering.known_claims import read_known_at
from gitexp.rules.documents.code_commit import is_code_commit
from gitexp.rules.documents.known import against
from gitexp.rules.documents.name import is_name
from gitexp.rules.documents.settings import RULES
from gitexp.rules.gate.formats import LARGEST
from gitexp.store.experiment_refs import find_refs
from gitexp.store.experiments import read_commits, read_range
from gitexp.store.older_branches import older_than_gitexp, registers
from gitexp.store.refs import ARCHIVE, HEADS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.known import Known
    from gitexp.rules.finding import Finding
    from gitexp.rules.gate.one_change import Inspection
    from gitexp.store.experiments import Entry
    from gitexp.store.repository import Repository


def check(
    repository: Repository, name: str | None = None, known: Sequence[Result] | None = None
) -> Checked:
    """Check a committed experiment by every rule at once.

    `known` are all results of its project, for a command that has read them and changes nothing.

    Raises:
        NotReady: there is no baseline to compare it with.
    """
    (report,) = check_refs(repository, [find_experiment(repository, name)], known=known)
    if isinstance(report, Uncheckable):
        raise report.error
    return report


def check_all(repository: Repository) -> CheckedMany:
    """Check the experiments of every project here, except archived ones."""
    refs = find_refs(repository).values()
    present = [ref for ref in refs if not ref[0].startswith(ARCHIVE)]
    reports = check_refs(repository, present, older=False)
    tips = {}
    for prefix in known_projects(repository) or [""]:
        with contextlib.suppress(NotReady):  # said of each of its experiments
            tips[prefix] = [find_baseline(repository, prefix)[1]]
    return CheckedMany(tuple(reports), baseline=_about_baselines(repository, tips))


def check_range(repository: Repository, commits: str) -> CheckedMany:
    """Check the experiments whose commits are in a range as git writes it (`main..`).

    A commit without a branch is an experiment too if its message registers one whose branch is not
    here: a clone made for a test may lack the branch. Other commits are only counted.

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
    reports = check_refs(repository, chosen, older=False)
    code = {report.code for report in reports if isinstance(report, Checked)}
    others = inside.keys() - {commit for _, commit in chosen} - code
    folders = dict.fromkeys(known_projects(repository) or [""], others)
    return CheckedMany(tuple(reports), len(others), _about_baselines(repository, folders))


def _about_baselines(
    repository: Repository, commits: Mapping[str, Iterable[str]]
) -> tuple[Finding, ...]:
    """What is wrong with commits of baseline branches, by the project that they belong to."""
    return tuple(
        finding
        for prefix, asked in commits.items()
        for finding in lowered_rules(repository, prefix, asked).values()
    )


def check_refs(
    repository: Repository,
    refs: Sequence[tuple[str, str]],
    *,
    older: bool = True,
    known: Sequence[Result] | None = None,
) -> list[Checked | Uncheckable]:
    """Check the commits of refs, in the same few git processes however many there are.

    Without `older`, branches from before gitexp are passed over.

    Nothing of an experiment is executed, and files too large for a config are not read.
    """
    entries = read_commits(repository, refs)
    if not older:
        silent = (e.commit for e in entries if e.parents and not registers(e.message))
        nobodys = older_than_gitexp(repository, silent)
        entries = [entry for entry in entries if entry.commit not in nobodys]
    comparisons = find_comparisons(repository, entries, largest=LARGEST)
    comparable = [comparison for comparison in comparisons if isinstance(comparison, Comparison)]
    inspections = inspect_comparisons(comparable, largest=LARGEST)
    code = check_code(comparable, [one.change for one in inspections], largest=LARGEST)
    judged = iter(
        inspection._replace(findings=(*inspection.findings, *about_code))
        for inspection, about_code in zip(inspections, code, strict=True)
    )
    claims = iter(
        read_known_at([(comparison.project, comparison.base) for comparison in comparable])
    )
    past = PastResults(repository, known)
    lowered = _lowered(repository, comparable)
    return [
        _check(entry, comparison, next(judged), next(claims), past, lowered)
        if isinstance(comparison, Comparison)
        else Uncheckable(entry, comparison)
        for entry, comparison in counted_off(
            "checking experiments", zip(entries, comparisons, strict=True), len(entries)
        )
    ]


def _lowered(
    repository: Repository, comparisons: Sequence[Comparison]
) -> dict[tuple[str, str], Finding]:
    """Baselines whose settings ask for earlier rules than before, by project and commit."""
    bases: dict[str, list[str]] = {}
    for comparison in comparisons:
        if comparison.project.settings.rules < RULES:
            bases.setdefault(comparison.project.prefix, []).append(comparison.base)
    return {
        (prefix, commit): finding
        for prefix, commits in bases.items()
        for commit, finding in lowered_rules(repository, prefix, commits).items()
    }


def _check(
    entry: Entry,
    comparison: Comparison,
    inspection: Inspection,
    known: Sequence[Known] | NotReady,
    past: PastResults,
    lowered: Mapping[tuple[str, str], Finding],
) -> Checked | Uncheckable:
    if isinstance(known, NotReady):
        return Uncheckable(entry, known)
    if is_code_commit(entry.message):
        findings = [*check_name(entry), *comparison.findings]
        return Checked(entry, comparison.project, comparison.base, None, None, tuple(findings))
    registration, said = check_commit(entry, inspection, comparison.project)
    findings = [*check_name(entry), *comparison.findings, *said]
    if found := lowered.get((comparison.project.prefix, comparison.base)):
        findings.append(found)
    if registration is not None:
        change = inspection.change or registration.change
        findings += check_against_results(comparison.project, registration, change, entry, past)
        findings += check_as_started(comparison, registration, change, entry, past)
        if inspection.change is not None and "Despite" not in dict(registration.extra):
            findings += filter(None, [against(known, inspection.change)])
    return Checked(
        entry, comparison.project, comparison.base, inspection.change, registration,
        tuple(findings), comparison.code,
    )  # fmt: skip
