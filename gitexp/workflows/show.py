"""One experiment in full: what was claimed, what was measured, what follows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.errors import UsageError
from gitexp.rules.record import first_good
from gitexp.store.notes import BULK, read_notes
from gitexp.workflows.log import Row, log
from gitexp.workflows.project import find_experiment, project_in

if TYPE_CHECKING:
    from gitexp.workflows.project import Project


@dataclass(frozen=True, slots=True)
class Sheet:
    """An experiment's row, its seeds side by side, and where its runs stood.

    `seeds` holds (seed, baseline metric, experiment metric), None where not measured.
    """

    row: Row
    seeds: tuple[tuple[int, float | None, float | None], ...]
    environments: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the sheet as `gitexp show --json` prints it."""
        result = self.row.result
        return self.row.as_json() | {
            "message": result.entry.message,
            "seeds": [
                {"seed": seed, "baseline": one, "experiment": other}
                for seed, one, other in self.seeds
            ],
            "runs": [json.loads(record.line()) for record in result.records],
            "environments": list(self.environments),
        }


def show(project: Project, name: str | None) -> Sheet:
    """Read one experiment.

    Raises:
        UsageError: there is no such experiment.
    """
    ref, _ = find_experiment(project.repository, name)
    name = ref.rpartition("/")[2]
    rows = log(project, name)
    registration = rows[0].result.registration if rows else None
    if registration is not None and registration.project != project.folder:
        rows = log(project_in(project, registration.project), name)
    if not rows:
        raise UsageError(f"there is no experiment {name}", "gitexp log lists them")
    row = rows[0]
    seeds: tuple[tuple[int, float | None, float | None], ...] = ()
    if registration is not None:
        metric, registered = registration.criterion.metric, registration.registered_seeds()
        mine = first_good(row.result.records, registered, metric)
        conditions = list({record.condition for record in mine.values()})
        base = first_good(row.result.baseline_records, registered, metric, conditions)
        seeds = tuple(
            (
                seed,
                base[seed].metrics[metric] if seed in base else None,
                mine[seed].metrics[metric] if seed in mine else None,
            )
            for seed in registered
            if seed in mine
        )
    commit = row.result.entry.commit
    bulk = read_notes(project.repository, BULK, [commit]).get(commit, "")
    return Sheet(row, seeds, tuple(_environments(bulk)))


def _environments(bulk: str) -> list[dict[str, Any]]:
    found = []
    for line in bulk.splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict) and content.get("kind") == "environment":
            found.append(content)
    return found
