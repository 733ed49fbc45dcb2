"""Experiments that have a verdict, and what those that made the same change measured together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitexp.lab.log.same_change import same_change, whole_changes
from gitexp.rules.plan.precedent import Precedent
from gitexp.rules.plan.together import Together, together
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


def has_verdict(result: Result) -> bool:
    """Whether an experiment has a verdict."""
    return result.stage == "decided"


def precedents(results: Iterable[Result]) -> list[Precedent]:
    """Those experiments that have a verdict, in the same order."""
    return [
        Precedent(result.name, result.base, result.registration, result.judgement)
        for result in results
        if has_verdict(result) and result.registration and result.judgement
    ]


def measured_together(
    repository: Repository, result: Result, others: Sequence[Result]
) -> Together | None:
    """What an experiment and others with the same change measured together; None if it is alone."""
    registration = result.registration
    if registration is None or not has_verdict(result):
        return None
    mine = whole_changes(repository, [result])[result.commit]
    tests = precedents([result, *same_change(repository, others, mine, result.standing)])
    found = together(registration.criterion, tests)
    return found if found and found.experiments > 1 else None
