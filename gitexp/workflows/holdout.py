"""Open the holdout: run its command once on one commit, and keep a record that it was opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.engine.clock import now
from gitexp.engine.job import Job
from gitexp.errors import CommandFailed, GitexpError, NotReady, UsageError
from gitexp.lab.gate import check
from gitexp.lab.measuring.running import free_folder, run_once
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.seeds import first_seed
from gitexp.lab.trust.code_trust import demand_code_trust
from gitexp.lab.trust.trust import demand_trust
from gitexp.rules.documents.holdout import NOT_STARTED, UNFINISHED, Opening, parse_openings
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.settings import Settings
from gitexp.store.note_writing import append_lines
from gitexp.store.notes import find_lines
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.measuring.watcher import Watcher

_LONGEST_WHY = 300  # characters; a note's lines stay short


@dataclass(frozen=True, slots=True)
class Opened:
    """What the holdout showed; `times` counts all openings that this clone knows of."""

    of: str
    commit: str
    metric: str
    seed: int
    metrics: Mapping[str, float]
    why: str
    times: int


def open_holdout(
    project: Project, name: str | None, *, baseline: bool, why: str, watcher: Watcher
) -> Opened:
    """Run the holdout command once, on an experiment or on the baseline's tip.

    An opening is recorded before anything runs, so that none is forgotten, however it ends.

    Raises:
        UsageError: there is no reason, or it is not clear what to run.
        Refused: the gate refuses the experiment; nothing was executed.
        NotReady: the settings name no holdout, or are not approved in this clone.
        CommandFailed: the command failed; the holdout counts as opened.
    """
    why = " ".join(why.split())
    if not why or len(why) > _LONGEST_WHY:
        raise UsageError(
            f"opening the holdout needs a reason of up to {_LONGEST_WHY} characters",
            'gitexp holdout NAME --why "the last check before the release"',
        )
    here = project
    project, label, commit, seed = _target(project, name, baseline=baseline)
    settings = project.settings
    if not settings.holdout:
        raise NotReady(
            f"the settings that {label} runs with name no holdout command",
            'set holdout = "python evaluate.py --holdout" in the settings on the baseline branch;'
            " an experiment runs with the settings of its own baseline commit",
        )
    demand_trust(project, here, label.removeprefix("exp/"), commit)
    times = len(read_openings(project)) + 1
    opening = Opening(commit, seed, times, now(), why, {}, UNFINISHED, project.folder)
    _store(project.repository, opening)
    try:
        opening, output = _run(project, settings, label, opening, watcher)
    except GitexpError as error:
        opening = replace(opening, failure=f"{NOT_STARTED}: {error.message[:_LONGEST_WHY]}")
        raise
    finally:
        _store(project.repository, opening)
    if opening.failure:
        raise CommandFailed(
            f"{label} on the holdout: {opening.failure}{output}",
            f"the holdout still counts as opened ({times} in all); fix the command, and open"
            " it again",
        )
    return Opened(label, commit, settings.metric, seed, opening.metrics, why, times)


def _target(project: Project, name: str | None, *, baseline: bool) -> tuple[Project, str, str, int]:
    """What to run: its project, label, commit and seed, the first of its own.

    Raises:
        UsageError: both an experiment and the baseline are named.
        Refused: the gate refuses the experiment.
        NotReady: its code is not approved in this clone.
    """
    if baseline:
        if name is not None:
            raise UsageError(
                f"you named both {name} and --baseline, but a single commit is run", "leave one out"
            )
        return project, project.baseline, project.tip, first_seed(project, project.tip)
    report = check(project.repository, name)
    report.demand()
    demand_code_trust(report)
    assert report.registration is not None  # noqa: S101 - the gate found nothing wrong
    seed = report.registration.seeds[0]
    return report.project, f"exp/{report.name}", report.entry.commit, seed


def read_openings(project: Project) -> list[Opening]:
    """All openings of the project's holdout that this clone knows of, oldest first."""
    found = parse_openings(find_lines(project.repository, RUNS, Kind.HOLDOUT.mark))
    return [opening for opening in found if opening.project == project.folder]


def _store(repository: Repository, opening: Opening) -> None:
    append_lines(repository, RUNS, {opening.commit: [opening.line()]})


def _run(
    project: Project, settings: Settings, label: str, opening: Opening, watcher: Watcher
) -> tuple[Opening, str]:
    """Run the command; returns the opening with its result, and the quoted last output."""
    runs = project.repository.local / "runs" / opening.commit[:12]
    folder, number = free_folder(runs, "holdout", opening.number)
    job = Job(opening.commit, opening.seed, number, settings.metric, folder, holdout=True)
    # Per-example outcomes are not kept: they would let people ask the holdout again and again.
    meant = replace(settings, command=settings.holdout, predictions="")
    result = run_once(
        project.repository, project.prefix, meant, f"{label} on the holdout,", job, watcher
    )
    record = result.record
    return replace(opening, metrics=record.metrics, failure=record.failure), result.quoted
