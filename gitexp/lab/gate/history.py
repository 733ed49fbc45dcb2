"""The results of all experiments, as rules ask for them: the same change, a campaign, a block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from gitexp.lab.code.replacement import without_replaced
from gitexp.lab.log.results import judged, read_all_results
from gitexp.lab.log.same_change import same_change
from gitexp.lab.measuring.one_baseline import block_due
from gitexp.lab.projects.amendments import protocols_of
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.change import Change
from gitexp.rules.plan.seeds import APART
from gitexp.rules.verdict.campaign import Member, count_confirmed
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.experiments import Entry, read_noted
from gitexp.store.notes import list_notes
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from gitexp.store.unsynced import unsynced

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.registration import Registration


class PastResults:
    """The results of all projects, read once, and only if a rule asks for them.

    `known` are results that were read already, by a command that changes nothing.
    """

    def __init__(self, repository: Repository, known: Sequence[Result] | None = None) -> None:
        self._repository, self._known = repository, known

    def own(self, commit: str) -> Result | None:
        """Return the result of a commit itself."""
        return self._by_commit.get(commit)

    def same_change(self, folder: str, change: Change, entry: Entry) -> list[Result]:
        """Return other experiments of a project that made an entry's change, newest first."""
        alike = self._by_setting.get((folder, change.setting), ())
        cut = self._cut.get((folder, change.place), ())
        early = self._by_form.get((folder, change.formerly.form), ()) if change.formerly else ()
        others = [result for result in (*alike, *cut, *early) if result.commit != entry.commit]
        if (alike and cut) or early:
            others.sort(key=lambda result: self._order[result.commit])
        return same_change(self._repository, others, change, (entry.base, entry.code))

    def latest_campaign(self, registration: Registration, commit: str) -> int:
        """Return the latest campaign on a metric in which there is another experiment, or 0."""
        key = registration.project, registration.criterion.metric
        mine = self._itself(commit)
        latest = (campaign for campaign, one in self._campaigns.get(key, ()) if one not in mine)
        return next(latest, 0)

    def blocks_due(self, folder: str, metric: str) -> Callable[[int], int]:
        """Return what says which block of seeds may be registered first, by where they start."""
        return lambda start: block_due(
            self._by_last_digits.get(start % APART, ()), folder, metric, start
        )

    def members(self, folder: str, commit: str) -> list[Member]:
        """Return a project's experiments other than this commit, as campaigns count them."""
        mine = self._itself(commit)
        besides = [result for result in self._results if result.commit not in mine]
        others = (result.member() for result in without_replaced(besides))
        return [one for one in others if one and one.project == folder]

    def confirmed_besides(self, project: Project, registration: Registration, entry: Entry) -> int:
        """Count what a campaign confirmed apart from an experiment, as the experiment's rules do.

        Under rules 2 nothing counts that was measured by another protocol.
        """
        campaign = registration.project, registration.criterion.metric, registration.campaign
        others = dict(self._confirmed.get(campaign, {}))
        others.pop(entry.commit, None)
        if others and registration.rules > 1 and entry.base:
            base = entry.base
            protocols = protocols_of(project, {base, *(one.base for one in others.values())})
            alike = [m for m in others.values() if protocols[m.base] == protocols[base]]
            return count_confirmed(registration.rules, alike)
        return count_confirmed(registration.rules, others.values())

    def or_sync(self, hint: str) -> str:
        """Add to the hint of a rule what mends it where only results of others are missing."""
        if self._repository.top is None:
            return f"{hint}\nif the server lacks earlier experiments or their results: gitexp sync"
        if unsynced(self._repository):
            return f"{hint}\nresults of others may not be here yet: gitexp sync"
        return hint

    @cached_property
    def unheld(self) -> Sequence[Result]:
        """Registered commits with runs that no branch of an experiment, or an archived one, holds.

        An archived one that a branch of the same name hides is among them.
        """
        known = {r.commit for r in self._results}
        known |= {commit for r in self._results for commit in (*r.standing, *r.replaces)}
        noted = [commit for commit in list_notes(self._repository, RUNS) if commit not in known]
        return judged(self._repository, read_noted(self._repository, noted))

    @cached_property
    def _results(self) -> Sequence[Result]:
        return read_all_results(self._repository) if self._known is None else self._known

    def _itself(self, commit: str) -> set[str]:
        """An experiment's commit, and those whose place it took."""
        own = self.own(commit)
        return {commit, *(own.replaces if own else ())}

    @cached_property
    def _campaigns(self) -> dict[tuple[str, str], list[tuple[int, str]]]:
        """Campaign and commit of each experiment of a project on a metric, the latest first."""
        found: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for result in self._results:
            if one := result.registration:
                key = one.project, one.criterion.metric
                found.setdefault(key, []).append((one.campaign, result.commit))
        return {key: sorted(members, reverse=True) for key, members in found.items()}

    @cached_property
    def _by_last_digits(self) -> dict[int, list[Result]]:
        """Results by what all blocks of one baseline's seeds have in common."""
        found: dict[int, list[Result]] = {}
        for result in self._results:
            if one := result.registration:
                found.setdefault(one.seeds[0] % APART, []).append(result)
        return found

    @cached_property
    def _by_commit(self) -> dict[str, Result]:
        return {result.entry.commit: result for result in self._results}

    @cached_property
    def _order(self) -> dict[str, int]:
        return {result.commit: at for at, result in enumerate(self._results)}

    @cached_property
    def _by_setting(self) -> dict[tuple[str, tuple[str, str] | None], list[Result]]:
        """Results by project and what they set, if their messages have it whole."""
        found: dict[tuple[str, tuple[str, str] | None], list[Result]] = {}
        for result in self._results:
            if (one := result.registration) and (setting := one.change.setting):
                found.setdefault((one.project, setting), []).append(result)
        return found

    @cached_property
    def _by_form(self) -> dict[tuple[str, tuple[str, ...]], list[Result]]:
        """Results by project and the form of what they changed."""
        found: dict[tuple[str, tuple[str, ...]], list[Result]] = {}
        for result in self._results:
            if one := result.registration:
                found.setdefault((one.project, one.change.form), []).append(result)
        return found

    @cached_property
    def _cut(self) -> dict[tuple[str, str], list[Result]]:
        """Results by project and key whose messages have a value only in part."""
        found: dict[tuple[str, str], list[Result]] = {}
        for result in self._results:
            if (one := result.registration) and one.change.setting is None:
                found.setdefault((one.project, one.change.place), []).append(result)
        return found

    @cached_property
    def _confirmed(self) -> dict[tuple[str, str, int], dict[str, Member]]:
        found: dict[tuple[str, str, int], dict[str, Member]] = {}
        for result in self._results:
            member = result.member()
            if member is not None and member.verdict is Verdict.CONFIRMED:
                key = member.project, member.metric, member.campaign
                found.setdefault(key, {})[result.entry.commit] = member
        return found
