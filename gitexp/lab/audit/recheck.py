"""Checks all experiments with records by the gate's rules again, in the same few git processes.

Records can be written by hand, and commits can be made with hooks switched off, so that a record
does not prove that its commit passed the gate.
"""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.audit.inventory import Inventory, gated, label_of, name_of
from gitexp.lab.gate.against_results import LEVEL_SLACK
from gitexp.lab.gate.as_started import check_as_started
from gitexp.lab.gate.commit import check_commit
from gitexp.lab.gate.history import PastResults
from gitexp.lab.projects.amendments import protocols_of
from gitexp.lab.projects.comparison import Comparison, find_comparisons
from gitexp.lab.projects.differences import inspect_comparisons
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.settings import Settings
from gitexp.rules.finding import Finding, refusals
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.store.refs import HEADS

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.store.experiments import Entry


def refused(
    project: Project, results: Sequence[Result], others: Sequence[Result]
) -> list[list[Finding]]:
    """Rules that each of these experiments breaks; `others` are all that the clone knows."""
    entries = [_as_registered(result) for result in results]
    comparisons = find_comparisons(project.repository, entries)
    comparable = [comparison for comparison in comparisons if isinstance(comparison, Comparison)]
    inspections = iter(inspect_comparisons(comparable))
    past = PastResults(project.repository, others)
    found = []
    for entry, comparison in zip(entries, comparisons, strict=True):
        if isinstance(comparison, Comparison):
            registration, broken = check_commit(entry, next(inspections), comparison.project)
            said = [*comparison.findings, *broken]
            if registration is not None:
                change = registration.change
                said += check_as_started(comparison, registration, change, entry, past)
        else:
            said = [Finding("B3", comparison.message, comparison.hint)]
        found.append(list(refusals(said)))
    return found


def _as_registered(result: Result) -> Entry:
    entry = result.entry
    if result.registration is None or entry.ref.startswith(HEADS):
        return entry
    # Archived, or part of the baseline: its ref may have any name, or be gone.
    return replace(entry, ref=f"{HEADS}{result.registration.name}")


def too_high(
    inventory: Inventory, settings: Mapping[str, Settings | NotReady]
) -> list[tuple[Result, str]]:
    """Experiments whose level is above what their campaign allowed, each with an explanation.

    As in the gate, all other confirmed experiments of the campaign count, whenever they were
    confirmed; so do those that were dropped later, because they were known at the time. Under rules
    2 nothing counts that was measured by another protocol.
    """
    every = (*inventory.held, *inventory.lost)
    protocols = protocols_of(inventory.project, {one.base for one in every if one.base})
    # By metric and campaign, and of these by protocol, too.
    confirmed: Counter[tuple[str, int]] = Counter()
    discovered: defaultdict[tuple[str, int, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for result in every:
        member = result.member()
        if member is not None and member.measured and result.confirmed:
            confirmed[member.metric, member.campaign] += 1
            within = member.metric, member.campaign, protocols.get(member.base, "")
            discovered[within][member.discovery] += 1
    found = []
    for result in inventory.held:
        registration, member = result.registration, result.member()
        known = settings.get(result.entry.base) if result.entry.parents else None
        if registration is None or member is None or not isinstance(known, Settings):
            continue
        if not member.measured:
            continue
        if registration.rules > 1:
            found_there = discovered[member.metric, member.campaign, protocols.get(member.base, "")]
            is_alone = result.confirmed and found_there[member.discovery] == 1
            others = len(found_there) - is_alone
        else:
            others = confirmed[member.metric, member.campaign] - result.confirmed
        allowed = campaign_level(known.error_budget, known.planned, others)
        if registration.level > allowed * LEVEL_SLACK:
            said = (
                f"Level is {registration.level:g}, and campaign {registration.campaign} allowed"
                f" {allowed:g} ({others} confirmed besides, {known.planned} planned)"
            )
            found.append((result, said))
    return found


def about_levels(high: Iterable[tuple[Result, str]]) -> Iterator[Finding]:
    """Report levels above what their campaign allowed."""
    for result, said in high:
        yield Finding(
            "T3",
            f"{label_of(result)}: {said}",
            f"gitexp retest {name_of(result)} registers the change again, at the remaining level",
        )


def about_gate(inventory: Inventory) -> Iterator[Finding]:
    """Find experiments that have records although the gate refuses them."""
    measured = gated(inventory.held)
    shallow = inventory.project.repository.shallow
    beyond = []
    every = (*inventory.held, *inventory.lost)
    for result, said in zip(measured, refused(inventory.project, measured, every), strict=True):
        if shallow and [finding.id for finding in said] == ["B3"]:
            beyond.append(label_of(result))
        elif said:
            ran = sum(not record.explore for record in result.records)
            listed = "\n".join(f"{finding.id} {finding.message}" for finding in said)
            yield Finding(
                "V4",
                f"{label_of(result)} has {counted(ran, 'record')}, but the gate refuses it:\n"
                + textwrap.indent(listed, "  "),
                f"gitexp check {name_of(result)} shows how to fix each problem; such records"
                " confirm nothing",
            )
    if beyond:
        yield Finding(
            "V4",
            f"{counted(len(beyond), 'experiment')} cannot be checked in a shallow clone:"
            f" {', '.join(beyond)}",
            "git fetch --unshallow",
            advice=True,
        )


def about_conditions(inventory: Inventory) -> Iterator[Finding]:
    """Find conditions in which an experiment was measured but its baseline was not."""
    cut = inventory.cut
    for result in gated(inventory.held):
        if result.entry.commit in cut:
            continue
        measured = {record.condition for record in result.baseline_records if record.ok}
        alone = Counter(r.condition for r in result.records if r.ok and r.condition not in measured)
        for condition, number in alone.items():
            yield Finding(
                "V5",
                f"{counted(number, 'record')} of {label_of(result)} in condition"
                f" {visible(condition[:16])}, in which its baseline was not measured: not compared",
                f"gitexp run {name_of(result)} measures what is missing, if it still can",
                advice=True,
            )
