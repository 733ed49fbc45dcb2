"""Open the holdout: run its command once on one commit, and keep a record that it was opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitexp.engine.job import Job
from gitexp.errors import CommandFailed, GitexpError, NotReady, UsageError
from gitexp.lab.design import first_fresh_seed
from gitexp.lab.gate import check
from gitexp.lab.results import read_results
from gitexp.lab.running import free_folder, run_once
from gitexp.lab.trust import demand_trust
from gitexp.rules.documents.holdout import NOT_STARTED, UNFINISHED, Opening, parse_openings
from gitexp.rules.documents.lines import Kind
from gitexp.store.note_writing import append_lines
from gitexp.store.notes import find_lines
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from gitexp.lab.project import Project
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository

_LONGEST_WHY = 300  # characters; a note's lines stay short


@dataclass(frozen=True, slots=True)
class Opened:
    """What an opening showed: of `label` (an experiment or the baseline), and how many there were.

    `times` counts the openings that this clone knows of in the project, this one included.
    """

    label: str
    metric: str
    opening: Opening
    times: int


def open_holdout(
    project: Project, name: str | None, *, baseline: bool, why: str, watcher: Watcher
) -> Opened:
    """Run the holdout command once, on an experiment or on the baseline's tip.

    The seed is the first that is registered, or the first of the baseline's own. An opening is
    recorded before anything runs, so that none is forgotten, however it ends.

    Raises:
        UsageError: there is no reason, or it is not clear what is meant.
        Refused: the gate says no; nothing was executed.
        NotReady: the settings name no holdout, or are not approved in this clone.
        CommandFailed: the command failed; the holdout counts as opened.
    """
    why = " ".join(why.split())
    if not why or len(why) > _LONGEST_WHY:
        raise UsageError(
            f"an opening takes a reason of up to {_LONGEST_WHY} characters",
            'gitexp holdout NAME --why "the last check before the release"',
        )
    here = project
    if baseline:
        if name is not None:
            raise UsageError(f"either {name} or --baseline", "one opening, one number")
        commit, label = project.tip, project.baseline
        seed = first_fresh_seed(project, read_results(project))
    else:
        report = check(here.repository, name)
        report.demand()
        assert report.registration is not None  # noqa: S101 - nothing was found wrong with it
        project, commit, label = report.project, report.entry.commit, f"exp/{report.name}"
        seed = report.registration.seeds[0]
    settings = project.settings
    if not settings.holdout:
        raise NotReady(
            f"the settings that {label} runs by name no holdout",
            'holdout = "python evaluate.py --holdout" in the settings on the baseline branch; an'
            " experiment runs by the settings of its own baseline commit",
        )
    demand_trust(project, here, label.removeprefix("exp/"))
    before = read_openings(project)
    began = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    opening = Opening(commit, seed, len(before) + 1, began, why, {}, UNFINISHED, project.folder)
    _store(project.repository, opening)
    try:
        opening, said = _run(project, settings, label, opening, watcher)
    except GitexpError as error:
        opening = replace(opening, failure=f"{NOT_STARTED}: {error.message[:_LONGEST_WHY]}")
        raise
    finally:
        _store(project.repository, opening)
    opened = Opened(label, settings.metric, opening, len(before) + 1)
    if opening.failure:
        raise CommandFailed(
            f"{label} on the holdout: {opening.failure}{said}",
            f"the holdout counts as opened all the same ({opened.times} in all); mend the command,"
            " and open it again",
        )
    return opened


def read_openings(project: Project) -> list[Opening]:
    """All openings of the project's holdout that this clone knows of, oldest first."""
    found = parse_openings(find_lines(project.repository, RUNS, Kind.HOLDOUT.mark))
    return [opening for opening in found if opening.project == project.folder]


def _store(repository: Repository, opening: Opening) -> None:
    append_lines(repository, RUNS, {opening.commit: [opening.line()]})


def _run(
    project: Project, settings: Settings, label: str, opening: Opening, watcher: Watcher
) -> tuple[Opening, str]:
    """Run the command; returns the opening with what came of it, and the quoted last output."""
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
