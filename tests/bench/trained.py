"""Trainings of real scikit-learn models whose true difference is known, kept for many simulations.

Two kinds of truth. On data that ships with scikit-learn, both arms are one trainer with its columns
in two orders and its seeds apart: nobody can tell which is which. On generated data every block of
columns carries the same information about the classes, so models that see one block each are as
good as one another, though on any set of test rows one of them looks better.
"""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import scale
from sklearn.tree import ExtraTreeClassifier

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Rows = NDArray[np.int32]

APART = 100_000  # between the seeds of two arms that must have nothing in common
TEST = 0.2  # share of rows tested, so that n_test / n_train is 0.25
WIDENING = TEST / (1 - TEST)

# Every seed moves every example: by bootstrap and columns, by the order of rows, by first weights.
SHIPPED: dict[str, tuple[Callable[..., Any], Callable[[int], Any]]] = {
    "digits, forest": (datasets.load_digits, lambda s: RandomForestClassifier(5, random_state=s)),
    "breast cancer, SGD": (
        datasets.load_breast_cancer,
        lambda s: SGDClassifier(loss="log_loss", max_iter=3, tol=None, random_state=s),
    ),
    "wine, MLP": (
        datasets.load_wine,
        lambda s: MLPClassifier((8,), max_iter=20, learning_rate_init=0.01, random_state=s),
    ),
}
# In the order of how far a seed moves them: hardly, about as far as other test rows would, further.
GENERATED: dict[str, Callable[[int], Any]] = {
    "SGD": lambda s: SGDClassifier(
        loss="log_loss", alpha=0.01, max_iter=5, tol=None, random_state=s
    ),
    "forest": lambda s: RandomForestClassifier(5, max_depth=4, random_state=s),
    "random tree": lambda s: ExtraTreeClassifier(max_depth=5, random_state=s),
    "naive Bayes": lambda _: GaussianNB(),  # deterministic
}
_COLUMNS, _SHIFT = 5, 0.35  # of a block; half the distance between the classes in each column

KEPT = "GITEXP_BENCH_TRAININGS"  # variable that names the folder, the same one for all processes

P = ParamSpec("P")
T = TypeVar("T")


def remember(train: Callable[P, T]) -> Callable[P, T]:
    """Train once for all rows and processes."""

    @functools.wraps(train)
    def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
        found: T = joblib.Memory(os.environ[KEPT], verbose=0).cache(train)(*args, **kwargs)
        return found

    return remembered


@dataclass(frozen=True, slots=True)
class Pool:
    """Trainings by seed and arm, the baseline's first.

    `score` is accuracy and `loss` the logarithmic one, [seeds, 2]; `predicted` is
    [seeds, 2, rows tested], `true` and `ids` are [seeds, rows tested].
    """

    score: Floats
    loss: Floats
    predicted: Labels
    true: Labels
    ids: Rows


@remember
def shipped(name: str, *, redrawn: bool, part: int, seeds: int) -> Pool:
    """Train both arms on data that ships with scikit-learn, by seeds that no other part has."""
    load, trainer = SHIPPED[name]
    x, y = load(return_X_y=True)
    x = scale(x)
    order = np.random.default_rng(0).permutation(x.shape[1])
    runs = []
    for seed in range(part * seeds, (part + 1) * seeds):
        split = seed if redrawn else 0
        train, test = train_test_split(np.arange(len(y)), test_size=TEST, random_state=split)
        for columns, state in ((slice(None), seed), (order, seed + APART)):
            model = _fitted(trainer(state), x[train][:, columns], y[train])
            chances = model.predict_proba(x[test][:, columns])
            told = chances.argmax(axis=1)
            # Never infinite: a forest of five trees is often sure and wrong.
            of_truth = np.maximum(chances[np.arange(len(test)), y[test]], 1e-6)
            runs.append((np.mean(told == y[test]), -np.log(of_truth).mean(), told, y[test], test))
    score, loss, told, true, ids = (np.array(column) for column in zip(*runs, strict=True))
    return Pool(
        score.reshape(seeds, 2),
        loss.reshape(seeds, 2),
        told.reshape(seeds, 2, -1).astype(np.int8),
        true[::2].astype(np.int8),
        ids[::2].astype(np.int32),
    )


@remember
def twins(
    trainer: str, *, part: int, seeds: int, train: int, rows: int, blocks: int = 2
) -> tuple[Labels, Labels]:
    """Train each arm on one training set and predict a huge sample: [seeds, arms, rows], [rows].

    An arm sees one block of columns alone.
    """
    x, y = _drawn(np.random.default_rng([part, 1]), train + rows, blocks)
    predicted = np.empty((seeds, blocks, rows), np.int8)
    for seed in range(seeds):
        for arm in range(blocks):
            model = _fitted(GENERATED[trainer](seed + arm * APART), x[arm, :train], y[:train])
            predicted[seed, arm] = model.predict(x[arm, train:])
    return predicted, y[train:]


@remember
def redrawn(
    trainer: str, *, part: int, sets: int, rows: int, seeds: int, blocks: int = 2
) -> list[Pool]:
    """Train each arm on splits of data sets of their own; a seed has one split for all arms."""
    pools = []
    for number in range(sets):
        rng = np.random.default_rng([part, number, 2])
        x, y = _drawn(rng, rows, blocks)
        tested = round(TEST * rows)
        predicted = np.empty((seeds, blocks, tested), np.int8)
        ids = np.empty((seeds, tested), np.int32)
        for seed in range(seeds):
            mixed = rng.permutation(rows)
            train, ids[seed] = mixed[tested:], mixed[:tested]
            for arm in range(blocks):
                model = _fitted(
                    GENERATED[trainer](int(rng.integers(APART))), x[arm, train], y[train]
                )
                predicted[seed, arm] = model.predict(x[arm, ids[seed]])
        true = y[ids]
        score = (predicted == true[:, None]).mean(axis=2)
        pools.append(Pool(score, np.full_like(score, np.nan), predicted, true, ids))
    return pools


def _fitted(model: Any, x: Floats, y: NDArray[Any]) -> Any:  # noqa: ANN401 - of scikit-learn
    with warnings.catch_warnings():
        # A few epochs do: what is judged is the difference, not the model.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, y)


def _drawn(rng: np.random.Generator, rows: int, blocks: int) -> tuple[Floats, Labels]:
    """Rows [blocks, rows, columns] and their classes."""
    y = rng.integers(0, 2, rows).astype(np.int8)
    x = rng.normal(size=(blocks, rows, _COLUMNS)) + _SHIFT * (2.0 * y - 1)[:, None]
    return x, y
