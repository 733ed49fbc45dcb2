"""The evidence of single examples: metrics recomputed from outcomes, and how far they would vary.

A metric that averages over examples has its variance in closed form. Any other one is computed over
and over on examples drawn anew, both arms and all seeds on the same draw (a paired bootstrap).
Sums are exact and the draws the same everywhere, so that two machines come to the same digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.outcomes import SCORE, TRUE, Metric, find_metric, hash_of, natural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from gitexp.rules.documents.outcomes import Outcomes

    Floats = NDArray[np.float64]

_DRAWS = 500  # of the bootstrap: they tell a standard error to 3 %
_CEILING_DRAWS = 200  # a ceiling's error bar needs no third digit
_SEED = 20_261_125  # of the bootstrap: any number would do, but it must be the same one
_FEWEST_DEFINED = 0.9  # share of the draws; a metric that more of them lack has no error bar
_BLOCK = 4_000_000  # weights held at a time
_STEPS = 2.0**30  # sums of up to 8 million losses in so many steps are exact in a float
_EPSILON = 2.0**-52  # how far scikit-learn keeps probabilities from 0 and 1, and divisors from 0
_TOLERANCE = 1e-6  # relative: what single precision leaves of a metric


def recompute(metric: str, outcomes: Outcomes) -> float | None:
    """Value of a metric by scikit-learn, None where these outcomes do not give it."""
    known = find_metric(metric)
    if known is None:
        return None
    try:
        [run] = _read(known, [outcomes], None).candidate
        value = known.sign * float(_by_scikit_learn(known.name, run))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def disagreement(metric: str, reported: float, outcomes: Outcomes) -> str:
    """Say that a script's own number is not what its outcomes give; "" where they agree.

    Half a unit of the last digit reported is rounding. A part of the rows proves nothing.
    """
    value = recompute(metric, outcomes) if outcomes.complete else None
    if value is None:
        return ""
    exponent = Decimal(repr(float(reported))).as_tuple().exponent
    half = 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0
    # The thousandth lets through what lies half-way, give or take the last bit.
    if abs(value - reported) <= 1.001 * max(half, _TOLERANCE * abs(value)):
        return ""
    return (
        f"{metric} is {reported:.6g} by the script, but {value:.6g} by the predictions that it"
        " stored, as scikit-learn defines it"
    )


def example_variance(
    metric: str,
    baseline: Sequence[Outcomes] | None,
    candidate: Sequence[Outcomes],
    *,
    percent: bool = False,
) -> tuple[float, int]:
    """Variance of the mean paired difference that is due to the examples, and their number n.

    Runs are paired by their place, one for each seed; ids in one arm alone are left out. `percent`
    takes the difference of logarithms. Without a baseline the candidate's own mean is meant. The
    seeds' spread and the training set's share (1 + c) are the caller's to add. n counts distinct
    ids, with an estimate of those that were too many to store.

    Raises:
        ValueError: why these outcomes do not tell.

    Source: sd(d_i)^2 / n for means over examples, d_i being the mean over seeds of an example's
    difference; else the paired bootstrap, Efron & Tibshirani (1993), chapter 6.
    """
    known = find_metric(metric)
    if known is None:
        raise ValueError(f"{metric} is no metric that predictions give")
    arms = _read(known, candidate, baseline)
    if arms.n < 2:
        raise ValueError("one example alone shows no spread")
    if known.averages and not percent:
        variance, digits = _variance_of_mean(known.name, arms), 12
    else:
        # What lies beyond six digits is noise of the draws, and a logarithm's last bit differs
        # from one processor to another.
        variance, digits = _bootstrap(known, arms, percent=percent), 6
    total = max(arms.n, round(arms.n / arms.share))
    return float(f"{variance * arms.n / total:.{digits - 1}e}"), total


class Yardstick:
    """What single rows cost a metric in the runs of one arm, in the metric's own unit.

    Rows are those of all runs, one run after the other, each as its outcomes have them.

    Raises:
        ValueError: why these outcomes do not give the metric.
    """

    def __init__(self, metric: str, outcomes: Sequence[Outcomes]) -> None:
        import numpy as np

        known = find_metric(metric)
        if known is None:
            raise ValueError(f"{metric} is no metric that predictions give")
        if not all(known.columns[1] in run.columns for run in outcomes):
            raise ValueError(f"{metric} takes a column {known.columns[1]}, which was not stored")
        self.metric = known
        rows = [{name: n for n, name in enumerate(run.ids)} for run in outcomes]
        names = sorted({name for mine in rows for name in mine}, key=natural)
        true, guess = ([run.columns[name] for run in outcomes] for name in known.columns)
        self._runs = _as_arrays(known, names, rows, true, guess)
        self._examples = len(names)
        begins = np.cumsum([0, *(len(run.ids) for run in outcomes)])
        self._rows = [run.row + begin for run, begin in zip(self._runs, begins, strict=False)]
        self.value = self._mean([_by_scikit_learn(known.name, run) for run in self._runs])
        if not math.isfinite(self.value):
            raise ValueError(f"{metric} has no value on these predictions")
        best = self._mean([_by_scikit_learn(known.name, _mended(known, r)) for r in self._runs])
        # Which way is better; whatever is known as a metric gains when every row is right.
        self._way = 1.0 if best >= self.value else -1.0
        self.best = round(best, 12)  # scikit-learn keeps a log loss a hair above 0

    def _mean(self, values: Sequence[float]) -> float:
        return self.metric.sign * math.fsum(values) / len(values)

    @property
    def quantity(self) -> bool:
        """Whether y_true is a quantity, and no label."""
        return is_of_quantities(self.metric)

    @property
    def ranks(self) -> bool:
        """Whether only the order of the rows' scores counts."""
        return self.metric.name in {"roc_auc", "average_precision"}

    @property
    def shares(self) -> bool:
        """Whether the metric is the share of rows that are right, or wrong."""
        return self.metric.name in {"accuracy", "error_rate"}

    def losses(self) -> tuple[str, Floats]:
        """What each row loses, and what that is called.

        Labels are right or wrong. Where only the order counts, a row loses by how many rows of the
        other label stand on its wrong side; the mean over all rows is 1 - AUC.
        """
        import numpy as np

        name, found = self.metric.name, np.zeros(sum(map(len, self._rows)))
        loss: Callable[[_Run], Floats]
        if self.ranks:
            said, loss = "ranking loss", _misplaced
        elif name in _LOSSES and name not in {"accuracy", "error_rate"}:
            said, loss = name.replace("_", " "), _LOSSES[name]
        elif self.quantity:
            said, loss = "mean squared error", _squared_error
        else:
            said, loss = "error rate", _LOSSES["error_rate"]
        for run, rows in zip(self._runs, self._rows, strict=True):
            found[rows] = loss(run)
        return said, found

    def ceiling(
        self, rows: NDArray[np.bool_], among: NDArray[np.bool_] | None = None
    ) -> tuple[float, tuple[float, float]]:
        """What the metric would gain were these rows right, with its 95 % interval; never below 0.

        With `among`, as measured on the rows marked there alone.

        Source: standard error by the bootstrap over examples, Efron & Tibshirani (1993).
        """
        import numpy as np

        arms = []
        for run, mine in zip(self._runs, self._rows, strict=True):
            held = np.ones(len(mine), bool) if among is None else among[mine]
            if held.any():
                now = replace(run, place=run.place[held], true=run.true[held],
                              guess=run.guess[held], row=run.row[held])  # fmt: skip
                arms.append((now, _mended(self.metric, now, rows[mine][held])))
        name = self.metric.name
        gains = [_by_scikit_learn(name, then) - _by_scikit_learn(name, now) for now, then in arms]
        found = self._way * self._mean([gain for gain in gains if math.isfinite(gain)] or [0.0])
        rng, drawn = np.random.default_rng(_SEED), []
        size = max(1, min(_CEILING_DRAWS, _BLOCK // self._examples))
        with np.errstate(divide="ignore", invalid="ignore"):
            for begin in range(0, _CEILING_DRAWS, size):
                shape = (min(size, _CEILING_DRAWS - begin), self._examples)
                counts = [
                    np.bincount(row, minlength=self._examples)
                    for row in rng.integers(0, self._examples, shape)
                ]
                weights = np.stack(counts).astype(np.float64)
                parts = [
                    _weighted(name, then, weights[:, then.place])
                    - _weighted(name, now, weights[:, now.place])
                    for now, then in arms
                ]
                drawn.append(np.mean(parts, axis=0))
        reach = 1.96 * float(np.nanstd(np.concatenate(drawn), ddof=1))
        return max(found, 0.0), (max(found - reach, 0.0), max(found + reach, 0.0))

    def constant(self) -> float:
        """What one and the same answer for every row would get, the best that knows no features."""
        import numpy as np
        from sklearn.dummy import DummyClassifier, DummyRegressor

        true = np.concatenate([run.true for run in self._runs])
        answer = DummyClassifier(strategy="most_frequent")
        if self.quantity or self.metric.columns[1] == SCORE:
            way = "median" if "absolute" in self.metric.name else "mean"
            answer = DummyRegressor(strategy=way)
            true = true if self.quantity else (true == self._runs[0].positive).astype(np.float64)
        blank = np.zeros((len(true), 1))
        [constant] = answer.fit(blank, true).predict(blank[:1])
        return self._mean(
            [
                _by_scikit_learn(
                    self.metric.name, replace(run, guess=np.full(len(run.true), constant))
                )
                for run in self._runs
            ]
        )


def _mended(metric: Metric, run: _Run, where: NDArray[np.bool_] | None = None) -> _Run:
    """A run with the guesses of some rows made right, of all without `where`."""
    import numpy as np

    right = run.true
    if metric.columns[1] == SCORE:
        low, high = run.guess.min() - 1, run.guess.max() + 1
        if metric.name in {"log_loss", "brier_score"}:
            low, high = 0.0, 1.0
        right = np.where(run.true == run.positive, high, low)
    return replace(run, guess=right if where is None else np.where(where, right, run.guess))


def _misplaced(run: _Run) -> Floats:
    """Share of the other label's rows on the wrong side of each row's score; ties count half.

    Each label has half of the weight, and the same mean, 1 - AUC: that one label is more frequent
    in some place makes no loss there.
    """
    import numpy as np

    positive = run.true == run.positive
    found, n = np.zeros(len(run.true)), len(run.true)
    for mine, sign in ((positive, 1.0), (~positive, -1.0)):
        others = np.sort(sign * run.guess[~mine])
        if mine.any() and len(others):
            ends = [np.searchsorted(others, sign * run.guess[mine], s) for s in ("left", "right")]
            wrong = 1 - (ends[0] + ends[1]) / 2 / len(others)
            found[mine] = (wrong - wrong.mean()) * n / (2 * mine.sum()) + wrong.mean()
    return found


# --- outcomes as arrays -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows of one run: the `place` of each among the distinct ids, what was true, what was guessed.

    Places grow, so that the rows of a pair stand side by side; `row` is where each was stored.
    Labels are numbered from 0; `positive` is the one that binary metrics ask for, and `labels` how
    many there are, 0 where y_true is a quantity.
    """

    place: NDArray[np.intp]
    true: Floats
    guess: Floats
    labels: int
    positive: int
    row: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Arms:
    """Runs of both arms, paired by their place; of `n` distinct ids, a `share` of all there are."""

    candidate: list[_Run]
    baseline: list[_Run] | None
    n: int
    share: float


def _read(
    metric: Metric, candidate: Sequence[Outcomes], baseline: Sequence[Outcomes] | None
) -> _Arms:
    if not candidate or (baseline is not None and len(baseline) != len(candidate)):
        raise ValueError("each run of the experiment needs its partner")
    runs, half = [*candidate, *(baseline or ())], len(candidate)
    for name in metric.columns:
        if not all(name in run.columns for run in runs):
            raise ValueError(f"{metric.name} takes a column {name}, which was not stored")
    rows = _rows_at_hand(runs)
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
    read = _as_arrays(metric, names, rows, true, guess)
    return _Arms(read[:half], read[half:] if baseline is not None else None, len(names), share)


def _rows_at_hand(runs: Sequence[Outcomes]) -> list[dict[str, int]]:
    """Rows of each run by id, up to the hash at which the first of the cut runs ends.

    Beyond it an id that one run lacks may have been tested there all the same.
    """
    whole = [{name: n for n, name in enumerate(run.ids)} for run in runs]
    if all(run.complete for run in runs):
        return whole
    hashes = {name: hash_of(name) for name in {name for rows in whole for name in rows}}
    limit = min(max(hashes[name] for name in run.ids) for run in runs if not run.complete)
    return [{name: n for name, n in rows.items() if hashes[name] <= limit} for rows in whole]


def _as_arrays(
    metric: Metric,
    names: Sequence[str],
    rows: Sequence[dict[str, int]],
    true: Sequence[Sequence[str]],
    guess: Sequence[Sequence[str]],
) -> list[_Run]:
    import numpy as np

    by_score = metric.columns[1] == SCORE
    labels: dict[str, int] = {}
    positive = 0
    if metric.name not in _QUANTITIES:
        texts = {text for column in (true if by_score else [*true, *guess]) for text in column}
        labels, positive = _number_labels(metric.name, texts)
    places = {name: n for n, name in enumerate(names)}
    truth = np.full(len(names), np.nan)
    read = []
    for mine, was, guessed in zip(rows, true, guess, strict=True):
        place = np.fromiter((places[name] for name in mine), np.intp, len(mine))
        values = _numbered(was, labels) if labels else _numbers(TRUE, was)
        before = truth[place]
        moved = np.flatnonzero(~np.isnan(before) & (before != values))
        if moved.size:
            raise ValueError(
                f"the row {names[place[moved[0]]]} has one y_true in one run and another one in"
                " another: an id must name the same row of the data in every run"
            )
        truth[place] = values
        guesses = (
            _numbered(guessed, labels)
            if labels and not by_score
            else _numbers(metric.columns[1], guessed)
        )
        # A pair's rows may have been written in different orders, and are compared one by one.
        order = np.argsort(place)
        row = np.fromiter(mine.values(), np.intp, len(mine))[order]
        place, values, guesses = place[order], values[order], guesses[order]
        read.append(_Run(place, values, guesses, len(set(labels.values())), positive, row))
    return read


def _numbers(column: str, texts: Sequence[str]) -> Floats:
    import numpy as np

    try:
        found = np.array([float(text) for text in texts])
    except ValueError:
        raise ValueError(f"{column} holds texts where the metric takes numbers") from None
    if not np.isfinite(found).all():
        raise ValueError(f"{column} holds numbers that are not finite")
    return found


def _numbered(texts: Sequence[str], labels: dict[str, int]) -> Floats:
    import numpy as np

    return np.fromiter((labels[text] for text in texts), np.float64, len(texts))


_TRUTHS = {"True": 1.0, "true": 1.0, "False": 0.0, "false": 0.0}


def _number_labels(metric: str, texts: set[str]) -> tuple[dict[str, int], int]:
    """Number of each label as it is written, in scikit-learn's order, and the positive one.

    Where all are numbers or truth values they count as such: 1, 1.0 and True are one label. The
    positive label is 1 where there is one, else the greater.
    """
    values: dict[str, Any]
    try:
        values = {text: _TRUTHS[text] if text in _TRUTHS else float(text) for text in texts}
    except ValueError:
        values = {text: text for text in texts}
    labels = set(values.values())
    if labels in ({0.0}, {-1.0}):
        labels.add(1.0)  # a run without a positive one is binary all the same
    if metric in _BINARY and len(labels) > 2:
        raise ValueError(f"{metric} takes two labels, and there are {len(labels)}")
    number = {label: n for n, label in enumerate(sorted(labels))}
    by_rank = metric in {"roc_auc", "log_loss"} or 1.0 not in labels
    positive = len(labels) - 1 if by_rank else number[1.0]
    return {text: number[value] for text, value in values.items()}, positive


# --- metrics by scikit-learn --------------------------------------------------------------------

_QUANTITIES = {
    "mean_absolute_error", "mean_squared_error", "mean_absolute_percentage_error",
    "mean_squared_log_error", "mean_poisson_deviance", "mean_gamma_deviance", "r2",
    "explained_variance", "root_mean_squared_error", "root_mean_squared_log_error",
    "median_absolute_error",
}  # fmt: skip
_BY_SCORE = {"roc_auc", "average_precision", "log_loss", "brier_score"}
_BINARY = {"f1", "precision", "recall", "jaccard"} | _BY_SCORE
# Where scikit-learn's function has another name than its scorer.
_FUNCTIONS = {
    "accuracy": "accuracy_score", "error_rate": "zero_one_loss", "r2": "r2_score",
    "explained_variance": "explained_variance_score", "roc_auc": "roc_auc_score",
    "average_precision": "average_precision_score", "brier_score": "brier_score_loss",
    "cohen_kappa": "cohen_kappa_score", "balanced_accuracy": "recall_score",
}  # fmt: skip


def is_of_quantities(metric: Metric) -> bool:
    """Whether a metric takes quantities, and no labels."""
    return metric.name in _QUANTITIES


def _by_scikit_learn(name: str, run: _Run) -> float:
    """Value of a metric for one run, nan where it has none; asked so that nothing warns."""
    import numpy as np
    from sklearn import metrics

    true, guess = run.true, run.guess
    more: dict[str, Any] = {}
    family, _, average = name.partition("_")
    if name in _BY_SCORE:
        true = (true == run.positive).astype(np.float64)
        if name == "log_loss":
            more = {"labels": [0, 1]}
        elif name != "brier_score" and len(np.unique(true)) < 2:
            return math.nan
    elif name in {"r2", "explained_variance"}:
        if len(true) < 2:
            return math.nan
    elif name in {"matthews_corrcoef", "cohen_kappa"}:
        if len(np.unique([true, guess])) < 2:
            return 0.0 if name == "matthews_corrcoef" else math.nan
    elif name == "balanced_accuracy":
        # scikit-learn's own warns of labels that were guessed and never true.
        more = {"labels": np.unique(true), "average": "macro", "zero_division": 0}
    elif family in _BINARY:
        name = f"{family}_score"
        more = {"average": average or "binary", "zero_division": 0}
        if not average:
            more["pos_label"] = run.positive
    return float(getattr(metrics, _FUNCTIONS.get(name, name))(true, guess, **more))


# --- the spread over examples -------------------------------------------------------------------


def _variance_of_mean(name: str, arms: _Arms) -> float:
    """Variance of a mean over examples; each example counts by its mean over the seeds."""
    import numpy as np

    total, times = np.zeros(arms.n), np.zeros(arms.n)
    for n, run in enumerate(arms.candidate):
        losses = _LOSSES[name](run)
        if arms.baseline is not None:
            losses = losses - _LOSSES[name](arms.baseline[n])
        total[run.place] += losses
        times[run.place] += 1
    means = total / times
    centre = math.fsum(means) / arms.n
    return math.fsum((means - centre) ** 2) / (arms.n - 1) / arms.n


def _bootstrap(metric: Metric, arms: _Arms, *, percent: bool) -> float:
    """Variance over draws of the examples, both arms and all seeds on the same draw."""
    import numpy as np

    def value(run: _Run, weights: Floats) -> Floats:
        found = metric.sign * _weighted(metric.name, run, weights)
        return np.log(found) if percent else found

    rng = np.random.default_rng(_SEED)
    size = max(1, min(_DRAWS, _BLOCK // arms.n))
    statistics: list[float] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for begin in range(0, _DRAWS, size):
            picks = rng.integers(0, arms.n, (min(size, _DRAWS - begin), arms.n))
            drawn = np.stack([np.bincount(row, minlength=arms.n) for row in picks])
            totals = np.zeros(len(drawn))
            for n, run in enumerate(arms.candidate):
                weights = drawn[:, run.place].astype(np.float64)
                totals += value(run, weights)
                if arms.baseline is not None:
                    totals -= value(arms.baseline[n], weights)
            statistics += (totals / len(arms.candidate)).tolist()
    defined = [statistic for statistic in statistics if math.isfinite(statistic)]
    if len(defined) < _FEWEST_DEFINED * _DRAWS:
        kind = f"the logarithm of {metric.name}" if percent else metric.name
        raise ValueError(f"{kind} is not defined on too many draws of these {arms.n} examples")
    centre = math.fsum(defined) / len(defined)
    return math.fsum((s - centre) ** 2 for s in defined) / (len(defined) - 1)


def _weighted(name: str, run: _Run, weights: Floats) -> Floats:
    """Value of a metric for each draw; `weights` has a line for each, a column for each row.

    A label that was not drawn is none of the draw's labels.
    """
    if name in _LOSSES:
        return _sums(_LOSSES[name](run), weights) / weights.sum(axis=1)
    if name in _BY_SCORE:
        return _ranked(name, run, weights)
    return _quantity(name, run, weights) if name in _QUANTITIES else _counted(name, run, weights)


def _sums(values: Floats, weights: Floats) -> Floats:
    """Weighted sums, rounded so that any order of adding gives the same."""
    import numpy as np

    unit = np.abs(values).max() / _STEPS
    return (weights @ np.rint(values / unit)) * unit if unit else np.zeros(len(weights))


def _squared_error(run: _Run) -> Floats:
    return (run.true - run.guess) ** 2


def _squared_log_error(run: _Run) -> Floats:
    import numpy as np

    if min(run.true.min(), run.guess.min()) <= -1:
        raise ValueError("a logarithmic error takes numbers above -1")
    return (np.log1p(run.true) - np.log1p(run.guess)) ** 2


def _log_loss(run: _Run) -> Floats:
    import numpy as np

    if run.guess.min() < 0 or run.guess.max() > 1:
        raise ValueError(f"{SCORE} must be the probability of the positive label, 0 to 1")
    guess = np.clip(run.guess, _EPSILON, 1 - _EPSILON)
    return -np.log(np.where(run.true == run.positive, guess, 1 - guess))


def _brier_score(run: _Run) -> Floats:
    return ((run.true == run.positive) - run.guess) ** 2


def _percentage_error(run: _Run) -> Floats:
    import numpy as np

    return np.abs(run.true - run.guess) / np.maximum(np.abs(run.true), _EPSILON)


def _poisson_deviance(run: _Run) -> Floats:
    import numpy as np

    if run.true.min() < 0 or run.guess.min() <= 0:
        raise ValueError("a Poisson deviance takes y_true from 0 on and y_pred above 0")
    # 0 log 0 is 0.
    logs = np.log(np.where(run.true > 0, run.true / run.guess, 1.0))
    return 2 * (run.true * logs - run.true + run.guess)


def _gamma_deviance(run: _Run) -> Floats:
    import numpy as np

    if min(run.true.min(), run.guess.min()) <= 0:
        raise ValueError("a gamma deviance takes numbers above 0")
    return 2 * (np.log(run.guess / run.true) + run.true / run.guess - 1)


# What each example contributes to a metric that is a mean over them.
_LOSSES: dict[str, Callable[[_Run], Floats]] = {
    "accuracy": lambda run: (run.true == run.guess) * 1.0,
    "error_rate": lambda run: (run.true != run.guess) * 1.0,
    "log_loss": _log_loss,
    "brier_score": _brier_score,
    "mean_absolute_error": lambda run: abs(run.true - run.guess),
    "mean_squared_error": _squared_error,
    "mean_absolute_percentage_error": _percentage_error,
    "mean_squared_log_error": _squared_log_error,
    "mean_poisson_deviance": _poisson_deviance,
    "mean_gamma_deviance": _gamma_deviance,
}


def _quantity(name: str, run: _Run, weights: Floats) -> Floats:
    """Metrics of quantities that are no mean over examples."""
    import numpy as np

    rows = weights.sum(axis=1)
    error = run.true - run.guess
    match name:
        case "root_mean_squared_error":
            return np.sqrt(_sums(error**2, weights) / rows)
        case "root_mean_squared_log_error":
            return np.sqrt(_sums(_squared_log_error(run), weights) / rows)
        case "median_absolute_error":
            error = np.abs(error)
            order = np.argsort(error, kind="stable")
            reached = np.cumsum(weights[:, order], axis=1)
            half = rows[:, None] / 2
            low = (reached < half).sum(axis=1)
            high = np.minimum((reached <= half).sum(axis=1), len(order) - 1)
            return (error[order[low]] + error[order[high]]) / 2
    centred = run.true - math.fsum(run.true) / len(run.true)
    spread = _sums(centred**2, weights) - _sums(centred, weights) ** 2 / rows
    lost = _sums(error**2, weights)
    if name == "explained_variance":
        lost = lost - _sums(error, weights) ** 2 / rows
    return 1 - lost / spread


def _ranked(name: str, run: _Run, weights: Floats) -> Floats:
    """Metrics of how well scores put the positive examples above the others."""
    import numpy as np

    order = np.argsort(run.guess, kind="stable")
    starts = np.flatnonzero(np.diff(run.guess[order], prepend=-np.inf))  # of equal scores
    drawn, true = weights[:, order], (run.true == run.positive)[order]
    positive = np.add.reduceat(drawn * true, starts, axis=1)
    negative = np.add.reduceat(drawn * ~true, starts, axis=1)
    positives, negatives = positive.sum(axis=1), negative.sum(axis=1)
    if name == "roc_auc":
        below = np.cumsum(negative, axis=1) - negative / 2  # ties count half
        return (positive * below).sum(axis=1) / (positives * negatives)
    positive, negative = positive[:, ::-1], negative[:, ::-1]
    found, told = np.cumsum(positive, axis=1), np.cumsum(positive + negative, axis=1)
    return (positive * (found / np.maximum(told, 1))).sum(axis=1) / positives


def _counted(name: str, run: _Run, weights: Floats) -> Floats:
    """Metrics of labels, from how often each was right, was true and was guessed in a draw."""
    import numpy as np

    def count(numbers: Floats, where: NDArray[np.bool_] | None = None) -> Floats:
        codes = numbers.astype(np.intp)
        among = weights if where is None else weights * where
        return np.stack([np.bincount(codes, line, run.labels) for line in among])

    right = count(run.true, run.true == run.guess)
    true, guess = count(run.true), count(run.guess)
    rows = true.sum(axis=1)
    hits = right.sum(axis=1)
    chance = (true * guess).sum(axis=1)
    match name:
        case "balanced_accuracy":
            return np.nanmean(right / true, axis=1)
        case "matthews_corrcoef":
            spread = (rows**2 - (true**2).sum(axis=1)) * (rows**2 - (guess**2).sum(axis=1))
            return np.where(spread > 0, (hits * rows - chance) / np.sqrt(spread), 0.0)
        case "cohen_kappa":
            return (hits * rows - chance) / (rows**2 - chance)
    family, _, average = name.partition("_")
    if average == "micro":
        right, true, guess = (part.sum(axis=1, keepdims=True) for part in (right, true, guess))
    of = {
        "f1": (true + guess) / 2, "precision": guess, "recall": true,
        "jaccard": true + guess - right,
    }[family]  # fmt: skip
    scores = np.where(of > 0, right / of, 0.0)
    if average == "weighted":
        return (scores * true).sum(axis=1) / rows
    if average == "macro":
        return scores.sum(axis=1) / (true + guess > 0).sum(axis=1)
    return scores[:, 0 if average else run.positive]
