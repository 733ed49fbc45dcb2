"""Brief an agent before its next idea: what is known, what is a dead end, what to type."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from gitexp.errors import NotReady
from gitexp.lab.log.decided import has_verdict
from gitexp.lab.log.log import Row, log
from gitexp.lab.projects.project import Project
from gitexp.lab.queues.queue import QueueStage
from gitexp.lab.registering.known_claims import read_known
from gitexp.lab.standing.standing import standing
from gitexp.rules.plan.briefing import Section, section
from gitexp.rules.plan.dead_ends import Tried, dead_ends
from gitexp.rules.plan.state import State
from gitexp.rules.text import counted, duration
from gitexp.rules.verdict import figures, words
from gitexp.rules.verdict.verdict import Verdict
from gitexp.workflows.gaps import gaps
from gitexp.workflows.next import next_ideas
from gitexp.workflows.status import Status, open_here, status_of

if TYPE_CHECKING:
    import datetime as dt

    from gitexp.rules.plan.ranking import WeighedIdea
    from gitexp.rules.plan.run_scores import Score
    from gitexp.rules.plan.standing import Standing


class BriefingJson(TypedDict, total=False):
    """Lines on each topic, where there is something to say and room for it.

    `left_out` counts the lines that there was no room for, by topic.
    """

    standing: list[str]
    gaps: list[str]
    confirmed: list[str]
    dead_ends: list[str]
    known: list[str]
    left: list[str]
    ideas: list[str]
    running: list[str]
    warnings: list[str]
    next: list[str]
    left_out: dict[str, int]


FIRST = "next"  # key of the section that must never be missing
_START = 'gitexp start --run --accept --json --set KEY=VALUE "HYPOTHESIS because REASON"'
_RECENT = 20  # experiments whose durations tell how long one takes


def briefing(directory: Path, today: dt.date) -> list[Section]:
    """Gather what an agent should know about the project of a directory; nothing is run.

    Raises:
        NotReady: there is no repository, no commit, or no settings.
    """
    project = open_here(directory)
    rows = log(project)
    ideas = next_ideas(project, rows=rows)
    now = status_of(project, rows, today, ideas.order)
    warnings = [*now.warnings, *ideas.warnings]
    known: list[str] = []
    try:
        known = [
            f"{one.key}{'' if one.value is None else f' = {one.value}'}: {one.claim} ({one.source})"
            for one in read_known(project, project.tip)
        ]
    except NotReady as error:
        warnings.append(error.message)
    tried = [
        Tried(registration, row.result.judgement)
        for row in rows
        if (registration := row.result.registration)
    ]
    return [
        section("standing", "Standing", _standing(project, now, standing(project, rows))),
        section("gaps", "The baseline loses most", _gaps(project, rows)),
        section("confirmed", "Confirmed", _confirmed(rows)),
        section("dead_ends", "Dead ends", dead_ends(tried, project.settings.metric)),
        section("known", "Settled; do not test again", known),
        section("left", "Left in this campaign", [_left(now, rows, ideas.order)]),
        section("ideas", "Planned, best first", [
            f"{idea.name}: {idea.change}, {_expected(idea)}, {duration(idea.seconds)}"
            + ("" if idea.trusted else "; its code waits for gitexp trust")
            for idea in ideas.order
        ]),
        section("running", "Running", _running(now)),
        section("warnings", "Warnings", warnings),
        section(FIRST, "Next, type it as it is", _commands(now), is_exact=True),
    ]  # fmt: skip


def _standing(project: Project, now: Status, whole: Standing) -> Iterator[str]:
    for one in now.goals:
        what = "reached" if one.met else "not reached"
        yield f"goal {one.goal}: {what}, {_said(one.now)}"
    settings = project.settings
    better = "higher" if settings.higher_is_better else "lower"
    yield (
        f"{now.metric} {_said(now.score)} on {now.baseline}"
        f" {now.commit[:8]}; {better} is better,"
        f" gains count from {settings.criterion.target}"
    )
    if ladder := whole.ladder:
        measured = "not measured yet"
        if ladder.measured is not None:
            measured = f"measured {figures.within(ladder.measured, ladder.within, sign=True)}"
        yield f"{ladder.accepted:,} accepted, claimed {ladder.claimed_said}, {measured}"


def _said(score: Score | None) -> str:
    return "not measured yet" if score is None else str(score)


def _gaps(project: Project, rows: Sequence[Row]) -> list[str]:
    try:
        report = gaps(project, rows=rows)
    except NotReady:  # nothing was measured
        return []
    return [
        f"{gap.said}: at most {figures.rough(gap.ceiling)} in {gap.unit or report.metric}"
        for gap in report.gaps
    ]


def _confirmed(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        registration, judgement = row.result.registration, row.result.judgement
        if registration and judgement and judgement.verdict is Verdict.CONFIRMED:
            accepted = ", accepted" if row.state is State.ACCEPTED else ""
            said = registration.change.brief
            if judgement.effect is not None:
                said += f", {words.effect(registration.criterion, judgement)}"
            yield f"{row.result.name}: {said}{accepted}"


def _expected(idea: WeighedIdea) -> str:
    """What is expected of an idea: what it predicts or, once it was screened, what that left."""
    if (found := idea.screened) is None:
        return idea.bet
    return (
        f"{figures.rounded_like(idea.sign * found.expected, found.sd, sign=True)} since screening"
    )


def _left(now: Status, rows: Sequence[Row], ideas: Sequence[WeighedIdea]) -> str:
    """Places of the campaign, and the time that they would take as the latest verdicts did.

    Without a verdict, as the planned experiments are expected to.
    """
    campaign = now.campaign
    places = max(campaign.planned - campaign.taken, 0)
    said = f"{places:,} of {counted(campaign.planned, 'place')} in campaign {campaign.number}"
    decided = [row.result.summary for row in rows if has_verdict(row.result)]
    recent = [taken for one in decided if (taken := sum(one.seconds))][:_RECENT]
    recent = recent or [idea.seconds for idea in ideas]
    if not recent:
        return said
    each = statistics.median(recent)
    return f"{said}; about {duration(each * places)} of runs, {duration(each)} each"


def _running(now: Status) -> Iterator[str]:
    yield from now.by_state.get("running", ())
    for one in now.queues:
        if one.stage is QueueStage.ENDED:  # shown to people for a day, by the clock
            continue
        waiting = [it.name for it in one.experiments if it.state == "waiting"]
        rest = f", {len(waiting):,} waiting: {', '.join(waiting)}" if waiting else ""
        stage = "" if one.stage is QueueStage.RUNS else f" {one.stage}"
        yield f"queue {one.queue.id}{stage}{rest}"


def _commands(now: Status) -> Iterator[str]:
    """The next step first; where it only sets something up, nothing else would work before."""
    begins_new = now.next.command.startswith("gitexp start --set ")
    if not begins_new:
        yield f"{now.next.command}  # {now.next.why}"
    if now.next.command not in {"gitexp init", "gitexp trust"}:
        yield _START
        yield "gitexp log --json  # every experiment with its verdict"
