"""How much of a metric is lost in single rows, and what correcting them would gain."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from gitexp.rules.documents.known_metrics import Metric, find_metric
from gitexp.rules.documents.outcomes import SCORE, Outcomes, natural
from gitexp.statistics.arrays import RunRows, to_arrays
from gitexp.statistics.losses import LOSSES, squared_error
from gitexp.statistics.resampling import draw_weights
from gitexp.statistics.scores import score
from gitexp.statistics.weighted import weighted_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_DRAWS = 200  # the error bar of a ceiling needs only two digits


class Yardstick:
    """What single rows cost a metric in the runs of one arm, in the metric's own unit.

    Rows are those of all runs, one run after the other, in the order of their outcomes.

    Raises:
        ValueError: these outcomes do not give the metric; the message says why.
    """

    def __init__(self, metric: str, outcomes: Sequence[Outcomes]) -> None:
        known = find_metric(metric)
        if known is None:
            raise ValueError(f"{metric} cannot be computed from predictions")
        if not all(known.columns[1] in run.columns for run in outcomes):
            raise ValueError(f"{metric} needs a column {known.columns[1]}, which was not stored")
        self.metric = known
        rows = [{name: n for n, name in enumerate(run.ids)} for run in outcomes]
        names = sorted({name for mine in rows for name in mine}, key=natural)
        true, guess = ([run.columns[name] for run in outcomes] for name in known.columns)
        self._runs = to_arrays(known, names, rows, true, guess)
        self._examples = len(names)
        begins = np.cumsum([0, *(len(run.ids) for run in outcomes)])
        self._rows = [run.row + begin for run, begin in zip(self._runs, begins, strict=False)]
        self.value = self._mean([score(known.name, run) for run in self._runs])
        if not math.isfinite(self.value):
            raise ValueError(f"{metric} is undefined on these predictions")
        best = self._mean([score(known.name, _corrected(known, r)) for r in self._runs])
        # Every known metric gets better, if anything, when every row is right.
        self._way = 1.0 if best >= self.value else -1.0
        self.best = round(best, 12)  # scikit-learn keeps a log loss just above 0

    def _mean(self, values: Sequence[float]) -> float:
        return self.metric.sign * math.fsum(values) / len(values)

    @property
    def quantity(self) -> bool:
        """Whether y_true is a quantity, not a label."""
        return self.metric.of_quantities

    @property
    def ranks(self) -> bool:
        """Whether only the order of the scores matters."""
        return self.metric.name in {"roc_auc", "average_precision"}

    @property
    def shares(self) -> bool:
        """Whether the metric is the share of rows that are right, or wrong."""
        return self.metric.name in {"accuracy", "error_rate"}

    def losses(self) -> tuple[str, Floats]:
        """Name of the loss, and the loss of each row.

        A label is right or wrong. Where only the order matters, a row's loss is the share of rows
        with the other label that are on its wrong side; the mean over all rows is 1 - AUC.
        """
        name, found = self.metric.name, np.zeros(sum(map(len, self._rows)))
        loss: Callable[[RunRows], Floats]
        if self.ranks:
            called, loss = "ranking loss", _ranking_loss
        elif name in LOSSES and name not in {"accuracy", "error_rate"}:
            called, loss = name.replace("_", " "), LOSSES[name]
        elif self.quantity:
            called, loss = "mean squared error", squared_error
        else:
            called, loss = "error rate", LOSSES["error_rate"]
        for run, rows in zip(self._runs, self._rows, strict=True):
            found[rows] = loss(run)
        return called, found

    def ceiling(
        self, rows: NDArray[np.bool_], among: NDArray[np.bool_] | None = None
    ) -> tuple[float, tuple[float, float]]:
        """What the metric would gain if these rows were right, with a 95 % interval; at least 0.

        With `among`, only the rows marked there are measured.

        Source: standard error by the bootstrap over examples, Efron & Tibshirani (1993).
        """
        arms = []
        for run, mine in zip(self._runs, self._rows, strict=True):
            held = np.ones(len(mine), bool) if among is None else among[mine]
            if held.any():
                now = replace(run, place=run.place[held], true=run.true[held],
                              guess=run.guess[held], row=run.row[held])  # fmt: skip
                arms.append((now, _corrected(self.metric, now, rows[mine][held])))
        name = self.metric.name
        gains = [score(name, then) - score(name, now) for now, then in arms]
        found = self._way * self._mean([gain for gain in gains if math.isfinite(gain)] or [0.0])
        drawn = []
        with np.errstate(divide="ignore", invalid="ignore"):
            for weights in draw_weights(self._examples, _DRAWS):
                parts = [
                    weighted_score(name, then, weights[:, then.place])
                    - weighted_score(name, now, weights[:, now.place])
                    for now, then in arms
                ]
                drawn.append(np.mean(parts, axis=0))
        reach = 1.96 * float(np.nanstd(np.concatenate(drawn), ddof=1))
        return max(found, 0.0), (max(found - reach, 0.0), max(found + reach, 0.0))

    def constant(self) -> float:
        """Metric of the best constant prediction, which knows no features."""
        true = np.concatenate([run.true for run in self._runs])
        dummy = DummyClassifier(strategy="most_frequent")
        if self.quantity or self.metric.columns[1] == SCORE:
            way = "median" if "absolute" in self.metric.name else "mean"
            dummy = DummyRegressor(strategy=way)
            true = true if self.quantity else (true == self._runs[0].positive).astype(np.float64)
        blank = np.zeros((len(true), 1))
        [constant] = dummy.fit(blank, true).predict(blank[:1])
        return self._mean(
            [
                score(self.metric.name, replace(run, guess=np.full(len(run.true), constant)))
                for run in self._runs
            ]
        )


def _corrected(metric: Metric, run: RunRows, where: NDArray[np.bool_] | None = None) -> RunRows:
    """A run in which the predictions of the rows `where` are right; all of them by default."""
    right = run.true
    if metric.columns[1] == SCORE:
        low, high = run.guess.min() - 1, run.guess.max() + 1
        if metric.name in {"log_loss", "brier_score"}:
            low, high = 0.0, 1.0
        right = np.where(run.true == run.positive, high, low)
    return replace(run, guess=right if where is None else np.where(where, right, run.guess))


def _ranking_loss(run: RunRows) -> Floats:
    """Share of the rows with the other label on the wrong side of each row; ties count half.

    Both labels have half of the weight and the same mean, 1 - AUC. So a slice does not have a
    larger loss only because one label is more frequent there.
    """
    positive = run.true == run.positive
    found, n = np.zeros(len(run.true)), len(run.true)
    for mine, sign in ((positive, 1.0), (~positive, -1.0)):
        others = np.sort(sign * run.guess[~mine])
        if mine.any() and len(others):
            ends = [np.searchsorted(others, sign * run.guess[mine], s) for s in ("left", "right")]
            wrong = 1 - (ends[0] + ends[1]) / 2 / len(others)
            found[mine] = (wrong - wrong.mean()) * n / (2 * mine.sum()) + wrong.mean()
    return found
