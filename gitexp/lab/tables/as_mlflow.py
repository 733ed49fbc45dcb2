"""The log as a store of MLflow, which its interface shows.

An experiment of gitexp is a parent run there, and so is each baseline commit; the runs are nested
under it. Each has a tag that says what it stands for, so that exporting again adds what is new,
brings verdicts up to date, and writes no run twice. MLflow calls the whole an experiment.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.errors import NotReady, UsageError
from gitexp.lab.tables.as_text import plain_text
from gitexp.lab.tables.columns import EXPERIMENTS, Kind
from gitexp.lab.tables.experiments import experiment_row
from gitexp.rules.plan.state import State
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.lab.tables.runs import Arm, Run
    from gitexp.rules.documents.record import Record

OURS = "gitexp."  # what our tags and figures begin with, so that they meet no name of yours
KEY = f"{OURS}id"  # the tag that says what a run of MLflow stands for

_PARENT, _NAME, _NOTE = "mlflow.parentRunId", "mlflow.runName", "mlflow.note.content"
# What every MLflow 3 stores. A name may take 250 characters, and our tags put some before it.
_LONGEST = {"tag": 5_000, "parameter": 6_000, "name": 230}
_AT_ONCE = {"metrics": 1_000, "params": 100, "tags": 100}  # of one call
_UNNAMEABLE = re.compile(r"[^\w\-./: ]", re.ASCII)
_STATUS = {
    State.RUNNING: "RUNNING", State.FAILED: "FAILED", State.PLANNED: "SCHEDULED",
    State.STALE: "SCHEDULED", State.UNSYNCED: "SCHEDULED",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """How many runs of gitexp were added to the store, and how many it had."""

    added: int
    known: int


def write_mlflow(arms: Iterable[Arm], store: Path | str, name: str) -> Written:
    """Write arms into the MLflow experiment of a name, in an SQLite file or on a server.

    What was deleted there stays deleted.

    Raises:
        NotReady: MLflow is not installed.
        UsageError: the store cannot be opened, or is another file of yours; or the experiment was
            deleted there.
    """
    if not isinstance(store, str):
        _demand_store(store)
    # It tells its makers what it is used for otherwise, and the terminal what it does.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        # An optional dependency, and seconds to load.
        import mlflow
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise NotReady(
            "MLflow is not installed", "install it: python -m pip install 'gitexp[mlflow]'"
        ) from None
    try:
        opened = _Store(mlflow, store, name)
        for arm in arms:
            opened.write(arm)
    except MlflowException as error:
        raise UsageError(
            f"MLflow refused: {visible(str(error))[:500]}", "choose another place: --output PATH"
        ) from None
    return Written(opened.added, opened.known)


def _demand_store(path: Path) -> None:
    """Refuse a file of somebody else's, to which MLflow would add its fifty tables."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as store:
            tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master")}
        is_ours = not tables or "experiments" in tables
    except sqlite3.OperationalError:
        return  # locked, or cannot be opened: MLflow says what it makes of it
    except sqlite3.DatabaseError:
        is_ours = False
    if not is_ours:
        raise UsageError(
            f"{visible(str(path))} is not a store of MLflow: it stays as it is",
            "choose another place: --output PATH",
        )


