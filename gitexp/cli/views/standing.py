"""Where the log as a whole stands: the campaign, the errors that it allows, the ladder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import filled
from gitexp.rules.documents.change import Change
from gitexp.rules.plan.evidence import say_evidence
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.plan.standing import LadderGains, Standing


def standing(now: Standing) -> None:
    """Print where the log as a whole stands."""
    typer.echo("")
    for sentence in standing_lines(now):
        typer.echo(filled(sentence, "", "  "))


def marked(to_retest: Iterable[tuple[Result, str]]) -> None:
    """Print which experiments should be tested again, and why."""
    for result, said in to_retest:
        name = visible(result.name)
        typer.echo(filled(f"exp/{name} {said}: gitexp retest {name}", "", "  "))


def switches(dead: Iterable[Change]) -> None:
    """Print which switches can be taken out of the code."""
    names = [visible(f"{change.file}: {change.spelled_key}") for change in dead]
    if names:
        said = (
            f"Code that is switched on for good: {', '.join(names)}. A commit on the baseline that"
            " takes the switch out is compared with one run."
        )
        typer.echo(filled(said, "", "  "))


def standing_lines(now: Standing) -> list[str]:
    """Where the log as a whole stands, in sentences."""
    taken = (
        f"Campaign {now.campaign} on {now.metric}: {now.taken:,} of {now.planned:,} experiments"
        f" run, {now.confirmed} confirmed. The next one needs p < {now.next_level:.3g}."
    )
    said = [taken]
    if now.campaign > 1:
        added = figures.rough(now.added)
        said.append(f"Beside earlier campaigns, it adds up to {added} false confirmations.")
    if now.taken > now.planned:
        said.append(
            f"More ran than its plan of {now.planned}: their levels add up beyond the budget."
        )
    if now.all_confirmed:
        said.append(
            f"Of {counted(now.all_confirmed, 'confirmed experiment')} on {now.metric} in all"
            f" campaigns, expect up to {figures.rough(now.false_expected)} to be false: the sum of"
            " the levels spent."
        )
    if now.asked:
        used = counted(now.asked, "experiment")
        several = f"Of {now.sets} validation sets, the one used most was used in {used}."
        said.append(f"The validation set was used in {used}." if now.sets == 1 else several)
    if len(now.shares) > 1:
        shares = ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in now.shares.items())
        said.append(f"Confirmed gain by kind of change: {shares}.")
    if told := say_evidence(now.evidence):
        said.append(f"By evidence: {told}.")
    if now.ladder is not None:
        said.append(_ladder(now.ladder))
    return said


def _ladder(ladder: LadderGains) -> str:
    measured = "not measured between its ends yet: gitexp run --baseline"
    if ladder.measured is not None:
        within = figures.within(ladder.measured, ladder.within, sign=True)
        measured = f"measured between its ends on fresh seeds {within} (95 %)"
    return f"Ladder: {ladder.accepted} accepted, gains claimed {ladder.claimed_said}; {measured}."
