"""How often a learning curve holds: `python -m tests.bench.curves [PROJECTS [DATA ...]]`.

Models that ship with scikit-learn learn data that ships with it. A project owns a part of the data
and measures its curve on five seeds, which redraw its split. Then twice as much is learned from, on
many splits of all the data: that is the truth. Each row prints how many of the projects' limits it
lies within, and, beside that, within how many intervals of a power law that continues to 0.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import scale
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from gitexp.rules.verdict import student_t
from gitexp.statistics.learning_curve import LearningCurve, measure_gain

Array = NDArray[Any]
Trainer = Callable[[int], Any]

SEEDS, SHARES = 5, (0.25, 0.5, 1.0)
TESTED = 0.25  # rows tested, per row learned from
TRUTHS = 60  # splits that the truth is the mean of
FLIPPED = 0.2  # share of labels drawn again in the flipped digits

CLASSIFIERS: dict[str, Trainer] = {
    "naive Bayes": lambda _: GaussianNB(),
    "logistic": lambda _: LogisticRegression(max_iter=60),
    "5 neighbours": lambda _: KNeighborsClassifier(5),
    "1 neighbour": lambda _: KNeighborsClassifier(1),
    "tree": lambda seed: DecisionTreeClassifier(random_state=seed),
    "SVC": lambda _: SVC(),
    "forest": lambda seed: RandomForestClassifier(10, random_state=seed),
}
REGRESSORS: dict[str, Trainer] = {
    "ridge": lambda _: Ridge(0.1),
    "tree": lambda seed: DecisionTreeRegressor(max_depth=4, random_state=seed),
}


def tables() -> dict[str, tuple[Array, Array, dict[str, Trainer]]]:
    """Data by name, with the models that learn it."""
    found = {}
    for name in ("iris", "wine", "breast_cancer", "digits", "diabetes"):
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        found[name] = scale(x), y, REGRESSORS if name == "diabetes" else CLASSIFIERS
    x, y, _ = found["digits"]
    rng = np.random.default_rng(1)
    noisy = np.where(rng.random(len(y)) < FLIPPED, rng.integers(0, 10, len(y)), y)
    found["flipped digits"] = x, noisy, CLASSIFIERS
    return found


def learned(trainer: Trainer, seed: int, x: Array, y: Array, train: Array, test: Array) -> float:
    """Score of a model on the rows `test` that has learned from the rows `train`."""
    return float(trainer(seed).fit(x[train], y[train]).score(x[test], y[test]))


def true_gain(trainer: Trainer, x: Array, y: Array, rows: int) -> float:
    """What twice as many rows bring, on the mean of many splits."""
    gains = []
    for seed in range(TRUTHS):
        order = np.random.default_rng([seed, 1]).permutation(len(y))
        test = order[2 * rows :]
        twice, once = (
            learned(trainer, seed, x, y, order[:many], test) for many in (2 * rows, rows)
        )
        gains.append(twice - once)
    return float(np.mean(gains))


def project_curve(
    trainer: Trainer, x: Array, y: Array, rows: int, number: int
) -> dict[float, list[float]]:
    """Scores by share of one project's data, as `gitexp gaps --curve` measures them."""
    own = np.random.default_rng([number, 2]).permutation(len(y))[: round(rows * (1 + TESTED))]
    points: dict[float, list[float]] = {share: [] for share in SHARES}
    for seed in range(SEEDS):
        order = np.random.default_rng([number, seed, 3]).permutation(own)
        for share in SHARES:
            train = order[: int(rows * share)]
            points[share].append(learned(trainer, seed, x, y, train, order[rows:]))
    return points


def power_law(points: dict[float, list[float]]) -> tuple[float, float] | None:
    """95 % interval of the next doubling's gain, if errors fall to 0 by a power of the data."""
    losses = 1 - np.array([points[share] for share in SHARES])
    if losses.min() <= 0:
        return None

    def gain(table: Array) -> float:
        slope, height = np.polyfit(np.log(SHARES), np.log(table.mean(axis=1)), 1)
        return float(np.exp(height) * (1 - 2.0**slope))

    rng = np.random.default_rng(0)
    drawn = [gain(losses[:, rng.integers(0, SEEDS, SEEDS)]) for _ in range(200)]
    error = float(np.std(drawn)) * np.sqrt(SEEDS / (SEEDS - 1) * (1 + SEEDS * TESTED))
    reach = -student_t.ppf(0.025, SEEDS - 1) * error
    return gain(losses) - reach, gain(losses) + reach


def main(projects: int, wanted: Sequence[str]) -> None:
    """Print a row for each model on the data that is wanted, by default all, and the sum."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    within, asked = 0, 0
    for data, (x, y, trainers) in tables().items():
        if wanted and data not in wanted:
            continue
        rows = int(0.4 * len(y))
        for name, trainer in trainers.items():
            true = true_gain(trainer, x, y, rows)
            points = [project_curve(trainer, x, y, rows, number) for number in range(projects)]
            curves = [measure_gain(one, widening=TESTED) for one in points]
            told = [curve for curve in curves if curve is not None]
            held = sum(_holds(curve, true) for curve in told)
            laws = [law for one in points if (law := power_law(one)) is not None]
            lawful = sum(low <= true <= high for low, high in laws)
            rising = sum(curve.within[0] > 0 for curve in told)
            last = np.mean([curve.gain for curve in told])
            print(
                f"{data + ', ' + name:38} last {last:+.4f} next {true:+.4f}  holds {held} of"
                f" {len(told)}  power law {lawful} of {len(laws)}  said to rise {rising}",
                flush=True,
            )
            within, asked = within + held, asked + len(told)
    print(f"in all {within} of {asked}")


def _holds(curve: LearningCurve, true: float) -> bool:
    low, high = curve.interval
    return low <= true <= high


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 30, sys.argv[2:])
