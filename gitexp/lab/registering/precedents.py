"""What earlier experiments say about a change that somebody wants to test."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from gitexp.errors import Refused, UsageError
from gitexp.lab.log.decided import has_verdict, precedents
from gitexp.lab.log.earlier_verdict import verdict_on
from gitexp.lab.log.missing_results import way_to_verdict
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.edit import NOT_REGISTERED
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.finding import Finding
from gitexp.rules.plan.limbo import keeps_coming_back
from gitexp.rules.plan.precedent import (
    lies_between,
    verdict_awaited,
    verdict_on_older_baseline,
)
from gitexp.rules.plan.same_hypothesis import Hypotheses, same_hypothesis

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.verdict.criterion import Criterion

_ENOUGH = 20  # experiments, before hypotheses are compared by their words


class Earlier:
    """The experiments of a log, sorted once by what many new ones are compared with."""

    def __init__(self, results: Sequence[Result]) -> None:
        self._registered = [one for one in results if one.registration]
        self.are_many = len(results) >= _ENOUGH

    def on_key(self, change: Change) -> Sequence[Result]:
        """Those that changed the same key of the same file, newest first."""
        return self._by_place.get(change.place, ())

    def candidates(self, change: Change) -> Sequence[Result]:
        """Those that may have made a change, newest first: also under the key that it had once."""
        return self._registered if change.formerly else self.on_key(change)

    @cached_property
    def _by_place(self) -> dict[str, list[Result]]:
        found: dict[str, list[Result]] = {}
        for one in self._registered:
            if one.registration:
                found.setdefault(one.registration.change.place, []).append(one)
        return found

    @cached_property
    def hypotheses(self) -> Hypotheses:
        """What they said."""
        return Hypotheses((one.name, hypothesis_of(one.entry.message)) for one in self._registered)


def advise_on_same_change(project: Project, same: Sequence[Result]) -> list[Finding]:
    """Point to an experiment that made the same change; `same` are all of them, newest first.

    Raises:
        Refused: one has a verdict on a baseline that runs like the present one.
    """
    decided = precedents(same)
    if not decided:
        return [
            verdict_awaited(one.name, way_to_verdict(project.repository, one.name, one.commit))
            for one in same[:1]
        ]
    if found := verdict_on(project, same, (project.tip,)):
        raise Refused(NOT_REGISTERED, [found])
    return [verdict_on_older_baseline(decided[0])]


def advise_on_neighbors(
    earlier: Earlier,
    same: Sequence[Result],
    change: Change,
    hypothesis: str,
    criterion: Criterion,
) -> list[Finding]:
    """Say what the log has close to a change: on the same key, or in the same words.

    `same` are the experiments that made the very same change.
    """
    again = {result.name for result in same}
    same_key = precedents(earlier.on_key(change))
    between = lies_between(change, same_key)
    limbo = keeps_coming_back(change, criterion, same_key, again)
    found = [finding for finding in (between, limbo) if finding]
    if not found and earlier.are_many:
        found += filter(None, [same_hypothesis(hypothesis, earlier.hypotheses, again)])
    return found


def replication_of(change: Change, same: Sequence[Result]) -> tuple[str, str]:
    """Trailer that ties a replication to the experiment that it repeats.

    Raises:
        UsageError: no experiment with a verdict made this change.
    """
    first = next((result for result in same if has_verdict(result)), None)
    if first is None:
        raise UsageError(
            f"there is nothing to replicate: no experiment with a verdict made the change {change}",
            "the same command without --replicate",
        )
    return "Replicate", f"{first.name} {first.commit}"
