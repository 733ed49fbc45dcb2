"""Registering an experiment: a change that breaks no rule becomes a commit with a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from gitexp.errors import Refused, UsageError
from gitexp.lab.log.results import place_of_next, read_results
from gitexp.lab.log.same_change import NO_CODE, same_change
from gitexp.lab.measuring.one_baseline import blocks_due
from gitexp.lab.projects.last_started import note_started
from gitexp.lab.projects.lowered_rules import demand_rules
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.committing import Code, Draft, Made, commit_all
from gitexp.lab.registering.design import checks_due, history, likely_failures, records_like_tip
from gitexp.lab.registering.edit import NOT_REGISTERED
from gitexp.lab.registering.known_claims import read_known
from gitexp.lab.registering.precedents import (
    Earlier,
    advise_on_neighbors,
    advise_on_same_change,
    replication_of,
)
from gitexp.lab.registering.refusals import Refusals
from gitexp.lab.registering.seeds import first_seed, no_seeds_left
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.known import Known, against
from gitexp.rules.documents.registration import AGAIN, Registration
from gitexp.rules.finding import Finding
from gitexp.rules.plan.design import (
    criterion_from,
    looks_up_to,
    met_already,
    not_reported,
    registration_for,
    unguarded,
)
from gitexp.rules.plan.options import Options
from gitexp.rules.plan.overrun import about_overrun
from gitexp.rules.plan.prediction import exceeds_ceiling
from gitexp.rules.plan.run_scores import scores
from gitexp.rules.verdict.criterion import Criterion, Guard, parse_guards
from gitexp.rules.verdict.power import Power, power_of, underpowered
from gitexp.store.archive import tidy

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.campaign import Place


@dataclass(frozen=True, slots=True)
class Started:
    """A registered experiment: experiment `place` of the `planned` ones in its campaign.

    `code` is the code commit that it stands on, if it has one. `overrun` says that the campaign
    would have more experiments than were planned, if all that wait ran.
    """

    name: str
    commit: str
    baseline: str
    base: str
    registration: Registration
    change: Change
    place: int
    planned: int
    old_line: str
    new_line: str
    advice: tuple[Finding, ...]
    power: Power
    code: Code | None = None
    overrun: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An experiment that is to be registered: a change that the gate has checked.

    It goes on the tip of the baseline branch, or on `code`, which is on that tip. `content` is the
    changed file. `extra` are further trailers. A replication or a retest runs on seeds that its
    change has no record on. `label` names it among several.
    """

    text: str
    change: Change
    content: bytes
    options: Options = field(default_factory=Options)
    advice: tuple[Finding, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    criterion: Criterion | None = None
    guards: tuple[Guard, ...] = ()
    replicate: bool = False
    label: str = ""
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class _Log:
    """What there is on record when experiments are registered; each part is read once."""

    project: Project
    results: list[Result]
    baseline: list[Record]
    known: list[Known]
    earlier: Earlier
    # Of the next experiment, by metric.
    places: dict[str, Place] = field(default_factory=dict)
    blocks: dict[str, Callable[[int], int]] = field(default_factory=dict)

    def place(self, metric: str) -> Place:
        """Campaign, place and level of the next experiment on a metric."""
        if metric not in self.places:
            self.places[metric] = place_of_next(self.project, self.results, metric)
        return self.places[metric]

    def blocks_due(self, metric: str) -> Callable[[int], int]:
        """Which block of a baseline's seeds may be registered, by its start; asked once each."""
        if metric not in self.blocks:
            self.blocks[metric] = cache(blocks_due(self.results, self.project.folder, metric))
        return self.blocks[metric]

    def overrun(self, drafts: Sequence[Draft]) -> str:
        """Say that a campaign would have too many experiments, if all that wait and these ran."""
        tip = self.project.tip
        ran: list[Registration] = []
        waiting: list[Registration] = []
        for result in self.results:
            if result.registration and result.ran:
                ran.append(result.registration)
            elif result.registration and not result.archived and result.base == tip:
                waiting.append(result.registration)
        mine = [draft.registration for draft in drafts]
        return "\n".join(about_overrun(self.project.settings, [*waiting, *mine], ran))


def register(project: Project, proposal: Proposal) -> Started:
    """Register one experiment, as `register_all` does."""
    return register_all(project, [proposal])[0]


def register_all(project: Project, proposals: Sequence[Proposal]) -> list[Started]:
    """Commit each change with its registration, under a new name: all of them or none.

    Raises:
        Refused: a change has a verdict, KNOWN.toml settles it, the baseline already meets the
            criterion, or there are no seeds to test the change again on.
        UsageError: two proposals make the same change.
        NotReady: the settings ask for the rules of an earlier version.
    """
    log = _read_log(project)
    _demand_distinct(proposals)
    refused = Refusals(NOT_REGISTERED)
    drafts = []
    for proposal in proposals:
        with refused.of(proposal.label):
            drafts.append(_draft(log, proposal))
    refused.demand()
    return _commit(log, drafts)


def register_some(
    project: Project, proposals: Sequence[Proposal]
) -> tuple[dict[str, Started], dict[str, Refused]]:
    """Commit each change that is not refused, in this order; both are returned by their labels."""
    if not proposals:
        return {}, {}
    log, drafts, refused = _read_log(project), dict[str, Draft](), dict[str, Refused]()
    for proposal in proposals:
        try:
            drafts[proposal.label] = _draft(log, proposal)
        except Refused as error:
            refused[proposal.label] = error
    made = _commit(log, [*drafts.values()]) if drafts else []
    return dict(zip(drafts, made, strict=True)), refused


def _read_log(project: Project) -> _Log:
    demand_rules(project)
    results = read_results(project)
    return _Log(
        project, results, records_like_tip(project), read_known(project, project.tip),
        Earlier(results),
    )  # fmt: skip


def _commit(log: _Log, drafts: Sequence[Draft]) -> list[Started]:
    """Commit registrations under new names, all of them or none."""
    project, repository = log.project, log.project.repository
    made = commit_all(project, drafts)
    note_started(repository, project.prefix, made[0].registration.name, several=len(made) > 1)
    tidy(repository)
    before = repository.git.objects(
        [f"{one.below}:{project.path(one.registration.change.file)}" for one in made]
    )
    overrun = log.overrun(drafts)
    return [
        replace(_started(log, draft, one, content or b""), overrun=overrun)
        for draft, one, content in zip(drafts, made, before, strict=True)
    ]


def _demand_distinct(proposals: Sequence[Proposal]) -> None:
    known: dict[tuple[str, str], Proposal] = {}
    for proposal in proposals:
        if (setting := proposal.change.setting) is None:
            continue
        if (other := known.setdefault(setting, proposal)) is not proposal:
            raise UsageError(
                f"{proposal.label} makes the same change as {other.label}: {proposal.change.brief}",
                "remove one of the two",
            )


def _draft(log: _Log, proposal: Proposal) -> Draft:
    project, settings, change = log.project, log.project.settings, proposal.change
    options, extra = proposal.options, [*proposal.extra]
    criterion = proposal.criterion or criterion_from(settings, options.expect)
    code = proposal.code
    below = (code.base, code.commit or code.tree) if code else NO_CODE
    same = same_change(project.repository, log.earlier.candidates(change), change, below)
    advice = [*proposal.advice]
    if proposal.replicate:
        extra.append(replication_of(change, same))
    again = same if not AGAIN.isdisjoint(dict(extra)) else []
    if used_up := no_seeds_left(project, project.tip, again):
        raise Refused(NOT_REGISTERED, [used_up])
    if not again:
        advice += advise_on_same_change(project, same)
    advice += advise_on_neighbors(log.earlier, same, change, proposal.text, criterion)
    despite = options.despite.strip() or dict(extra).get("Despite")
    if not despite and (known := against(log.known, change)):
        raise Refused(NOT_REGISTERED, [known])
    place = log.place(criterion.metric)
    if met := met_already(criterion, scores(log.baseline, criterion.metric)):
        raise Refused(NOT_REGISTERED, [met])
    first = first_seed(
        project, project.tip, again, options.repeats or 0,
        due=log.blocks_due(criterion.metric),
    )  # fmt: skip
    registration = registration_for(
        settings,
        hypothesis=proposal.text.strip(),
        change=change,
        criterion=criterion,
        first_seed=first,
        campaign=place.campaign,
        level=place.level,
        repeats=() if options.repeats is None else looks_up_to(settings, options.repeats),
        guards=proposal.guards or parse_guards(",".join(options.guards)),
        extra=(*options.trailers(), *extra, *_project_trailer(project)),
    )
    return Draft(registration, proposal.content, place.number, tuple(advice), proposal.code)


def _started(log: _Log, draft: Draft, made: Made, before: bytes) -> Started:
    project, settings, registration = log.project, log.project.settings, made.registration
    power = power_of(registration, *history(log.results, log.baseline))
    failing = likely_failures(log.results, registration.repeats[-1])
    power = power.beside(checks=checks_due(settings, log.baseline), failing=failing)
    said = filter(None, [
        not_reported(registration.criterion.metric, settings, log.baseline)
        or unguarded(registration, settings),
        underpowered(registration, power), exceeds_ceiling(registration),
    ])  # fmt: skip
    old_line, new_line = _lines_at(before, draft.content, registration.change.line)
    return Started(
        registration.name, made.commit, project.baseline, project.tip, registration,
        registration.change, draft.place, settings.planned, old_line, new_line,
        (*draft.advice, *said), power, made.code,
    )  # fmt: skip


def _project_trailer(project: Project) -> list[tuple[str, str]]:
    return [("Project", project.folder)] if project.folder else []


def _lines_at(old: bytes, new: bytes, line: int | None) -> tuple[str, str]:
    """The changed line before and after; an added or removed one is empty on one side."""
    before, after = (text.decode("utf-8", "replace").split("\n") for text in (old, new))
    at = (line or 1) - 1
    grown = len(after) - len(before)
    return (
        before[at].strip() if grown <= 0 and at < len(before) else "",
        after[at].strip() if grown >= 0 and at < len(after) else "",
    )