class _Store:
    """A store of MLflow, with what it has of ours."""

    def __init__(self, mlflow: Any, store: Path | str, name: str) -> None:  # noqa: ANN401 - optional
        self._entities = mlflow.entities
        uri = store if isinstance(store, str) else f"sqlite:///{store}"
        self._client = mlflow.MlflowClient(tracking_uri=uri)
        self.added = self.known = 0
        found = self._client.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage != "active":
            raise UsageError(
                f"the experiment {visible(name)} was deleted in MLflow",
                "restore it there, or choose another place: --output PATH",
            )
        if found is None:
            # Else it is the folder mlruns wherever the export was made.
            files = None if isinstance(store, str) else (store.parent / "mlartifacts").as_uri()
            self._experiment = self._client.create_experiment(name, artifact_location=files)
        else:
            self._experiment = found.experiment_id
        self._known = {run.data.tags[KEY]: run for run in self._existing()} if found else {}

    def _existing(self) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], f"tags.`{KEY}` LIKE '%'", max_results=1_000, page_token=token,
                run_view_type=self._entities.ViewType.ALL,
            )  # fmt: skip
            yield from page
            if not (token := page.token):
                return

    def write(self, arm: Arm) -> None:
        """Write an arm: its parent, then those of its runs that are not there yet."""
        key = f"{arm.role} {arm.commit}"
        parent = self._known.get(key)
        if parent is not None and parent.info.lifecycle_stage != "active":
            self.known += len(arm.runs)
            return
        named = arm.row.result.name if arm.row else f"baseline {arm.commit[:8]}"
        start = _milliseconds(arm.row.time if arm.row else arm.runs[0].record.start)
        if parent is None:
            parent = self._create(key, named, start, {})
        cells = experiment_row(arm.row) if arm.row else {}
        figures = [c.name for c in EXPERIMENTS if c.kind in {Kind.NUMBER, Kind.COUNT}]
        end = max((_end(run.record) for run in arm.runs), default=start)
        now = {f"{OURS}{one}": float(cells[one]) for one in figures if cells.get(one) is not None}
        # A figure that is as it was is not logged again.
        new = {name: value for name, value in now.items() if parent.data.metrics.get(name) != value}
        self._log(
            parent.info.run_id,
            [self._metric(name, value, end) for name, value in new.items()],
            arm.parameters if arm.row else {},
            _tags(arm, cells, figures),
        )
        status = _STATUS.get(arm.row.state, "FINISHED") if arm.row else "FINISHED"
        self._client.update_run(parent.info.run_id, status)
        for run in arm.runs:
            self._write_run(arm, run, parent.info.run_id)

    def _write_run(self, arm: Arm, run: Run, parent: str) -> None:
        record = run.record
        key = f"run {arm.commit} {record.seed} {record.attempt} {record.condition} {record.start}"
        there = self._known.get(key)
        # One that an export was writing when it was stopped still counts as running.
        if there is not None and there.info.status != "RUNNING":
            self.known += 1
            return
        start, end = _milliseconds(record.start), _end(record)
        if there is None:
            there = self._create(key, f"seed {record.seed}", start, {_PARENT: parent})
        names = _named_apart([*run.metrics, *(one.metric for one in run.series)])
        lasts = {one.metric: one.steps[-1] for one in run.series if one.steps}
        metrics = [
            self._metric(
                names[one.metric], value, start + (end - start) * at // len(one.steps), step
            )
            for one in run.series
            for at, (step, value) in enumerate(zip(one.steps, one.values, strict=True))
        ]
        # The last by step and time is the one that MLflow shows.
        metrics += [
            self._metric(names[name], value, end, lasts.get(name, 0))
            for name, value in run.metrics.items()
        ]
        said = {
            "role": arm.role, "seed": str(record.seed), "attempt": str(record.attempt),
            "condition": record.condition, "commit": arm.commit, "baseline": arm.base,
            "failure": record.failure, "explore": record.explore, "pair": record.pair,
        }  # fmt: skip
        tags = {f"{OURS}{name}": value for name, value in said.items() if value}
        tags |= {f"{OURS}name.{named}": name for name, named in names.items() if named != name}
        self._log(there.info.run_id, metrics, arm.parameters, tags)
        status = "FINISHED" if record.ok else "FAILED"
        self._client.set_terminated(there.info.run_id, status, end)
        self.added += 1

    def _create(self, key: str, name: str, start: int, tags: Mapping[str, str]) -> Any:  # noqa: ANN401 - MLflow's
        return self._client.create_run(
            self._experiment, start_time=start, run_name=name, tags={KEY: key, **tags}
        )

    def _metric(self, name: str, value: float, at: int, step: int = 0) -> Any:  # noqa: ANN401 - likewise
        return self._entities.Metric(name, value, at, step)

    def _log(
        self, run: str, metrics: Sequence[Any], parameters: Mapping[str, object],
        tags: Mapping[str, str],
    ) -> None:  # fmt: skip
        every = {
            "metrics": metrics,
            "params": [
                self._entities.Param(named, _cut(plain_text(parameters[key]), "parameter"))
                for key, named in _named_apart(parameters).items()
            ],
            "tags": [self._entities.RunTag(k, _cut(v, "tag")) for k, v in tags.items()],
        }
        # Each call is a transaction, or a request to a server.
        for at in itertools.count():
            now = {
                kind: listed[at * _AT_ONCE[kind] : (at + 1) * _AT_ONCE[kind]]
                for kind, listed in every.items()
            }
            if not any(now.values()):
                return
            self._client.log_batch(run, **now)


def in_markdown(text: str) -> str:
    """A text that MLflow's page, which takes descriptions for Markdown, shows as it is.

    An image in a hypothesis would otherwise be fetched by whoever looks at it.
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"[\\`*_\[~|]", r"\\\g<0>", text)
    return re.sub(r"^(\s*\d*)([#>+\-.)])", r"\1\\\2", text, flags=re.MULTILINE)


def _tags(arm: Arm, cells: Mapping[str, Any], figures: Sequence[str]) -> dict[str, str]:
    """What the parent of an arm says of it; what there is nothing to say of is left out."""
    if arm.row is None:
        return {f"{OURS}role": arm.role, f"{OURS}commit": arm.commit}
    texts = {
        name: plain_text(value)
        for name, value in cells.items()
        if name not in figures and value is not None
    }
    tags = {f"{OURS}{name}": text for name, text in texts.items()}
    return tags | {
        f"{OURS}role": arm.role,
        _NOTE: in_markdown(texts["hypothesis"]),
        "mlflow.user": texts["author"],
        "mlflow.source.git.commit": arm.commit,
    }


def _named_apart(names: Iterable[str]) -> dict[str, str]:
    """Names that MLflow takes, by ours; two of ours never get the same."""
    taken: dict[str, str] = {}
    for name in names:
        named = _named(name)
        while taken.get(named, name) != name:
            named += "_"
        taken[named] = name
    return {name: named for named, name in taken.items()}


def _named(name: str) -> str:
    """A name that MLflow takes; whatever it does not take becomes an underscore.

    It takes letters, digits and some signs, and no name that is not a plain relative path.
    """
    parts = _UNNAMEABLE.sub("_", name)[: _LONGEST["name"]].split("/")
    return "/".join(part if part.strip(".") else "_" for part in parts)


def _cut(text: str, what: str) -> str:
    longest = _LONGEST[what]
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1_000)


def _end(record: Record) -> int:
    return _milliseconds(record.start) + int(record.duration * 1_000)
