"""A project in figures: what its metric was and is, what was tested, and what that took."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from gitexp.lab.log.log import OpenLog, Row, open_log
from gitexp.lab.log.results import place_of_next
from gitexp.lab.projects.amendments import protocols_of
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.design import records_like_tip
from gitexp.rules.documents.record import parse_records
from gitexp.rules.plan.run_scores import Score, mean_score
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from gitexp.lab.standing.goals import GoalProgress

_HOUR = 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Headline:
    """A project in figures.

    `now` is the baseline's score, `beginning` that of the first baseline that experiments stood on
    and that measured as the present one does; None where it was not run. The counts are of all
    experiments, each of which counts once: `open` ones have no verdict yet, and `withdrawn` ones
    were archived without one. `places_left` are those of the present campaign. `hours` is what all
    runs took that are on record, the baselines' included; `hours_saved` is what early verdicts
    saved of the experiments' own runs. `misled` counts ruled-out changes that the first run alone
    would have kept.
    """

    metric: str
    now: Score | None
    beginning: Score | None
    goals: tuple[GoalProgress, ...]
    confirmed: int
    ruled_out: int
    inconclusive: int
    exploratory: int
    open: int
    withdrawn: int
    campaign: int
    places_left: int
    hours: float
    hours_saved: float
    misled: int


def headline(project: Project, rows: Sequence[Row], goals: Sequence[GoalProgress]) -> Headline:
    """Sum up a project whose whole log is `rows`, newest first."""
    settings, results = project.settings, [row.result for row in rows]
    counts = Counter(map(_counted_as, rows))
    # Oldest first, each once.
    bases = list(dict.fromkeys(result.base for result in reversed(results) if result.base))
    notes = read_notes(project.repository, RUNS, list({*bases, project.tip}))
    of_baselines = [
        record.duration
        for text in notes.values()
        for record in parse_records(text, None)
        if record.project == project.folder
    ]
    place = place_of_next(project, results, settings.metric)
    return Headline(
        metric=settings.metric,
        now=mean_score(records_like_tip(project), settings.metric, settings.widening),
        beginning=_beginning(project, {base: notes[base] for base in bases if base in notes}),
        goals=tuple(goals),
        confirmed=counts[Verdict.CONFIRMED],
        ruled_out=counts[Verdict.RULED_OUT],
        inconclusive=counts[Verdict.INCONCLUSIVE],
        exploratory=counts[Verdict.EXPLORATORY],
        open=counts["open"],
        withdrawn=counts["withdrawn"],
        campaign=place.campaign,
        places_left=settings.planned - place.number + 1,
        hours=math.fsum([*of_baselines, *(one.spent for one in results)]) / _HOUR,
        hours_saved=math.fsum(one.spared for one in results) / _HOUR,
        misled=sum(result.misled for result in results),
    )


# --- kept in this clone -------------------------------------------------------------------------


def kept_headline(log: OpenLog, goals: Sequence[GoalProgress]) -> Headline | None:
    """The headline of a whole log as it was summed up before, if nothing it depends on has changed.

    So the first line of a long log waits for none of its rows.
    """
    body = log.cache.headline(log.project.folder, _signature(log))
    if body is None:
        return None
    try:
        fields = json.loads(body)
        now, beginning = (
            None if one is None else Score(**one)
            for one in (fields.pop("now"), fields.pop("beginning"))
        )
        return Headline(goals=tuple(goals), now=now, beginning=beginning, **fields)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None


def sum_up_log(project: Project) -> None:
    """Keep the headline of a project's whole log, as the log itself does where it lacks one."""
    with open_log(project) as opened:
        keep_headline(opened, headline(project, [*opened.rows()], ()))


def keep_headline(log: OpenLog, one: Headline) -> None:
    """Keep the headline of a whole log until something changes that it depends on."""
    fields = asdict(replace(one, goals=()))
    del fields["goals"]  # they depend on the day
    log.cache.keep_headline(log.project.folder, _signature(log), json.dumps(fields))


def _signature(log: OpenLog) -> str:
    """What a headline depends on, goals apart: experiments, their results, and the baseline."""
    project = log.project
    listed = hashlib.sha256(
        "".join(f"{h.ref} {h.commit}\n" for h in log.heads).encode("utf-8", "surrogateescape")
    )
    noted = project.repository.git.resolve(RUNS)
    return repr((listed.hexdigest(), noted, project.tip, project.settings.planned))


# --- its parts ----------------------------------------------------------------------------------


def _counted_as(row: Row) -> str:
    """The one count that an experiment is in; "" for one that was accepted without runs here."""
    if row.result.verdict is not None:
        return row.result.verdict
    if row.state.is_open:
        return "open"
    if row.result.explored:
        return Verdict.EXPLORATORY
    return "withdrawn" if row.is_withdrawn else ""


def _beginning(project: Project, notes: Mapping[str, str]) -> Score | None:
    """The score of the first baseline that was run, among those that measure as the tip does."""
    protocols = protocols_of(project, {*notes, project.tip})
    for commit, text in notes.items():
        if protocols[commit] == protocols[project.tip]:
            own = [r for r in parse_records(text) if r.project == project.folder]
            settings = project.settings
            if score := mean_score(own, settings.metric, settings.widening):
                return score
    return None
