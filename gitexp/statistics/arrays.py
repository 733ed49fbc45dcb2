"""Stored outcomes as NumPy arrays: one set of arrays per run, rows matched by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gitexp.rules.documents.known_metrics import BINARY, Metric
from gitexp.rules.documents.outcomes import SCORE, TRUE, Outcomes, hash_of_id, natural

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RunRows:
    """Rows of one run, one array element per row.

    `place` is the index of a row's id among the sorted distinct ids of all runs. It increases, so
    that the rows of a pair of runs line up. `row` is the index at which the row was stored. Labels
    are numbered from 0: `labels` is their count (0 if y_true is a quantity), and `positive` is the
    number of the positive label.
    """

    place: NDArray[np.intp]
    true: Floats
    guess: Floats
    labels: int
    positive: int
    row: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Arms:
    """Runs of both arms, paired by position.

    They have `n` distinct ids, which is `share` of all rows that the runs had.
    """

    candidate: list[RunRows]
    baseline: list[RunRows] | None
    n: int
    share: float


def pair_arms(
    metric: Metric, candidate: Sequence[Outcomes], baseline: Sequence[Outcomes] | None
) -> Arms:
    """Read the runs of both arms, keeping the ids that both runs of a pair have.

    Raises:
        ValueError: these outcomes cannot be compared; the message says why.
    """
    if not candidate or (baseline is not None and len(baseline) != len(candidate)):
        raise ValueError("each run of the experiment needs a baseline run to pair with")
    runs, half = [*candidate, *(baseline or ())], len(candidate)
    for name in metric.columns:
        if not all(name in run.columns for run in runs):
            raise ValueError(f"{metric.name} needs a column {name}, which was not stored")
    rows = _comparable_rows(runs)
    share = sum(map(len, rows)) / sum(run.count for run in runs)
    for mine, theirs in zip(rows[:half], rows[half:], strict=False):
        for name in mine.keys() ^ theirs.keys():
            mine.pop(name, None)
            theirs.pop(name, None)
    if not all(rows):
        raise ValueError("baseline and experiment have no id in common")
    names = sorted({name for mine in rows for name in mine}, key=natural)
    true, guess = (
        [
            [run.columns[name][n] for n in mine.values()]
            for run, mine in zip(runs, rows, strict=True)
        ]
        for name in metric.columns
    )
    read = to_arrays(metric, names, rows, true, guess)
    return Arms(read[:half], read[half:] if baseline is not None else None, len(names), share)


def _comparable_rows(runs: Sequence[Outcomes]) -> list[dict[str, int]]:
    """Rows of each run by id, up to the smallest hash at which a truncated run ends.

    Beyond that hash, an id missing from one run may have been tested there all the same.
    """
    whole = [{name: n for n, name in enumerate(run.ids)} for run in runs]
    if all(run.complete for run in runs):
        return whole
    hashes = {name: hash_of_id(name) for name in {name for rows in whole for name in rows}}
    limit = min(max(hashes[name] for name in run.ids) for run in runs if not run.complete)
    return [{name: n for name, n in rows.items() if hashes[name] <= limit} for rows in whole]


def to_arrays(
    metric: Metric,
    names: Sequence[str],
    rows: Sequence[dict[str, int]],
    true: Sequence[Sequence[str]],
    guess: Sequence[Sequence[str]],
) -> list[RunRows]:
    """Turn the texts of several runs into arrays; `names` are the sorted distinct ids.

    Raises:
        ValueError: the texts do not fit the metric, or an id has two different y_true.
    """
    by_score = metric.columns[1] == SCORE
    labels: dict[str, int] = {}
    positive = 0
    if not metric.of_quantities:
        texts = {text for column in (true if by_score else [*true, *guess]) for text in column}
        labels, positive = _number_labels(metric.name, texts)
    places = {name: n for n, name in enumerate(names)}
    truth = np.full(len(names), np.nan)
    read = []
    for mine, was, guessed in zip(rows, true, guess, strict=True):
        place = np.fromiter(map(places.__getitem__, mine), np.intp, len(mine))
        values = _label_numbers(was, labels) if labels else _numbers(TRUE, was)
        known = truth[place]
        moved = np.flatnonzero(~np.isnan(known) & (known != values))
        if moved.size:
            raise ValueError(
                f"row {names[place[moved[0]]]} has different y_true in two runs:"
                " an id must name the same row of the data in every run"
            )
        truth[place] = values
        guesses = (
            _label_numbers(guessed, labels)
            if labels and not by_score
            else _numbers(metric.columns[1], guessed)
        )
        # The two runs of a pair may have written their rows in different orders.
        order = np.argsort(place)
        row = np.fromiter(mine.values(), np.intp, len(mine))[order]
        place, values, guesses = place[order], values[order], guesses[order]
        read.append(RunRows(place, values, guesses, len(set(labels.values())), positive, row))
    return read


def _numbers(column: str, texts: Sequence[str]) -> Floats:
    try:
        found = np.array([float(text) for text in texts])
    except ValueError:
        raise ValueError(f"{column} holds text, but the metric needs numbers") from None
    if not np.isfinite(found).all():
        raise ValueError(f"{column} holds infinite or missing numbers")
    return found


def _label_numbers(texts: Sequence[str], labels: dict[str, int]) -> Floats:
    return np.fromiter(map(labels.__getitem__, texts), np.float64, len(texts))


_TRUTHS = {"True": 1.0, "true": 1.0, "False": 0.0, "false": 0.0}


def _number_labels(metric: str, texts: set[str]) -> tuple[dict[str, int], int]:
    """Number each spelling of a label in scikit-learn's order; also return the positive label.

    If all labels are numbers or truth values, equal ones are one label: 1, 1.0 and True. The
    positive label is 1 if there is one, else the greatest.
    """
    values: dict[str, Any]
    try:
        values = {text: _TRUTHS[text] if text in _TRUTHS else float(text) for text in texts}
    except ValueError:
        values = {text: text for text in texts}
    labels = set(values.values())
    if labels in ({0.0}, {-1.0}):
        labels.add(1.0)  # a run without positives is still binary
    if metric in BINARY and len(labels) > 2:
        raise ValueError(f"{metric} needs two labels, but there are {len(labels)}")
    number = {label: n for n, label in enumerate(sorted(labels))}
    by_rank = metric in {"roc_auc", "log_loss"} or 1.0 not in labels
    positive = len(labels) - 1 if by_rank else number[1.0]
    return {text: number[value] for text, value in values.items()}, positive
