"""A registration written by hand is held to what `start` would have written.

Whoever chooses seeds, a campaign of one's own or a criterion of nothing has chosen the result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitexp.lab.gate.commit import amend_hint
from gitexp.rules.documents.name import names_commit
from gitexp.rules.documents.registration import parse_message
from gitexp.rules.finding import Finding
from gitexp.rules.plan.design import asks_for_nothing
from gitexp.rules.text import visible
from gitexp.rules.verdict.campaign import count_places
from gitexp.store.experiments import read_commits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.gate.history import PastResults
    from gitexp.lab.project import Project
    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.registration import Registration
    from gitexp.store.experiments import Entry

_AGAIN = ("Retest", "Replicate")
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def check_as_started(
    project: Project, registration: Registration, change: Change, entry: Entry, past: PastResults
) -> Iterator[Finding]:
    """Check criterion, campaign, seeds and what is said to be tested again, under rules 2.

    A server gets experiments before it gets their notes, so it cannot tell which campaign is open.
    """
    if registration.rules < 2:
        return
    if asks_for_nothing(registration.criterion):
        yield _wrong(entry, f"Criterion: {registration.criterion} asks for no gain", "ask for more")
    again = dict(registration.extra).keys() & {*_AGAIN}
    for token in sorted(again):
        said = dict(registration.extra)[token]
        if not _is_same_change(project, said, change, entry):
            yield _wrong(
                entry,
                f"{token}: {visible(said)} is not an experiment here that made the same change",
                "gitexp retest NAME registers a change again",
            )
    if project.repository.top is None:
        return
    if registration.campaign > (opened := _open_campaign(project, registration, entry, past)):
        yield _wrong(
            entry,
            f"Campaign is {registration.campaign}, but campaign {opened} on"
            f" {registration.criterion.metric} is open",
            f"write: Campaign: {opened}",
        )
    if registration.seeded:
        firsts = _first_seeds(project, registration, change, entry, past, again=bool(again))
        if registration.seeds[0] not in firsts:
            first = max(firsts)
            yield _wrong(
                entry,
                f"Seeds begin at {registration.seeds[0]}, which `gitexp start` would not have"
                f" chosen ({first})",
                f"write: Seeds: {first}-{first + len(registration.registered_seeds()) - 1}",
            )


def _wrong(entry: Entry, what: str, hint: str) -> Finding:
    said = f"{what}: the registration is not what `gitexp start` would have written"
    return Finding("V16", said, amend_hint(entry, hint))


def _open_campaign(
    project: Project, registration: Registration, entry: Entry, past: PastResults
) -> int:
    """The latest campaign that an experiment may belong to, by what else is registered."""
    others = past.members(registration.project, entry.commit)
    metric = registration.criterion.metric
    mine = [one for one in others if one.registration.criterion.metric == metric]
    latest = max((one.registration.campaign for one in mine), default=1)
    taken, _ = count_places(mine, metric, latest)
    return latest + (taken >= project.settings.planned)


def _first_seeds(
    project: Project,
    registration: Registration,
    change: Change,
    entry: Entry,
    past: PastResults,
    *,
    again: bool,
) -> set[int]:
    """First seeds that `start` could have chosen, on this baseline commit or on a later one."""
    ends = past.accepted_seeds(project)
    # What was registered on an earlier tip knows of fewer acceptances.
    known = (ends or [0])[:1] if entry.parents[:1] == (project.tip,) else [*ends, 0]
    if not again:
        return {end + 1 for end in known}
    same = past.same_change(registration.project, change, entry.commit)
    used = [one.registration.seeds[1] for one in same if one.registration]
    return {end + 1 for end in (*known, *used) if end >= min(used, default=0)}


def _is_same_change(project: Project, said: str, change: Change, entry: Entry) -> bool:
    """Whether `NAME COMMIT` names an experiment that changed the same key to the same value."""
    name, _, commit = said.partition(" ")
    if not _ID.fullmatch(commit) or commit == entry.commit:
        return False
    if project.repository.git.resolve(commit) is None:
        return False
    [earlier] = read_commits(project.repository, [(f"refs/heads/exp/{name}", commit)])
    registered = parse_message(earlier.message)[0]
    return (
        registered is not None
        and names_commit(name, registered.name, commit)
        and registered.change.place == change.place
        and _spelled_after(registered.change) == _spelled_after(change)
    )


def _spelled_after(change: Change) -> str:
    return str(change).rpartition(" -> ")[2]
