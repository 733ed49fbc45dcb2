"""Experiments on an earlier baseline that are worth testing on today's: planned, or confirmed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.log.log import Row, log
from gitexp.lab.log.same_change import on_equal_code, whole_changes
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.project import Project
from gitexp.rules.plan.state import State

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


@dataclass(frozen=True, slots=True)
class Waiting:
    """Those that were never run, and those that were confirmed, each the oldest first."""

    planned: tuple[Result, ...]
    confirmed: tuple[Result, ...]

    def __len__(self) -> int:
        return len(self.planned) + len(self.confirmed)


NOTHING = Waiting((), ())


def waiting(project: Project, rows: Sequence[Row] | None = None) -> Waiting:
    """Find what to test on the baseline's tip that was planned or confirmed before it."""
    rows = log(project) if rows is None else rows
    planned = tuple(row.result for row in reversed(rows) if row.state is State.STALE)
    confirmed = [r.result for r in rows if r.state is State.DONE and r.result.confirmed]
    if confirmed:
        alike = {project.tip, *same_runs(project, project.settings, project.tip)}
        confirmed = [result for result in confirmed if result.base not in alike]
    if confirmed:
        newer = made_again(project, confirmed, [row.result for row in rows])
        confirmed = [result for result in confirmed if result.commit not in newer]
    return Waiting(planned, tuple(reversed(confirmed)))


def made_again(
    project: Project, confirmed: Sequence[Result], results: Sequence[Result]
) -> set[str]:
    """Commits of those whose change a later experiment made; `results` are the newest first."""
    repository = project.repository
    registered = [result for result in results if result.registration is not None]
    changes = whole_changes(repository, registered)
    wanted = {result.commit for result in confirmed}
    found = set()
    later: defaultdict[str, list[Result]] = defaultdict(list)  # by what is changed
    for result in registered:
        change = changes[result.commit]
        if result.commit in wanted:
            same = [r for r in later[change.place] if changes[r.commit].sets_the_same(change)]
            # Code that was carried to another baseline may have other lines around it.
            if any(_retested(one) == result.commit for one in same) or on_equal_code(
                repository, same, result.standing
            ):
                found.add(result.commit)
        later[change.place].append(result)
    return found


def _retested(result: Result) -> str:
    """The commit of the experiment that a retest carries on; empty for any other."""
    extra = result.registration.extra if result.registration else ()
    return dict(extra).get("Retest", "").rpartition(" ")[2]


def confirmed_before(result: Result, by_commit: Mapping[str, Result]) -> Result | None:
    """Return the confirmed experiment that a registration carries on, None if there is none.

    One that was confirmed from another value of the key than today's counts as none.
    """
    seen: set[str] = set()
    found: Result | None = result
    while found is not None and found.registration is not None and found.commit not in seen:
        seen.add(found.commit)
        found = by_commit.get(_retested(found))
        if found is not None and found.confirmed:
            return found if _before(found) == _before(result) else None
    return None


def _before(result: Result) -> object:
    return result.registration.change.before if result.registration else None


def measured_gain(result: Result) -> float | None:
    """Gain of a confirmed experiment in the metric's unit, larger is better; else None."""
    judgement, registration = result.judgement, result.registration
    if not result.confirmed or judgement is None or registration is None:
        return None
    before, after = judgement.baseline_mean, judgement.candidate_mean
    if before is None or after is None:
        return None
    return registration.criterion.sign * (after - before)
