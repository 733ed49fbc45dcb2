"""The runs of experiments and of their baselines, each with what it was given and what it gave.

Only runs that a verdict may count, and failed attempts at them: none on a part of the data, none
that screened, and none that checked the baseline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.lab.projects.project import Project
from gitexp.lab.tables.columns import METRIC, PARAMETER
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.series import Series, parse_series
from gitexp.store.git_output import decode
from gitexp.store.notes import list_notes
from gitexp.store.refs import BULK, RUNS

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its record, and all its metrics, those included that the record had no room for."""

    record: Record
    metrics: Mapping[str, float]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Arm:
    """The runs of one commit: of an experiment, or with `row` None of a baseline.

    `parameters` are the values in its configs that all its runs read, without the seed, secrets
    hashed.
    """

    row: Row | None
    commit: str
    base: str
    parameters: Mapping[str, Any]
    runs: tuple[Run, ...]

    @property
    def role(self) -> str:
        """What the commit is."""
        return "baseline" if self.row is None else "experiment"


def read_arms(project: Project, rows: Sequence[Row], *, steps: bool = False) -> Iterator[Arm]:
    """Read the runs of each experiment, in the order of the rows, then those of each baseline.

    With `steps`, the step series too. One note is in memory at a time.
    """
    git = project.repository.git
    noted = list_notes(project.repository, RUNS), list_notes(project.repository, BULK)
    bases = dict.fromkeys(row.result.base for row in rows if row.result.base)
    asked: list[tuple[Row | None, str]] = [(row, row.commit) for row in rows]
    asked += [(None, base) for base in bases if base in noted[0]]
    texts = [git.each([blobs[c] for _, c in asked if c in blobs]) for blobs in noted]
    for row, commit in asked:
        runs, bulk = (
            decode(next(found) or b"") if commit in blobs else ""
            for blobs, found in zip(noted, texts, strict=True)
        )
        made = tuple(
            sorted(
                (r for r in parse_records(runs, None) if _is_wanted(r, project, row)),
                key=lambda record: (record.seed, record.attempt, record.start),
            )
        )
        yield Arm(
            row, commit, row.result.base if row else commit, parameters_of(bulk),
            tuple(_runs(made, bulk, steps=steps)),
        )  # fmt: skip


def _is_wanted(record: Record, project: Project, row: Row | None) -> bool:
    if record.purpose is not Purpose.RUN or record.project != project.folder:
        return False
    # A baseline may stand for the runs of an ancestor that runs the same.
    return row is None or record.is_of(row.commit)


def _runs(records: Sequence[Record], bulk: str, *, steps: bool) -> Iterator[Run]:
    more = {
        (line["seed"], line["attempt"], line["condition"]): line["values"]
        for line in read_contents(bulk, Kind.METRICS)
    }
    series: dict[tuple[int, int, str], list[Series]] = {}
    for one in parse_series(bulk) if steps else ():
        series.setdefault((one.seed, one.attempt, one.condition), []).append(one)
    for record in records:
        key = record.seed, record.attempt, record.condition
        yield Run(record, {**more.get(key, {}), **record.metrics}, tuple(series.get(key, ())))


def parameters_of(bulk: str) -> dict[str, Any]:
    """What all runs read alike, by key; by file and key where several files have the key."""
    lines = [line["values"] for line in read_contents(bulk, Kind.PARAMETERS)]
    files = [{file: v for file, v in line.items() if isinstance(v, dict)} for line in lines]
    if not files:
        return {}
    first, *others = files
    alike = [
        (file, key, value)
        for file, values in first.items()
        for key, value in values.items()
        if all(key in other.get(file, {}) and other[file][key] == value for other in others)
    ]
    keys = [key for _, key, _ in alike]
    return {key if keys.count(key) == 1 else f"{file}:{key}": value for file, key, value in alike}


def run_rows(arm: Arm) -> Iterator[dict[str, Any]]:
    """The cells of each run of an arm: columns.RUNS, then its metrics and its parameters."""
    parameters = {f"{PARAMETER}{key}": value for key, value in arm.parameters.items()}
    for run in arm.runs:
        record = run.record
        yield {
            "name": arm.row.result.name if arm.row else None,
            "role": arm.role,
            "commit": arm.commit,
            "baseline": arm.base or None,
            "pair": record.pair or None,
            "seed": record.seed,
            "attempt": record.attempt,
            "condition": record.condition,
            "started": record.start,
            "seconds": record.duration,
            "cpu_seconds": record.cpu,
            "memory_bytes": record.memory,
            "exit": record.exit,
            "failure": record.failure or (record.ended.value or None),
            "explore": record.explore or None,
            **{f"{METRIC}{name}": value for name, value in run.metrics.items()},
            **parameters,
        }
