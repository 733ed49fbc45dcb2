"""Export the log for other tools: CSV, JSON Lines, Parquet, MLflow."""

from __future__ import annotations

import contextlib
import enum
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TextIO

from gitexp.errors import GitexpError, UsageError
from gitexp.lab.log.log import Row, Selection, stream
from gitexp.lab.progress import counted_off
from gitexp.lab.projects.experiment import meant_by
from gitexp.lab.projects.project import Project, open_project
from gitexp.lab.tables.as_text import write_csv, write_json_lines
from gitexp.lab.tables.columns import EXPERIMENTS, RUNS, Cells, Column, hold
from gitexp.lab.tables.experiments import experiment_row
from gitexp.lab.tables.runs import read_arms, run_rows
from gitexp.rules.text import visible
from gitexp.store.output_file import demand_own_file

_STEP = "exporting experiments"


class Format(enum.StrEnum):
    """What an export is written as."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    MLFLOW = "mlflow"


# What every export has, of experiments or of runs: no other file is replaced by one.
_MARKS = {
    Format.CSV: b",commit,baseline,",
    Format.JSON_LINES: b'"commit": ',
    Format.PARQUET: b"PAR1",
}


@dataclass(frozen=True, slots=True)
class Export:
    """What was written: `rows` of a table, or runs that were added to an MLflow store.

    `known` counts the runs that the store had already.
    """

    to: Format
    output: str
    experiments: int
    rows: int
    known: int = 0


def export(
    project: Project,
    to: Format,
    output: str,
    out: TextIO,
    *,
    names: Sequence[str] = (),
    runs: bool = False,
) -> Export:
    """Write the log, or the experiments that patterns name; without `output`, to `out`.

    An older export is replaced in one step. A store of MLflow keeps what it has.

    Raises:
        UsageError: no experiment has such a name, or the output cannot be written.
        NotReady: a library that the format needs is not installed.
    """
    if not output and to in {Format.PARQUET, Format.MLFLOW}:
        example = "experiments.parquet" if to is Format.PARQUET else "mlflow.db"
        raise UsageError(
            f"{to.value} cannot be written to standard output",
            f"name the place: gitexp export --to {to.value} --output {example}",
        )
    rows = [*stream(project, Selection(names=tuple(names)))]
    there = {row.result.name for row in rows}
    for name in names:
        if not any(fnmatchcase(one, name) for one in there):
            raise UsageError(
                f"no experiment is called {visible(name)}", meant_by(project.repository, name)
            )
    if to is Format.MLFLOW:
        return _to_mlflow(project, rows, output)
    written = 0

    def counted(cells: Iterator[Cells]) -> Iterator[Cells]:
        nonlocal written
        for row in cells:
            written += 1
            yield row

    cells = counted(_cells(project, rows, runs=runs))
    fixed = RUNS if runs else EXPERIMENTS
    if to is Format.JSON_LINES:
        with _opened(output, out, to) as handle:
            write_json_lines(cells, handle)
    elif to is Format.CSV:
        with (
            _columns_of(cells, fixed, runs=runs) as (columns, held),
            _opened(output, out, to) as handle,
        ):
            write_csv(held, columns, handle)
    else:
        from gitexp.lab.tables.as_parquet import write_parquet  # one format of four

        with _columns_of(cells, fixed, runs=runs) as (columns, held), _replaced(output, to) as path:
            write_parquet(held, columns, path)
    return Export(to, output, len(rows), written)


def load(directory: Path, *, runs: bool = False) -> Any:  # noqa: ANN401 - pandas is optional
    """Return the log of the project in a directory as a pandas frame, with the same columns.

    Raises:
        NotReady: there is no project, or pandas is not installed.
    """
    from gitexp.lab.tables.as_frame import frame  # an export needs none

    try:
        project = open_project(directory)
        cells = _cells(project, [*stream(project)], runs=runs)
        return frame(cells, RUNS if runs else EXPERIMENTS)
    except GitexpError as error:
        error.add_note(error.hint)  # a notebook shows no more of an error than Python does
        raise


def _cells(project: Project, rows: Sequence[Row], *, runs: bool) -> Iterator[Cells]:
    if not runs:
        yield from map(experiment_row, counted_off(_STEP, rows, len(rows)))
        return
    for arm in counted_off(_STEP, read_arms(project, rows), len(rows)):
        yield from run_rows(arm)


@contextlib.contextmanager
def _columns_of(
    cells: Iterator[Cells], fixed: tuple[Column, ...], *, runs: bool
) -> Iterator[tuple[tuple[Column, ...], Iterator[Cells]]]:
    """Rows with all their columns: only those of runs have more than the fixed ones."""
    if not runs:
        yield fixed, cells
        return
    with hold(cells, fixed) as held:
        yield held


# --- places -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(output: str, out: TextIO, to: Format) -> Iterator[TextIO]:
    if not output:
        yield out
        return
    with _replaced(output, to) as path, path.open("w", encoding="utf-8", newline="") as handle:
        yield handle


@contextlib.contextmanager
def _replaced(output: str, to: Format) -> Iterator[Path]:
    """A new file beside the output that takes its place at the end, or else goes away."""
    place = Path(output)
    demand_own_file(place, _MARKS[to])
    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".gitexp-export-") as folder:
            made = Path(folder, place.name)
            yield made
            made.replace(place)
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}", "choose another --output"
        ) from None


def _to_mlflow(project: Project, rows: Sequence[Row], output: str) -> Export:
    from gitexp.lab.tables.as_mlflow import write_mlflow  # one format of four

    store: Path | str = output
    if not output.startswith(("http://", "https://")):
        place = Path(output).absolute()
        store = place / "mlflow.db" if place.is_dir() or output.endswith("/") else place
        if not store.parent.is_dir():
            raise UsageError(f"there is no folder {store.parent}", f"mkdir {store.parent}")
    arms = counted_off(_STEP, read_arms(project, rows, steps=True), len(rows))
    repository = project.repository
    top = repository.top or repository.common
    written = write_mlflow(arms, store, "/".join(filter(None, (top.name, project.folder))))
    return Export(Format.MLFLOW, str(store), len(rows), written.added, written.known)
