"""Gather a report with everything that a page shows: each experiment in full, gaps, configs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.log.curves import Curves, curves_of
from gitexp.lab.log.result import read_ahead
from gitexp.lab.log.seed_runs import SeedScores, seed_scores
from gitexp.lab.measuring.arms import arms_of
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.plan.dead_ends import Tried, dead_ends
from gitexp.rules.verdict.arms import ArmEnvironments
from gitexp.store.lineage import read_patches
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, LOGS
from gitexp.workflows.blame import BlamedFile, blame_configs
from gitexp.workflows.gaps import GapReport, gaps
from gitexp.workflows.next import Ideas, next_ideas
from gitexp.workflows.report import Report, report

if TYPE_CHECKING:
    import datetime as dt

    from gitexp.lab.log.log import Row

IN_FULL = 200  # experiments, the newest: more would take long to read and to open
_LAST_LINES = 12  # of what a failed run printed


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that failed, why, and the last lines that it printed (empty if notes have no log)."""

    seed: int
    attempt: int
    failure: str
    last_lines: str


@dataclass(frozen=True, slots=True)
class Detail:
    """What is known of one experiment beside its row.

    `patch` is its diff as git prints it, `code_patch` that of its code commit. `curves` begin
    with the criterion's metric.
    """

    patch: str
    code_patch: str
    seeds: tuple[SeedScores, ...]
    curves: tuple[Curves, ...]
    arms: ArmEnvironments
    failed: tuple[FailedRun, ...]


@dataclass(frozen=True, slots=True)
class FullReport:
    """A report, and what only a page has room for.

    `gaps` is None where nothing is on record to find them in, and `no_gaps` then says why.
    `details` has the newest experiments by commit.
    """

    report: Report
    gaps: GapReport | None
    no_gaps: str
    configs: tuple[BlamedFile, ...]
    ideas: Ideas
    dead_ends: tuple[str, ...]
    details: Mapping[str, Detail] = field(default_factory=dict)


def full_report(project: Project, today: dt.date) -> FullReport:
    """Gather where the project stands today, and each of the newest experiments in full.

    Nothing is run for it.

    Raises:
        NotReady: GOALS.toml cannot be read.
    """
    found = report(project, today)
    rows = found.experiments
    lost, why = None, ""
    try:
        lost = gaps(project, rows=rows)
    except NotReady as error:
        why = error.message
    tried = [
        Tried(registration, row.result.judgement)
        for row in rows
        if (registration := row.result.registration) is not None
    ]
    return FullReport(
        found,
        lost,
        why,
        tuple(blame_configs(project, rows=rows)),
        next_ideas(project, rows=rows),
        tuple(dead_ends(tried, project.settings.metric)),
        details(project, rows[:IN_FULL]),
    )


def details(project: Project, rows: Sequence[Row]) -> dict[str, Detail]:
    """Read some experiments in full; a few git processes, however many they are."""
    repository = project.repository
    read_ahead([row.result for row in rows])
    own = [row.commit for row in rows]
    bases = [row.result.base for row in rows if row.result.base]
    bulk = read_notes(repository, BULK, [*dict.fromkeys((*own, *bases))])
    failed = [row.commit for row in rows if any(not record.ok for record in row.result.records)]
    logs = read_notes(repository, LOGS, failed) if failed else {}
    codes = {row.commit: row.result.code for row in rows if row.result.code}
    patches = read_patches(repository.git, [*dict.fromkeys((*own, *codes.values()))])
    return {
        row.commit: _detail(
            row,
            bulk,
            logs.get(row.commit, ""),
            patches.get(row.commit, ""),
            patches.get(codes.get(row.commit, ""), ""),
        )
        for row in rows
    }


def _detail(
    row: Row,
    bulk: Mapping[str, str],
    log: str,
    patch: str,
    code_patch: str,
) -> Detail:
    result, registration = row.result, row.result.registration
    seeds = seed_scores(result)
    arms = ArmEnvironments((), ())
    if registration is not None and result.records:
        both = [bulk.get(commit, "") for commit in (result.base, row.commit)]
        arms = arms_of(registration, result.baseline_records, result.records, both, result.beside)
    return Detail(
        patch=patch,
        code_patch=code_patch,
        seeds=seeds,
        curves=tuple(curves_of(result, bulk)) if result.ran else (),
        arms=arms,
        failed=_failed(row, log),
    )


def _failed(row: Row, log: str) -> tuple[FailedRun, ...]:
    printed = {
        (content["seed"], content["attempt"]): content["stderr"].strip() or content["stdout"]
        for content in read_contents(log, Kind.LOG)
    }
    return tuple(
        FailedRun(
            record.seed,
            record.attempt,
            record.failure,
            "\n".join(
                printed.get((record.seed, record.attempt), "").strip().split("\n")[-_LAST_LINES:]
            ),
        )
        for record in row.result.records
        if not record.ok
    )
