"""A registration written by hand is held to what `start` would have written.

Whoever chooses seeds, a campaign of one's own or a criterion of nothing has chosen the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.lab.code.replacement import against_replacement
from gitexp.lab.projects.amendments import protocols_of
from gitexp.lab.projects.experiment_name import amend_hint
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.seeds import first_seed, may_begin, no_seeds_left, used_seeds
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.name import names_commit
from gitexp.rules.documents.registration import AGAIN, Registration, parse_message
from gitexp.rules.finding import Finding
from gitexp.rules.plan.design import asks_for_nothing
from gitexp.rules.plan.seeds import APART, MOST_BLOCKS
from gitexp.rules.text import visible
from gitexp.rules.verdict.campaign import count_places
from gitexp.store.experiments import Entry, read_commits
from gitexp.store.repository import Repository
from gitexp.store.unsynced import unsynced

if TYPE_CHECKING:
    from gitexp.lab.gate.history import PastResults
    from gitexp.lab.log.result import Result
    from gitexp.lab.projects.comparison import Comparison

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def check_as_started(
    comparison: Comparison,
    registration: Registration,
    change: Change,
    entry: Entry,
    past: PastResults,
) -> Iterator[Finding]:
    """Check criterion, campaign, seeds and what is said to be tested again, under rules 2."""
    if registration.rules < 2:
        return
    project = comparison.project
    if asks_for_nothing(registration.criterion):
        yield _wrong(entry, f"Criterion: {registration.criterion} asks for no gain", "ask for more")
    for token in sorted(AGAIN & dict(registration.extra).keys()):
        said = dict(registration.extra)[token]
        if not _is_same_change(project, said, change, entry):
            yield _wrong(
                entry,
                f"{token}: {visible(said)} is not an experiment here that made the same change",
                "gitexp retest NAME registers a change again",
            )
    if wrong := against_replacement(project.repository, entry, registration):
        yield _wrong(
            entry,
            f"Replaces: {wrong}",
            "remove the trailer Replaces and take a name of its own; new code takes a new place:"
            ' gitexp start --code-from BRANCH "HYPOTHESIS"',
        )
    yield from _about_seeds(comparison, registration, change, entry, past)
    if registration.campaign <= past.latest_campaign(registration, entry.commit):
        return
    if registration.campaign > (opened := _open_campaign(project, registration, entry, past)):
        finding = _wrong(
            entry,
            f"Campaign is {registration.campaign}, but campaign {opened} on"
            f" {registration.criterion.metric} is open",
            f"write: Campaign: {opened}",
        )
        yield replace(finding, hint=past.or_sync(finding.hint))


def _wrong(entry: Entry, what: str, hint: str) -> Finding:
    said = f"{what}: the registration is not what `gitexp start` would have written"
    return Finding("V16", said, amend_hint(entry.name, hint))


def _open_campaign(
    project: Project, registration: Registration, entry: Entry, past: PastResults
) -> int:
    """The latest campaign that an experiment may belong to, by what else is registered."""
    others = past.members(registration.project, entry.commit)
    metric = registration.criterion.metric
    mine = [one for one in others if one.metric == metric]
    latest = max((one.campaign for one in mine), default=0)
    base = entry.base
    protocols = protocols_of(project, {base, *(one.base for one in mine)})
    within = [one for one in mine if one.campaign == latest]
    taken, _ = count_places(within, metric, latest)
    full = taken >= project.settings.planned
    return latest + (full or all(protocols[one.base] != protocols[base] for one in within))


def _about_seeds(
    comparison: Comparison,
    registration: Registration,
    change: Change,
    entry: Entry,
    past: PastResults,
) -> Iterator[Finding]:
    """Check that the seeds are a block that `start` could have chosen, here or in another clone."""
    project, base = comparison.project, comparison.base
    again: list[Result] = []
    if registration.tests_again:
        again = past.same_change(registration.project, change, entry)
    own = past.own(entry.commit)
    planned = own is None or not own.ran
    # Whoever has run it had no other record of its change, or the gate would have refused it then.
    seeds = registration.registered_seeds()
    if planned and (used_up := no_seeds_left(project, base, again)):
        yield used_up
        return
    if not registration.seeded:
        return
    expected = first_seed(
        project, base, again, len(seeds),
        due=past.blocks_due(registration.project, registration.criterion.metric),
    )  # fmt: skip
    left = (expected - first_seed(project, base, again, len(seeds))) // APART
    seen = planned and seeds.start != expected and not used_seeds(again).isdisjoint(seeds)
    # Whoever has less of the history takes an earlier block.
    blocks = 1 + len(again) + left
    if seen or not (
        may_begin(project, base, seeds.start, blocks)
        # Blocks are left behind because of results.
        or (
            _may_lack_results(project.repository)
            and may_begin(project, base, seeds.start, MOST_BLOCKS)
        )
    ):
        why = "on which its change was tested" if seen else "which `gitexp start` would not choose"
        yield _wrong(
            entry,
            f"Seeds begin at {seeds.start}, {why}",
            f"write: Seeds: {expected}-{expected + len(seeds) - 1}",
        )


def _may_lack_results(repository: Repository) -> bool:
    """Whether others may have results that are not here, as on a server, which gets them later."""
    return repository.top is None or bool(unsynced(repository))


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
        and any(
            _spelled_after(registered.change) == _spelled_after(one)
            and (
                registered.change.place == one.place
                or (one is change.formerly and registered.change.form == one.form)
            )
            for one in change.ever
        )
    )


def _spelled_after(change: Change) -> str:
    return str(change).rpartition(" -> ")[2]
