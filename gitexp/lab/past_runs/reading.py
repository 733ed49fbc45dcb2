"""Reads past runs from whatever holds them, and chooses the metric that they are judged by."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.lab.past_runs.columns import is_about_the_run, words
from gitexp.lab.past_runs.mlflow import read_store, run_folders
from gitexp.lab.past_runs.table import read_table
from gitexp.lab.past_runs.wandb import SUMMARY, read_summaries, summaries
from gitexp.rules.documents.metric_name import direction_of, is_training_score
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.rules.plan.past_runs import PastRun

_HELD_OUT = {"dev", "eval", "test", "val", "valid", "validation"}
_MOST_NAMED = 8


def read_past_runs(path: Path) -> tuple[PastRun, ...]:
    """Read a table, an MLflow file store, or W&B's summaries.

    Raises:
        UsageError: it is none of them, or cannot be read.
    """
    name = visible(str(path))
    try:
        if not path.is_dir():
            return read_summaries([path]) if path.name == SUMMARY else read_table(path)
        if folders := run_folders(path):
            return read_store(folders)
        if found := summaries(path):
            return read_summaries(found)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}", "gitexp help audit") from None
    raise UsageError(
        f"{name} holds neither MLflow runs nor W&B summaries",
        "name a results.tsv, a CSV file, an mlruns folder or a wandb folder",
    )


def choose_metric(runs: Sequence[PastRun], wanted: str) -> str:
    """Return the metric wanted, or the only one that the names leave.

    Raises:
        UsageError: no run has it, or the names leave none or several.
    """
    counts = Counter(name for run in runs for name in run.scores)
    if wanted:
        if counts[wanted]:
            return wanted
        raise UsageError(f"no run has a number for {visible(wanted)}", _choice(counts))
    metrics = [
        name
        for name in counts
        if direction_of(name) and not is_about_the_run(name) and not is_training_score(name)
    ]
    held_out = [name for name in metrics if words(name) & _HELD_OUT]
    for found in (metrics, held_out):
        if len(found) == 1:
            return found[0]
    if metrics:
        raise UsageError("several columns may be the metric", _choice(metrics))
    raise UsageError("no column has the name of a known metric", _choice(counts))


def _choice(names: Sequence[str] | Counter[str]) -> str:
    if not names:
        return "each run needs a number: a column such as accuracy or val_loss"
    named = ", ".join(shlex.quote(visible(name)) for name in list(names)[:_MOST_NAMED])
    return f"name it with --metric: {named}{', ...' if len(names) > _MOST_NAMED else ''}"


def choose_direction(metric: str, *, lower: bool, higher: bool) -> bool:
    """Whether higher is better: as asked, else by the metric's name.

    Raises:
        UsageError: both were asked for, or the name does not tell.
    """
    if lower and higher:
        raise UsageError("--lower and --higher contradict each other", "give one of them")
    if lower or higher:
        return higher
    if way := direction_of(metric):
        return way == "higher"
    raise UsageError(
        f"the name {visible(metric)} does not say which values are better",
        "give --higher or --lower",
    )
