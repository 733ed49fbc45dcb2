"""Recompute every verdict from messages and records, and say what does not belong.

A message that is edited is another commit, and has no results. So whatever was amended, rebased,
copied or written by hand shows as something that does not fit: this finds it and names it.
"""

from __future__ import annotations

import math
import shlex
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.lab.audit.earned import about_acceptances, about_winning_seeds
from gitexp.lab.audit.history import about_history
from gitexp.lab.audit.inventory import Inventory, gated, label_of, read_inventory
from gitexp.lab.audit.recheck import (
    about_conditions,
    about_gate,
    about_levels,
    read_settings,
    too_high,
)
from gitexp.lab.audit.spreads import about_examples
from gitexp.lab.audit.strangers import about_baselines, about_foreign, about_lost
from gitexp.lab.log import is_confirmed
from gitexp.rules.finding import Finding, advice, refusals
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.campaign import error_bound
from gitexp.rules.verdict.reading import says_the_same
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.note_writing import replace_notes
from gitexp.store.refs import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.project import Project
    from gitexp.lab.result import Result

_NAMED = 3  # experiments of a remark that are named


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a campaign has spent.

    `lost` of the places `taken` belong to commits that no experiment's ref holds. `levels` is the
    sum of the levels of all places. `bound` is the most that the share of false ones among its
    confirmations may be in the long run; None where a level is above what it allowed.
    """

    metric: str
    number: int
    planned: int
    taken: int
    lost: int
    confirmed: int
    levels: float
    bound: float | None


@dataclass(frozen=True, slots=True)
class Verification:
    """What recomputing found; `rewritten` counts verdict notes that were written anew."""

    findings: tuple[Finding, ...]
    campaigns: tuple[Campaign, ...]
    verdicts: int
    records: int
    rewritten: int

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; what is only worth knowing does not count."""
        return not refusals(self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return everything as `gitexp verify --json` prints it."""

        def listed(findings: Sequence[Finding]) -> list[dict[str, str]]:
            return [
                {"id": finding.id, "message": finding.message, "hint": finding.hint}
                for finding in findings
            ]

        return {
            "ok": self.ok,
            "verdicts": self.verdicts,
            "records": self.records,
            "rewritten": self.rewritten,
            "problems": listed(refusals(self.findings)),
            "information": listed(advice(self.findings)),
            "campaigns": [
                {
                    "metric": campaign.metric,
                    "campaign": campaign.number,
                    "planned": campaign.planned,
                    "taken": campaign.taken,
                    "lost": campaign.lost,
                    "confirmed": campaign.confirmed,
                    "levels": campaign.levels,
                    "bound": campaign.bound,
                }
                for campaign in self.campaigns
            ],
        }


def verify(project: Project, *, fix: bool = False) -> Verification:
    """Recompute everything; `fix` writes verdict notes anew where they are not what they should be.

    About twenty git processes, whatever the number of experiments.
    """
    inventory = read_inventory(project)
    bases = [r.entry.parents[0] for r in inventory.held if r.entry.parents]
    settings = read_settings(project, bases)
    cut = inventory.cut
    whole = [result for result in inventory.held if result.entry.commit not in cut]
    reworded = {r.entry.commit: r for r in whole if _is_reworded(inventory, r)}
    notes = {
        result.entry.commit: found
        for result in whole
        if result.entry.commit not in reworded and (found := _about_note(inventory, result))
    }
    rewritten = {commit: text for commit, (_, text) in notes.items() if fix and text is not None}
    if fix:
        rewritten |= {commit: _due(result) for commit, result in reworded.items()}
    replace_notes(project.repository, VERDICTS, rewritten)
    high = too_high(inventory, settings)
    return Verification(
        findings=(
            *(finding for commit, (finding, _) in notes.items() if commit not in rewritten),
            *_about_wording([r for commit, r in reworded.items() if commit not in rewritten]),
            *about_lost(inventory),
            *about_foreign(inventory),
            *about_baselines(inventory, settings),
            *about_history(inventory),
            *about_levels(high),
            *about_gate(inventory),
            *about_conditions(inventory),
            *about_examples(inventory),
            *about_acceptances(inventory),
            *about_winning_seeds(inventory),
        ),
        campaigns=_campaigns(inventory, [result for result, _ in high]),
        verdicts=sum(result.verdict is not None for result in inventory.held),
        records=sum(len(result.records) for result in inventory.held),
        rewritten=len(rewritten),
    )


# --- verdict notes ------------------------------------------------------------------------------


def _about_note(inventory: Inventory, result: Result) -> tuple[Finding, str | None] | None:
    """Find that a verdict note is not what message and records give, and what it should be.

    An empty text stands for none at all, None for what only a run can write.
    """
    noted, label = inventory.verdicts.get(result.entry.commit, ""), label_of(result)
    first = noted.partition("\n")[0]
    if result.explored:
        # Its figures decide nothing, so the word alone is held against the records.
        if not noted or noted.startswith(Verdict.EXPLORATORY):
            return None
        why = result.records[-1].explore
        return Finding(
            "V1",
            f"the verdict note of {label} hides that it ran past the gate\n"
            f"  note:    {visible(first)}\n  records: EXPLORATORY ({visible(why)})",
            f"gitexp run {result.entry.name} --explore {shlex.quote(visible(why))} writes it anew",
        ), None
    due, instead = _due(result).strip("\n"), "nothing that counts"
    if result.registration is not None and result.judgement is not None:
        instead = words.verdict_line(result.registration, result.judgement)
    if noted == due:
        return None
    if noted and due:
        lines = zip(f"{noted}\n".split("\n"), f"{due}\n".split("\n"), strict=False)
        one, instead = next((a, b) for a, b in lines if a != b)
    else:
        one = first or "there is none"
    return Finding(
        "V1",
        f"the verdict note of {label} is not what its message and records give\n"
        f"  note:    {visible(one)}\n  records: {visible(instead)}",
        "gitexp verify --fix writes verdict notes anew; messages and records stay as they are",
    ), due and f"{due}\n"


def _due(result: Result) -> str:
    """The verdict note that message and records give; empty where nothing is decided."""
    registration, judgement = result.registration, result.judgement
    if registration is None or judgement is None or judgement.verdict is None:
        return ""
    return words.note(registration, judgement)


def _is_reworded(inventory: Inventory, result: Result) -> bool:
    """Whether a verdict note differs in its wording alone, as another version of gitexp has it."""
    noted, due = inventory.verdicts.get(result.entry.commit, ""), _due(result).strip("\n")
    if result.explored or not due or noted == due:
        return False
    assert result.registration is not None  # noqa: S101 - it gives a note
    assert result.judgement is not None  # noqa: S101 - it gives a note
    return says_the_same(noted, result.registration, result.judgement)


def _about_wording(results: Sequence[Result]) -> Iterator[Finding]:
    """Remark on notes that another version of gitexp worded."""
    if not results:
        return
    names = [label_of(result) for result in results[:_NAMED]]
    if len(results) > _NAMED:
        names.append(f"{len(results) - _NAMED} more")
    them = "its verdict and figures are" if len(results) == 1 else "their verdicts and figures are"
    yield Finding(
        "V1",
        f"{counted(len(results), 'verdict note')} in the words of another version of gitexp;"
        f" {them} right: {', '.join(names)}",
        "gitexp verify --fix rewrites them in today's words",
        advice=True,
    )


# --- campaigns ----------------------------------------------------------------------------------


def _campaigns(inventory: Inventory, high: Sequence[Result]) -> tuple[Campaign, ...]:
    """Sum up what each campaign spent; commits that were dropped took their place all the same."""
    settings = inventory.project.settings
    members: dict[tuple[str, int], list[Result]] = defaultdict(list)
    for result in gated((*inventory.held, *inventory.lost)):
        if result.registration:
            key = result.registration.criterion.metric, result.registration.campaign
            members[key].append(result)
    lost = {result.entry.commit for result in inventory.lost}
    beyond = {result.entry.commit for result in high}
    return tuple(
        Campaign(
            metric=metric,
            number=number,
            planned=settings.planned,
            taken=len(within),
            lost=sum(result.entry.commit in lost for result in within),
            confirmed=sum(is_confirmed(r) and r.entry.commit not in lost for r in within),
            levels=math.fsum(r.registration.level for r in within if r.registration),
            bound=None
            if any(result.entry.commit in beyond for result in within)
            else error_bound(len(within), planned=settings.planned, budget=settings.error_budget),
        )
        for (metric, number), within in sorted(members.items())
    )
