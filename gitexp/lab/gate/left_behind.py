"""Runs that an experiment left behind when it was amended: it would be tested on its seeds again.

Whoever knows what the runs gave could choose the words of the next registration, its criterion, or
another draw of a noisy trainer.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitexp.lab.log.same_change import same_change
from gitexp.lab.projects.ancestors import same_runs
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.finding import Finding
from gitexp.rules.text import visible
from gitexp.rules.verdict.code_below import first_altered

if TYPE_CHECKING:
    from gitexp.lab.gate.history import PastResults
    from gitexp.lab.log.result import Result
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.registration import Registration
    from gitexp.store.experiments import Entry


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
