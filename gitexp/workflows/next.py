"""Which planned experiment to run next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.design import history, records_like_tip
from gitexp.lab.known import is_answered
from gitexp.lab.log import log
from gitexp.rules.plan.expectation import Idea, ranked, weigh, within
from gitexp.rules.verdict.power import power_of
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.project import Project


def next_ideas(project: Project, *, hours: float | None = None) -> tuple[list[Idea], list[Idea]]:
    """Rank the planned experiments; the second list is what fits into `hours`, without them all."""
    rows = log(project)
    results = [row.result for row in rows]
    planned = [row.result for row in rows if row.state == "planned" and row.result.registration]
    past, baseline, durations = history(results, records_like_tip(project))
    decided = [result for result in results if is_answered(result)]
    confirmed = sum(result.verdict is Verdict.CONFIRMED for result in decided)
    # Laplace's rule: before anything is decided a coin's chance, and never quite 0 or 1.
    hit_rate = (confirmed + 1) / (len(decided) + 2)
    ideas = []
    for result in planned:
        registration = result.registration
        assert registration is not None  # noqa: S101 - only registered ones are planned
        power = power_of(registration, past, baseline, durations)
        ideas.append(
            weigh(
                result.entry.name,
                registration,
                hit_rate=hit_rate,
                seconds=power.seconds,
                detectable=power.detectable,
            )
        )
    order = ranked(ideas)
    return order, order if hours is None else within(order, hours * 3600)
