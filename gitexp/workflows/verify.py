"""Recompute every verdict from messages and records, and report what does not fit.

An edited message makes another commit, which has no results. So whatever was amended, rebased,
copied or written by hand leaves a mismatch, which is found here.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.audit.acceptances import about_acceptances, about_winning_seeds
from gitexp.lab.audit.amendments import about_amendments, about_rules
from gitexp.lab.audit.chronology import about_attempts, about_early, about_later, about_unstarted
from gitexp.lab.audit.deviations import about_cache, about_notes, about_turned, find_deviation
from gitexp.lab.audit.environments import about_environments, about_luck, about_parameters
from gitexp.lab.audit.examples import about_examples
from gitexp.lab.audit.history import about_history
from gitexp.lab.audit.inventory import Inventory, gated, read_inventory
from gitexp.lab.audit.misplaced import (
    about_baselines,
    about_foreign,
    about_foreign_lines,
    about_lost,
)
from gitexp.lab.audit.recheck import (
    about_conditions,
    about_gate,
    about_levels,
    too_high,
)
from gitexp.lab.audit.signatures import about_signatures
from gitexp.lab.audit.unfounded import about_unfounded
from gitexp.lab.code.replacement import without_replaced
from gitexp.lab.progress import counted_off, in_one_piece
from gitexp.lab.projects.past_settings import read_settings
from gitexp.lab.projects.project import Project
from gitexp.rules.finding import Finding, advice, refusals
from gitexp.store.note_writing import replace_notes
from gitexp.store.refs import RUNS, VERDICTS
from gitexp.store.signatures import read_signatures

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


@dataclass(frozen=True, slots=True)
class Spent:
    """What a campaign has used of its plan.

    `taken` counts its experiments; `lost` of them are on commits that no experiment's ref holds.
    `levels` is the sum of their levels: the number of false confirmations to expect at most.
    """

    metric: str
    campaign: int
    planned: int
    taken: int
    lost: int
    confirmed: int
    levels: float


@dataclass(frozen=True, slots=True)
class Verification:
    """What recomputing found. `ok` says that there are no `problems`.

    `rewritten` counts verdict notes that were wrong. `signatures` counts commits of records by who
    signed them ("" for nobody), where anybody did or this clone would.
    """

    ok: bool
    verdicts: int
    records: int
    rewritten: int
    signatures: Mapping[str, int]
    problems: Sequence[Finding]
    information: Sequence[Finding]
    campaigns: Sequence[Spent]


def verify(project: Project, *, fix: bool = False) -> Verification:
    """Recompute everything; `fix` rewrites verdict notes that are not what they should be.

    About twenty git processes, whatever the number of experiments.
    """
    inventory = read_inventory(project)
    bases = [r.entry.base for r in inventory.held if r.entry.parents]
    settings = read_settings(project.repository, project.prefix, bases)
    cut = inventory.cut
    whole = [result for result in inventory.held if result.commit not in cut]
    deviations = [
        one
        for result in counted_off("judging experiments", whole, len(whole))
        if (one := find_deviation(inventory, result))
    ]
    fixed = {d.result.commit: d.due for d in deviations if fix and d.due is not None}
    replace_notes(project.repository, VERDICTS, fixed)
    high = too_high(inventory, settings)
    signers = read_signatures(project.repository, RUNS)
    checks: tuple[tuple[str, Iterable[Finding]], ...] = (
        ("verdict notes", about_notes([d for d in deviations if d.result.commit not in fixed])),
        ("the log", about_cache(inventory)),
        ("records without a branch", about_lost(inventory)),
        ("records of other commits", about_foreign(inventory)),
        ("lines of others", about_foreign_lines(inventory)),
        ("baselines", about_baselines(inventory, settings)),
        ("history of the notes", about_history(inventory)),
        ("signatures", about_signatures(signers)),
        ("attempts", about_attempts(inventory)),
        ("later records", about_later(inventory)),
        ("records without a start", about_unstarted(inventory)),
        ("checks without runs", about_unfounded(inventory)),
        ("former verdicts", about_turned(inventory)),
        ("registrations", about_early(inventory)),
        ("levels", about_levels(high)),
        ("rules", about_gate(inventory)),
        ("rules of verdict", about_rules(inventory)),
        ("conditions", about_conditions(inventory)),
        ("environments", about_environments(inventory)),
        ("parameters", about_parameters(inventory)),
        ("per-example evidence", about_examples(inventory)),
        ("blocks of seeds", about_luck(inventory)),
        ("acceptances", about_acceptances(inventory)),
        ("how results are judged", about_amendments(inventory)),
        ("seeds", about_winning_seeds(inventory)),
    )
    findings: list[Finding] = []
    for step, found in checks:
        with in_one_piece(f"checking {step}"):
            findings += found
    problems = refusals(findings)
    return Verification(
        ok=not problems,
        verdicts=sum(result.verdict is not None for result in inventory.held),
        records=sum(len(result.records) for result in inventory.held),
        rewritten=len(fixed),
        signatures=Counter(signers.values()),
        problems=problems,
        information=advice(findings),
        campaigns=_campaigns(inventory),
    )


def _campaigns(inventory: Inventory) -> list[Spent]:
    """Sum up each campaign; dropped commits count, as their experiments were run."""
    settings = inventory.project.settings
    members: dict[tuple[str, int], list[Result]] = defaultdict(list)
    for result in without_replaced(gated((*inventory.held, *inventory.lost))):
        if result.registration:
            key = result.registration.criterion.metric, result.registration.campaign
            members[key].append(result)
    lost = {result.entry.commit for result in inventory.lost}
    return [
        Spent(
            metric=metric,
            campaign=campaign,
            planned=settings.planned,
            taken=len(within),
            lost=sum(result.entry.commit in lost for result in within),
            confirmed=sum(r.confirmed and r.entry.commit not in lost for r in within),
            levels=math.fsum(r.registration.level for r in within if r.registration),
        )
        for (metric, campaign), within in sorted(members.items())
    ]
