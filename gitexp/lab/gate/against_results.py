"""The rules that compare an experiment with others: its level, and what is known of its change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.gate.commit import amend_hint
from gitexp.lab.gate.left_behind import find_left_behind
from gitexp.lab.registering.precedents import verdict_on
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted
from gitexp.rules.verdict.campaign import campaign_level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.gate.history import PastResults
    from gitexp.lab.log.result import Result
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.change import Change
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
            past.or_sync(amend_hint(entry, f"write: Level: {allowed:g}")),
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
