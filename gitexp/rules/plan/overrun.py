"""Campaigns for which more experiments wait than were planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitexp.rules.documents.settings import Settings
from gitexp.rules.verdict.figures import rough

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration


def about_overrun(
    settings: Settings, waiting: Iterable[Registration], ran: Iterable[Registration]
) -> list[str]:
    """Say which campaigns would have more experiments than were planned, if all of them ran."""
    taken, due = Counter(map(_campaign, ran)), Counter(map(_campaign, waiting))
    said = []
    for (campaign, metric), number in sorted(due.items()):
        total = number + taken[campaign, metric]
        if metric != settings.metric or total <= settings.planned:
            continue
        errors = settings.error_budget * total / settings.planned
        said.append(
            f"campaign {campaign} plans {settings.planned} experiments, and would have"
            f" {total:,} if all that wait ran: expect up to {rough(errors)} false confirmations"
            f" instead of {settings.error_budget:g}; to leave one out:"
            " gitexp archive NAME --why TEXT"
        )
    return said


def _campaign(registration: Registration) -> tuple[int, str]:
    return registration.campaign, registration.criterion.metric
