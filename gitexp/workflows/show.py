"""Show one experiment in full: what was claimed, and what was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from gitexp.lab.code.brought_code import CodeSize, measure_code
from gitexp.lab.log.decided import measured_together
from gitexp.lab.log.log import Row, log, row_of
from gitexp.lab.log.log_json import ExperimentJson
from gitexp.lab.log.results import project_of
from gitexp.lab.log.same_change import same_change, whole_changes
from gitexp.lab.log.seed_runs import SeedScores, seed_scores
from gitexp.lab.log.verdict_notes import verdict_notes
from gitexp.lab.measuring.arms import arms_of
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.holdout import Opening, parse_openings
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.series import Series, parse_series
from gitexp.rules.verdict.arms import ArmEnvironments
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, LOGS

if TYPE_CHECKING:
    from gitexp.rules.plan.together import Together


class SeedJson(TypedDict):
    """The scores of a pair; null where a run is missing."""

    seed: int
    baseline: float | None
    experiment: float | None


class SheetJson(ExperimentJson):
    """One experiment in full.

    `runs`, `samples`, `screened`, `environments`, `artifacts` and `holdout` are as they are
    stored; `folder_here` of a run is null where its output is not in this clone.
    """

    message: str
    seeds: list[SeedJson]
    code_size: CodeSize | None
    siblings: list[ExperimentJson]
    together: Together | None
    runs: list[dict[str, Any]]
    samples: list[dict[str, Any]]
    screened: list[dict[str, Any]]
    environments: list[dict[str, Any]]
    differing_variables: list[str]
    artifacts: list[dict[str, Any]]
    series: list[Series]
    baseline_series: list[Series]
    holdout: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An experiment's row, its runs seed by seed, and the environments that they ran in.

    `seeds` holds (seed, baseline metric, experiment metric), None if not measured. `siblings` make
    the same change; `shared` counts other experiments that were compared with the same baseline.
    `openings` are those of the holdout on this commit. `folders` has the output folder of each run
    by seed and attempt, None if it is not in this clone; `logged` says whether notes have parts of
    the logs. `artifacts` are files that runs have put on record, without their content. `series`
    are what its runs logged step by step, `baseline_series` what the baseline's of its seeds did.
    `together` is what it and its siblings measured, if both measured something. `explored` is the
    note of one that skipped the gate on purpose.
    """

    row: Row
    seeds: tuple[SeedScores, ...]
    environments: tuple[dict[str, Any], ...]
    arms: ArmEnvironments
    siblings: tuple[Row, ...] = ()
    code_size: CodeSize | None = None
    shared: int = 0
    openings: tuple[Opening, ...] = ()
    folders: Mapping[tuple[int, int], str | None] = field(default_factory=dict)
    logged: bool = False
    artifacts: tuple[dict[str, Any], ...] = ()
    series: tuple[Series, ...] = ()
    baseline_series: tuple[Series, ...] = ()
    together: Together | None = None
    explored: str = ""

    @property
    def gone(self) -> list[int]:
        """Seeds of runs whose output is not in this clone, each once."""
        return sorted({seed for (seed, _), folder in self.folders.items() if folder is None})

    def as_json(self) -> SheetJson:
        """Return the sheet as `gitexp show --json` prints it."""
        result = self.row.result
        registration = result.registration
        return {
            **self.row.as_json(),
            "message": result.entry.message,
            "seeds": [
                {"seed": seed, "baseline": one, "experiment": other}
                for seed, one, other in self.seeds
            ],
            "code_size": self.code_size,
            "siblings": [row.as_json() for row in self.siblings],
            "together": self.together.as_change(registration.criterion)
            if self.together and registration
            else None,
            "runs": [
                json.loads(record.line())
                | {"folder_here": self.folders.get((record.seed, record.attempt))}
                for record in result.records
            ],
            "samples": [json.loads(record.line()) for record in result.tried],
            "screened": [json.loads(record.line()) for record in result.screened],
            "environments": list(self.environments),
            "differing_variables": list(self.arms.differing),
            "artifacts": list(self.artifacts),
            "series": list(self.series),
            "baseline_series": list(self.baseline_series),
            "holdout": [json.loads(opening.line()) for opening in self.openings],
        }


def show(project: Project, name: str | None) -> Sheet:
    """Read one experiment.

    Raises:
        UsageError: there is no such experiment.
    """
    ref, commit = find_experiment(project.repository, name)
    project = project_of(project, ref, commit)
    every = log(project)
    row = row_of(every, ref, commit)
    registration = row.result.registration
    seeds = seed_scores(row.result)
    bulk = read_notes(project.repository, BULK, [c for c in (commit, row.result.base) if c])
    arms = ArmEnvironments((), ())
    if registration is not None:
        arms = arms_of(
            registration, row.result.baseline_records, row.result.records, bulk.values(),
            row.result.beside,
        )  # fmt: skip
    others = [other for other in every if other is not row]
    siblings = _siblings(project, row, others)
    return Sheet(
        row,
        seeds,
        tuple(_environments(bulk.get(commit, ""))),
        arms,
        siblings=siblings,
        code_size=_code_size(project, row),
        shared=sum(
            other.result.ran > 0 and other.result.base == row.result.base for other in others
        ),
        openings=tuple(
            opening for opening in parse_openings(row.result.text) if opening.commit == commit
        ),
        folders={
            (record.seed, record.attempt): _folder(project, record.folder)
            for record in row.result.records
            if record.folder
        },
        artifacts=tuple(read_contents(bulk.get(commit, ""), Kind.ARTIFACT)),
        series=tuple(parse_series(bulk.get(commit, ""))),
        baseline_series=tuple(
            one
            for one in parse_series(bulk.get(row.result.base, ""))
            if one.seed in {seed for seed, _, _ in seeds}
        ),
        logged=bool(read_notes(project.repository, LOGS, [commit])),
        together=measured_together(
            project.repository, row.result, [other.result for other in siblings]
        ),
        explored=verdict_notes(project.repository, [row.result]).get(commit, "")
        if row.result.explored
        else "",
    )


def _folder(project: Project, inside: str) -> str | None:
    """Folder of a run's output, None if it is not in this clone."""
    runs = project.repository.local / "runs"
    place = project.repository.local / inside
    # A record may come from anywhere, so its path is not trusted.
    return str(place) if place.is_dir() and place.resolve().is_relative_to(runs.resolve()) else None


def _code_size(project: Project, row: Row) -> CodeSize | None:
    """How much code it stands on; None if it has none, or if this clone lacks its baseline."""
    base, code = row.result.standing
    if not code or project.repository.git.resolve(base) is None:
        return None
    return measure_code(project.repository, [(base, code)])[0]


def _siblings(project: Project, row: Row, others: Sequence[Row]) -> tuple[Row, ...]:
    """Experiments that made the same change."""
    if row.result.registration is None:
        return ()
    mine = whole_changes(project.repository, [row.result])[row.commit]
    results = [other.result for other in others]
    alike = same_change(project.repository, results, mine, row.result.standing)
    commits = {result.commit for result in alike}
    return tuple(other for other in others if other.commit in commits)


def _environments(bulk: str) -> list[dict[str, Any]]:
    return [*read_contents(bulk, Kind.ENVIRONMENT)]
