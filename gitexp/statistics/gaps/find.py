"""Finds the gaps in saved predictions: where a baseline loses, and how much.

Rows of several seeds are pooled. A row that was tested in several runs is not new evidence each
time, so tests count distinct examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gitexp.rules.documents.known_metrics import find_metric
from gitexp.rules.documents.outcomes import PREDICTED, TRUE, Outcomes
from gitexp.rules.plan.gaps import Gap, label
from gitexp.statistics.gaps.bias_variance import find_bias_and_variance
from gitexp.statistics.gaps.calibration import find_wrong_labels, measure_calibration
from gitexp.statistics.gaps.confusions import MOST_LABELS, find_confusions
from gitexp.statistics.gaps.rows import Rows, numbers_of, one_spelling
from gitexp.statistics.gaps.slices import find_slices
from gitexp.statistics.gaps.tenths import find_bad_tenths
from gitexp.statistics.gaps.underfitting import find_underfitting
from gitexp.statistics.yardstick import Yardstick

if TYPE_CHECKING:
    from numpy.typing import NDArray


_QUANTITY = 20  # distinct numbers; a target with more is a quantity
_CLOSE = 0.005  # relative; a script's own number may be rounded


@dataclass(frozen=True, slots=True)
class Findings:
    """What predictions show: gaps, a dummy's score, calibration, and what was skipped and why.

    Ceilings and `dummy` are in the `unit`: the project's metric, or a substitute if the metric
    cannot be computed from these predictions.
    """

    task: str
    unit: str
    rows: int
    examples: int
    gaps: tuple[Gap, ...]
    dummy: float
    calibration: dict[str, Any] | None
    skipped: tuple[str, ...]


def find_gaps(
    outcomes: Sequence[Outcomes],
    *,
    train: Sequence[float],
    scores: Sequence[float],
    metric: str,
    higher_is_better: bool = True,
) -> Findings:
    """Find the gaps of a baseline from the outcomes of its runs.

    `scores` are the runs' scores on the test data, and `train` their scores on the training data,
    empty unless all runs reported one. Ceilings are in the metric's own unit if the predictions
    give it, and otherwise in accuracy or mean squared error.

    Raises:
        ValueError: these predictions show nothing; the message says why.
    """
    skipped: list[str] = []
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow becomes an undefined metric
        rows, quantity = _pool(metric, outcomes, scores, skipped)
        stick = rows.stick
        what, losses = stick.losses()
        if quantity:
            task, gaps = "regression", find_bad_tenths(rows)
            gaps += find_slices(rows, what, losses, skipped)
        elif stick.ranks:
            skipped.append(f"confusions: {metric} ranks rows and does not compare labels")
            task, gaps = "ranking", find_slices(rows, what, losses, skipped)
        else:
            task, gaps = "classification", find_confusions(rows, skipped)
            gaps += find_slices(rows, what, losses, skipped)
            gaps += find_wrong_labels(rows, skipped)
        if train:
            gaps += find_bias_and_variance(
                train, scores, metric, stick, own=not rows.unit, higher_is_better=higher_is_better,
                underfits=(0.0, "") if quantity else find_underfitting(rows, outcomes),
            )  # fmt: skip
        else:
            skipped.append(f"bias or variance: the runs reported no train_{metric}")
        calibration = None if quantity else measure_calibration(rows, skipped)
        return Findings(
            task, rows.unit or metric, rows.count, rows.examples, tuple(gaps), stick.constant(),
            calibration, tuple(skipped),
        )  # fmt: skip


def _pool(
    metric: str, outcomes: Sequence[Outcomes], scores: Sequence[float], skipped: list[str]
) -> tuple[Rows, bool]:
    """Rows of all runs, and whether their target is a quantity.

    Raises:
        ValueError: there are no rows, or all have the same label.
    """
    ids = np.array([name for one in outcomes for name in one.ids])
    if not len(ids):
        raise ValueError("the predictions hold no rows")
    every = {name: None for one in outcomes for name in one.columns}
    shared = [name for name in every if all(name in one.columns for one in outcomes)]
    if lost := [name for name in every if name not in shared]:
        skipped.append(f"columns that some runs did not save: {', '.join(lost[:5])}")
    texts = {name: [text for one in outcomes for text in one.columns[name]] for name in shared}
    true, predicted = np.array(texts.pop(TRUE)), np.array(texts.pop(PREDICTED))
    # Anything that is not a number makes a column of labels.
    numbers, guesses = numbers_of(true), numbers_of(predicted)
    quantity = False
    if numbers is not None and guesses is not None and _is_quantity(metric, numbers, guesses):
        true, predicted, quantity = numbers, guesses, True
    else:
        true, predicted = one_spelling(true), one_spelling(predicted)
        if len(labels := np.unique(true)) < 2:
            raise ValueError(
                f"every row has the label {label(labels[0])}: there is nothing to learn"
            )
    stick, unit = _choose_yardstick(metric, outcomes, scores, quantity=quantity, skipped=skipped)
    count = len({*ids.tolist()})
    return Rows(ids, true, predicted, texts, stick, count, "" if unit == metric else unit), quantity


def _choose_yardstick(
    metric: str,
    outcomes: Sequence[Outcomes],
    scores: Sequence[float],
    *,
    quantity: bool,
    skipped: list[str],
) -> tuple[Yardstick, str]:
    """Measure rows by the metric if the predictions give it; also return the unit's name."""
    otherwise = "mean_squared_error" if quantity else "accuracy"
    try:
        stick = Yardstick(metric, outcomes)
        score = float(np.mean(scores))
        # Truncated outcomes give a metric only approximately.
        if not all(one.complete for one in outcomes) or abs(stick.value - score) <= _CLOSE * max(
            abs(score), 1e-9
        ):
            return stick, metric
        why = f"the script reports {score:.4g}, but its predictions give {stick.value:.4g}"
    except ValueError as error:
        why = str(error)
    unit = f"{otherwise.replace('_', ' ')} of the predictions"
    skipped.append(f"ceilings in {metric}: {why}; they are given in {unit}")
    return Yardstick(otherwise, outcomes), unit


def _is_quantity(metric: str, true: NDArray[np.float64], predicted: NDArray[np.float64]) -> bool:
    """Whether the target is a quantity, judged by the metric if known, else by its numbers."""
    known = find_metric(metric)
    if known is not None:
        return known.of_quantities
    distinct = np.unique(np.concatenate([true, predicted]))
    return len(distinct) > _QUANTITY and (
        bool((distinct != np.round(distinct)).any()) or len(distinct) > MOST_LABELS
    )
