"""Registering an experiment: a change that breaks no rule becomes a commit with a name."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.lab.log.results import place_of_next, read_results
from gitexp.lab.log.same_change import NO_CODE, same_change
from gitexp.lab.measuring.one_baseline import blocks_due
from gitexp.lab.progress import counted_off
from gitexp.lab.projects.experiment_name import new_name
from gitexp.lab.projects.last_started import note_started
from gitexp.lab.projects.lowered_rules import demand_rules
from gitexp.lab.registering.design import checks_due, history, likely_failures, records_like_tip
from gitexp.lab.registering.edit import NOT_REGISTERED
from gitexp.lab.registering.known_claims import read_known
from gitexp.lab.registering.precedents import (
    advise_on_neighbors,
    advise_on_same_change,
    replication_of,
)
from gitexp.lab.registering.refusals import Refusals
from gitexp.lab.registering.seeds import first_seed, no_seeds_left
from gitexp.lab.trust.code_trust import note_own_code
from gitexp.rules.documents.code_commit import code_message, code_trailers
from gitexp.rules.documents.known import against
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.documents.quantities import parse_time
from gitexp.rules.documents.registration import AGAIN
from gitexp.rules.plan.design import (
    criterion_from,
    looks_up_to,
    met_already,
    not_reported,
    registration_for,
)
from gitexp.rules.plan.evidence import trailer_of
from gitexp.rules.plan.ideas import Options
from gitexp.rules.plan.overrun import about_overrun
from gitexp.rules.plan.prediction import exceeds_ceiling
from gitexp.rules.plan.run_scores import scores
from gitexp.rules.text import demand_plain
from gitexp.rules.verdict.criterion import parse_guards
from gitexp.rules.verdict.power import power_of, underpowered
from gitexp.store.archive import tidy
from gitexp.store.commits import commit_tree, create_branches
from gitexp.store.edited_trees import trees_with_file
from gitexp.store.experiment_refs import names_taken
from gitexp.store.git_errors import GitFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.log.result import Result
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.known import Known
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.finding import Finding
    from gitexp.rules.verdict.campaign import Place
    from gitexp.rules.verdict.criterion import Criterion, Guard
    from gitexp.rules.verdict.power import Power

_TRIES = 5  # names, where other clones of this work tree take them at the same time


@dataclass(frozen=True, slots=True)
class Code:
    """The code that experiments stand on: a `commit` that is there, or the `tree` of a new one.

    `base` is the baseline commit below it, and `paths` are the files that differ between the two.
    `foreign` says that it was taken from commits that were neither made nor approved in this clone.
    """

    base: str
    paths: tuple[str, ...]
    commit: str = ""
    tree: str = ""
    foreign: bool = False


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
class _Draft:
    """A registration that has no name yet, and its place in its campaign."""

    registration: Registration
    content: bytes
    place: int
    advice: tuple[Finding, ...]
    code: Code | None


@dataclass(frozen=True, slots=True)
class _Made:
    """A registration with its name, its commit ("" before it is made), and the code below it."""

    registration: Registration
    commit: str
    below: str
    code: Code | None


@dataclass(frozen=True, slots=True)
class _Log:
    """What there is on record when experiments are registered; each part is read once."""

    project: Project
    results: list[Result]
    baseline: list[Record]
    known: list[Known]
    places: dict[str, Place] = field(default_factory=dict)  # of the next experiment, by metric

    def place(self, metric: str) -> Place:
        """Campaign, place and level of the next experiment on a metric."""
        if metric not in self.places:
            self.places[metric] = place_of_next(self.project, self.results, metric)
        return self.places[metric]

    def overrun(self, drafts: Sequence[_Draft]) -> str:
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
    demand_rules(project)
    repository = project.repository
    log = _Log(
        project, read_results(project), records_like_tip(project),
        read_known(project, project.tip),
    )  # fmt: skip
    _demand_distinct(proposals)
    refused = Refusals(NOT_REGISTERED)
    drafts = []
    for proposal in proposals:
        with refused.of(proposal.label):
            drafts.append(_draft(log, proposal))
    refused.demand()
    made = _commit(project, drafts)
    note_started(repository, project.prefix, made[0].registration.name)
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


def _draft(log: _Log, proposal: Proposal) -> _Draft:
    project, settings, change = log.project, log.project.settings, proposal.change
    options, extra = proposal.options, [*proposal.extra]
    criterion = proposal.criterion or criterion_from(settings, options.expect)
    code = proposal.code
    below = (code.base, code.commit or code.tree) if code else NO_CODE
    same = same_change(project.repository, log.results, change, below)
    advice = [*proposal.advice]
    if proposal.replicate:
        extra.append(replication_of(change, same))
    again = same if not AGAIN.isdisjoint(dict(extra)) else []
    if used_up := no_seeds_left(project, project.tip, again):
        raise Refused(NOT_REGISTERED, [used_up])
    if not again:
        advice += advise_on_same_change(project, same)
    advice += advise_on_neighbors(log.results, same, change, proposal.text, criterion)
    despite = options.despite.strip() or dict(extra).get("Despite")
    if not despite and (known := against(log.known, change)):
        raise Refused(NOT_REGISTERED, [known])
    place = log.place(criterion.metric)
    if met := met_already(criterion, scores(log.baseline, criterion.metric)):
        raise Refused(NOT_REGISTERED, [met])
    first = first_seed(
        project, project.tip, again, options.repeats or 0,
        due=blocks_due(log.results, project.folder, criterion.metric),
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
        extra=(*_trailers(options), *extra, *_project_trailer(project)),
    )
    return _Draft(registration, proposal.content, place.number, tuple(advice), proposal.code)


def _started(log: _Log, draft: _Draft, made: _Made, before: bytes) -> Started:
    project, settings, registration = log.project, log.project.settings, made.registration
    power = power_of(registration, *history(log.results, log.baseline))
    failing = likely_failures(log.results, registration.repeats[-1])
    power = power.beside(checks=checks_due(settings, log.baseline), failing=failing)
    said = filter(None, [
        not_reported(registration.criterion.metric, settings, log.baseline),
        underpowered(registration, power), exceeds_ceiling(registration),
    ])  # fmt: skip
    old_line, new_line = _lines_at(before, draft.content, registration.change.line)
    return Started(
        registration.name, made.commit, project.baseline, project.tip, registration,
        registration.change, draft.place, settings.planned, old_line, new_line,
        (*draft.advice, *said), power, made.code,
    )  # fmt: skip


def _commit(project: Project, drafts: Sequence[_Draft]) -> list[_Made]:
    """Commit each under a free name, and new code once for all that stand on it."""
    repository = project.repository
    taken = names_taken(repository)
    for _ in range(_TRIES):
        names = _new_names(taken, len(drafts))
        new: dict[Code, str] = {}
        try:
            made = _make(project, drafts, names, new)
            # Before there is a branch: nobody is asked about code of their own.
            note_own_code(repository, *(at for code, at in new.items() if not code.foreign))
            commits = {one.registration.name: one.commit for one in made}
            create_branches(repository, commits, new.values())
        except GitFailed as failure:
            if not failure.lost:
                raise
            continue
        except NotReady:
            # Another clone of this work tree may have taken a name in the meantime.
            now = names_taken(repository)
            if now.isdisjoint(names):
                raise
            taken |= now
            continue
        return made
    raise NotReady(f"no free name was found in {_TRIES} tries", "run the same command again")


def _new_names(taken: set[str], number: int) -> list[str]:
    names: list[str] = []
    known = {*taken}
    for _ in range(number):
        names.append(new_name(known))
        known.add(names[-1])
    return names


def _make(
    project: Project, drafts: Sequence[_Draft], names: Sequence[str], new: dict[Code, str]
) -> list[_Made]:
    """Commit registrations under these names; `new` gets the code commits made for them."""
    repository = project.repository
    named = [_named(project, *one, new) for one in zip(drafts, names, strict=True)]
    trees = trees_with_file(
        repository,
        [
            (one.below, project.path(one.registration.change.file), draft.content)
            for one, draft in zip(named, drafts, strict=True)
        ],
    )
    pairs = [*zip(named, trees, strict=True)]
    return [
        replace(one, commit=commit_tree(repository, tree, [one.below], one.registration.message()))
        for one, tree in counted_off("registering experiments", pairs, len(pairs))
    ]


def _named(project: Project, draft: _Draft, name: str, new: dict[Code, str]) -> _Made:
    """Name a registration, and commit the code that it stands on unless `new` has it already."""
    named, code = replace(draft.registration, name=name), draft.code
    if code is None:
        return _Made(named, "", project.tip, None)
    if not code.commit and code not in new:
        message = code_message(hypothesis_of(named.hypothesis), name)
        new[code] = commit_tree(project.repository, code.tree, [code.base], message)
    below = code.commit or new[code]
    trailers = code_trailers(below, code.base)
    named = replace(named, extra=(*named.extra, *trailers))
    return _Made(named, "", below, replace(code, commit=below))


def _trailers(options: Options) -> Iterator[tuple[str, str]]:
    if evidence := demand_plain(options.evidence, "--evidence"):
        yield "Evidence", trailer_of(evidence)
    if options.gain is not None:
        yield "Gain", f"{_gain(options.gain):g}"
    if options.chance is not None:
        yield "Chance", f"{_chance(options.chance):g}"
    if options.cost:
        yield "Cost", _cost(options.cost)
    if despite := " ".join(options.despite.split()):
        yield "Despite", despite


def _project_trailer(project: Project) -> list[tuple[str, str]]:
    return [("Project", project.folder)] if project.folder else []


def _gain(gain: float) -> float:
    if not math.isfinite(gain):
        raise UsageError(f"--gain {gain:g} is not a number", "in the metric's unit: --gain 0.01")
    return gain


def _chance(chance: float) -> float:
    if not 0 <= chance <= 1:
        raise UsageError(
            f"--chance {chance:g} is not a probability", "between 0 and 1: --chance 0.3"
        )
    return chance


def _cost(cost: str) -> str:
    try:
        parse_time(cost, "--cost")
    except NotReady as error:
        raise UsageError(error.message) from None
    return cost


def _lines_at(old: bytes, new: bytes, line: int | None) -> tuple[str, str]:
    """The changed line before and after; an added or removed one is empty on one side."""
    before, after = (text.decode("utf-8", "replace").split("\n") for text in (old, new))
    at = (line or 1) - 1
    grown = len(after) - len(before)
    return (
        before[at].strip() if grown <= 0 and at < len(before) else "",
        after[at].strip() if grown >= 0 and at < len(after) else "",
    )
