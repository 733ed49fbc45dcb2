"""The rules that compare an experiment with others: its level, and what is known of its change."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.lab.log.earlier_verdict import verdict_on
from gitexp.lab.log.same_change import same_change
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.experiment_name import amend_hint
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.code_below import first_altered

if TYPE_CHECKING:
    from gitexp.lab.gate.history import PastResults
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.registration import Registration
    from gitexp.store.experiments import Entry


# Level is written with six significant digits.
LEVEL_SLACK = 1 + 1e-5


def check_against_results(
    project: Project, registration: Registration, change: Change, entry: Entry, past: PastResults
) -> list[Finding]:
    """Check an experiment's level, and whether its change has a verdict already.

    Its own success does not raise its level, and an experiment that has run is not refused for a
    verdict on another.
    """
    own, findings = past.own(entry.commit), []
    if own is not None:
        findings += _foreign_records(own)
    if found := find_verdict(project, registration, change, entry, past):
        findings.append(found)
    elif own is None or not own.ran:
        findings += filter(None, [find_left_behind(project, registration, change, entry, past)])
    return [*findings, *_check_level(project, registration, entry, past)]


def _check_level(
    project: Project, registration: Registration, entry: Entry, past: PastResults
) -> Iterator[Finding]:
    budget, planned = project.settings.error_budget, project.settings.planned
    # What any campaign allows needs no counting of what was confirmed in this one.
    if registration.level <= campaign_level(budget, planned, 0) * LEVEL_SLACK:
        return
    confirmed = past.confirmed_besides(project, registration, entry)
    allowed = campaign_level(budget, planned, confirmed)
    if registration.level > allowed * LEVEL_SLACK:
        yield Finding(
            "T3",
            f"Level is {registration.level:g}, but campaign {registration.campaign} allows"
            f" {allowed:g} ({confirmed} confirmed, {planned} planned)",
            past.or_sync(amend_hint(entry.name, f"write: Level: {allowed:g}")),
        )


def find_verdict(
    project: Project, registration: Registration, change: Change, entry: Entry, past: PastResults
) -> Finding | None:
    """Find the verdict that another experiment has on the change of one that has not run yet."""
    own = past.own(entry.commit)
    measured = own is not None and own.ran > 0
    if measured or registration.tests_again:
        return None
    earlier = past.same_change(registration.project, change, entry)
    return verdict_on(project, earlier, (entry.base,))


def _foreign_records(result: Result) -> list[Finding]:
    """Report records of another commit, which git copied or somebody wrote."""
    foreign = result.summary.foreign
    if not foreign:
        return []
    return [
        Finding(
            "V3",
            f"{counted(foreign, 'record')} in the note of exp/{result.name}"
            f" {'belongs' if foreign == 1 else 'belong'} to another commit and"
            f" {'does' if foreign == 1 else 'do'} not count",
            "see which commit: gitexp verify",
            advice=True,
        )
    ]


def find_left_behind(
    project: Project, registration: Registration, change: Change, entry: Entry, past: PastResults
) -> Finding | None:
    """Find a commit that ran this change on these seeds, and that no experiment's branch holds."""
    # On a server, an experiment's own results come before its branch.
    if registration.rules < 2 or entry.commit in {result.commit for result in past.unheld}:
        return None
    seeds = registration.registered_seeds()
    tried = [
        result
        for result in past.unheld
        if (other := result.registration) is not None
        and other.project == registration.project
        and result.commit not in registration.replaces
        and not {*seeds}.isdisjoint(other.registered_seeds())
        and _was_tried(result)
    ]
    same = same_change(project.repository, tried, change, (entry.base, entry.code))
    alike = {entry.base}
    if any(result.base != entry.base for result in same):
        alike |= {*same_runs(project, project.settings, entry.base)}
    found = next((result for result in same if result.base in alike), None)
    if found is None or found.registration is None:
        return None
    name, short = visible(found.registration.name), found.commit[:10]
    how = (
        f"exp/{name} was amended after it had run: its results are at {short}"
        if name == entry.name
        else f"exp/{name} ran this change on these seeds: its results are at {short}"
    )
    return Finding(
        "V2",
        f"{how}, and no branch holds them",
        f"git switch -C {shlex.quote(f'exp/{name}')} {short} brings them back\n"
        f"to test the change on fresh seeds, then: gitexp retest {shlex.quote(name)}",
    )


def _was_tried(result: Result) -> bool:
    """Whether it was run by the rules, to the end or not, or its code was found to be at fault."""
    started = [one.explore for one in parse_starts(result.text) if one.commit == result.commit]
    reasons = [*started, *(record.explore for record in result.records)]
    return not all(reasons) or first_altered(result.checks) is not None
