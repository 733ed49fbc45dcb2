"""Finds the gaps in saved predictions, with scikit-learn; loads late and nowhere else.

Rows of several seeds are pooled. A row that was tested in more than one of them is no new evidence,
so whatever is tested counts distinct examples.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import confusion_matrix
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from gitexp.rules.gaps import Gap, holm, wilson
from gitexp.rules.outcomes import PREDICTED, SCORE, TRUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gitexp.rules.outcomes import Outcomes

_SURE = 0.05  # familywise error of what is claimed
_FEWEST = 3  # errors, before they are a pattern
_MOST_LABELS = 200
_REGRESSION = 20  # distinct numbers, beyond which a target is a quantity
_DEPTH = 3
_MOST_CATEGORIES = 20
_FEWEST_ROWS = 40  # of predictions, before slices are looked for
_LEAF = 0.03  # share of rows in the smallest slice


@dataclass(frozen=True, slots=True)
class Findings:
    """What predictions tell: gaps, the dummy's score, calibration, and what was skipped and why."""

    task: str
    rows: int
    examples: int
    gaps: tuple[Gap, ...]
    dummy: float | None
    calibration: dict[str, Any] | None
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    ids: NDArray[np.str_]
    true: NDArray[Any]
    predicted: NDArray[Any]
    columns: Mapping[str, NDArray[np.str_]]

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def examples(self) -> int:
        return len(np.unique(self.ids))

    @property
    def worth(self) -> float:
        """Distinct examples a row: 1 where none comes twice."""
        return self.examples / self.count


def find(
    outcomes: Sequence[Outcomes], *, train: Sequence[float], score: float, metric: str
) -> Findings:
    """Find the gaps of a baseline from the outcomes of its runs.

    `train` are scores on the training data, as far as runs reported them, `score` the mean on the
    test data. Ceilings are in shares of rows, which is the unit of accuracy; of a quantity they
    are in the mean squared error's.

    Raises:
        ValueError: there is nothing to be learned, in plain words.
    """
    names = set.intersection(*(set(one.columns) for one in outcomes))
    texts = {
        name: np.array([text for one in outcomes for text in one.columns[name]])
        for name in sorted(names)
    }
    ids = np.array([name for one in outcomes for name in one.ids])
    if not len(ids):
        raise ValueError("the predictions hold no rows")
    more = {n: column for n, column in texts.items() if n not in {TRUE, PREDICTED}}
    true, predicted = texts[TRUE], texts[PREDICTED]
    numbers = _numbers(true), _numbers(predicted)
    skipped: list[str] = []
    if numbers[0] is not None and numbers[1] is not None and _is_quantity(numbers[0]):
        rows = _Rows(ids, numbers[0], numbers[1], more)
        gaps = _deciles(rows) + _slices(rows, (rows.predicted - rows.true) ** 2, skipped)
        dummy = DummyRegressor().fit(np.zeros((rows.count, 1)), rows.true)
        error = float(np.mean((dummy.predict(np.zeros((rows.count, 1))) - rows.true) ** 2))
        return Findings("regression", rows.count, rows.examples, tuple(gaps), error, None,
                        tuple(skipped))  # fmt: skip
    rows = _Rows(ids, _labels(true), _labels(predicted), more)
    labels = np.unique(rows.true)
    if len(labels) < 2:
        raise ValueError(f"every row has the label {labels[0]}: there is nothing to tell apart")
    gaps = _confusions(rows, skipped)
    wrong = (rows.true != rows.predicted).astype(float)
    gaps += _slices(rows, wrong, skipped)
    gaps += _suspects(rows, skipped)
    gaps += _whole(train, score, metric)
    dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((rows.count, 1)), rows.true)
    return Findings(
        "classification",
        rows.count,
        rows.examples,
        tuple(gaps),
        float(dummy.score(np.zeros((rows.count, 1)), rows.true)),
        _calibration(rows, skipped),
        tuple(skipped),
    )


def _numbers(texts: NDArray[np.str_]) -> NDArray[np.float64] | None:
    try:
        values = texts.astype(float)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _is_quantity(values: NDArray[np.float64]) -> bool:
    distinct = np.unique(values)
    return len(distinct) > _REGRESSION and (
        bool((distinct != np.round(distinct)).any()) or len(distinct) > _MOST_LABELS
    )


def _labels(texts: NDArray[np.str_]) -> NDArray[np.str_]:
    """Labels in one spelling: 3 and 3.0 are one, and so are True and true."""
    spelled = {}
    for text in np.unique(texts):
        plain = str(text).strip()
        try:
            value = float(plain)
            plain = str(int(value)) if value == int(value) else plain
        except (ValueError, OverflowError):
            plain = {"true": "True", "false": "False"}.get(plain.lower(), plain)
        spelled[str(text)] = plain
    return np.array([spelled[str(text)] for text in texts])


# --- labels -------------------------------------------------------------------------------------


def _confusions(rows: _Rows, skipped: list[str]) -> list[Gap]:
    """Pairs of labels that are taken for each other, and labels that are missed, beyond chance."""
    labels = np.unique(np.concatenate([rows.true, rows.predicted]))
    if len(labels) > _MOST_LABELS:
        skipped.append(f"confusions: {len(labels)} labels are too many to compare in pairs")
        return []
    matrix = confusion_matrix(rows.true, rows.predicted, labels=labels)
    sizes = matrix.sum(axis=1)
    errors = matrix.sum() - np.trace(matrix)
    if errors == 0:
        return []
    n, others = int(matrix.sum()), len(labels) - 1
    cells = [
        (a, b)
        for a in range(len(labels))
        for b in range(len(labels))
        if a != b and matrix[a, b] >= _FEWEST
    ]
    # Were errors spread evenly, each label would lose its share of them to each other label.
    expected = {(a, b): errors * sizes[a] / n / others for a, b in cells}
    p = [_excess(matrix[cell], expected[cell], n, rows.worth) for cell in cells]
    # All pairs were looked at, also those with too few errors to be listed.
    whole = len(labels) * others
    adjusted = holm([*p, *[1.0] * (whole - len(p))])[: len(p)]
    gaps = []
    covered: dict[int, float] = {}
    for (a, b), sure in zip(cells, adjusted, strict=True):
        count = int(matrix[a, b])
        if sure > _SURE:
            continue
        covered[a] = covered.get(a, 0.0) + count
        low, high = wilson(count * rows.worth, rows.examples)
        gaps.append(
            Gap(
                "confusion",
                f"{labels[a]} is taken for {labels[b]} in {count} of {errors} errors",
                count / n,
                (count - expected[a, b]) / n,
                (low, high),
                count,
                n,
                str(labels[a]),
                str(labels[b]),
            )
        )
    if others == 1:
        return gaps
    missed = [(a, int(sizes[a] - matrix[a, a])) for a in range(len(labels)) if sizes[a]]
    usual = [errors * sizes[a] / n for a, _ in missed]
    p = [_excess(k, e, n, rows.worth) for (_, k), e in zip(missed, usual, strict=True)]
    for (a, count), expectation, sure in zip(missed, usual, holm(p), strict=True):
        if sure > _SURE or count < _FEWEST or covered.get(a, 0.0) > count / 2:
            continue
        gaps.append(
            Gap(
                "class",
                f"{labels[a]} is missed in {count} of {sizes[a]} rows",
                count / n,
                (count - expectation) / n,
                wilson(count * rows.worth, rows.examples),
                count,
                int(sizes[a]),
                str(labels[a]),
            )
        )
    return gaps


def _excess(count: float, expected: float, n: int, worth: float) -> float:
    """One-sided p of so many errors or more, counting distinct examples."""
    return float(stats.binom.sf(math.ceil(count * worth) - 1, round(n * worth), expected / n))


def _suspects(rows: _Rows, skipped: list[str]) -> list[Gap]:
    """Errors among the surest predictions: labels that may be wrong themselves.

    A model is rarely wrong where it is sure, unless what it is held against is wrong at random.
    """
    sure = _confidence(rows)
    if sure is None:
        skipped.append("wrong labels: no probabilities were saved (y_score, or proba_LABEL)")
        return []
    wrong = rows.true != rows.predicted
    top = sure >= np.quantile(sure, 0.5)
    count, n = int((wrong & top).sum()), int(top.sum())
    if count < _FEWEST or float(sure[top].mean()) < 0.6:
        return []
    low, high = wilson(count * rows.worth, n * rows.worth)
    overall = float(wrong.mean())
    # Sure and unsure predictions err alike only where chance decides about the label.
    if low < 0.5 * overall:
        return []
    return [
        Gap(
            "labels",
            f"{count} of the {n} surest predictions are wrong, almost as many as of all:"
            " labels may be wrong",
            count / n,
            count / n,
            (low, high),
            count,
            n,
        )
    ]


def _confidence(rows: _Rows) -> NDArray[np.float64] | None:
    """Probability of the predicted label, where it was saved."""
    columns = {
        name.partition("_")[2]: _numbers(column)
        for name, column in rows.columns.items()
        if name.startswith(("proba_", "prob_", "p_"))
    }
    known = {label: values for label, values in columns.items() if values is not None}
    if known and set(np.unique(rows.predicted)) <= known.keys():
        return np.array([known[str(p)][i] for i, p in enumerate(rows.predicted)])
    score = _numbers(rows.columns[SCORE]) if SCORE in rows.columns else None
    labels = np.unique(rows.true)
    if score is None or len(labels) != 2 or score.min() < 0 or score.max() > 1:
        return None
    return np.where(rows.predicted == _positive(labels), score, 1 - score)


def _positive(labels: NDArray[np.str_]) -> str:
    return "1" if "1" in labels else "True" if "True" in labels else str(labels[-1])


def _calibration(rows: _Rows, skipped: list[str]) -> dict[str, Any] | None:
    score = _numbers(rows.columns[SCORE]) if SCORE in rows.columns else None
    labels = np.unique(rows.true)
    if score is None or len(labels) != 2 or score.min() < 0 or score.max() > 1:
        skipped.append("calibration: no probability between 0 and 1 for two labels (y_score)")
        return None
    truth = rows.true == _positive(labels)
    seen, stated = calibration_curve(truth, score, n_bins=10, strategy="quantile")
    return {
        "error": float(np.mean(np.abs(seen - stated))),
        "bins": [{"stated": float(s), "seen": float(t)} for s, t in zip(stated, seen, strict=True)],
    }


def _whole(train: Sequence[float], score: float, metric: str) -> list[Gap]:
    """What training itself leaves, and what is lost from training to test."""
    if not train or not 0 <= score <= 1 or not all(0 <= value <= 1 for value in train):
        return []
    mean = float(np.mean(train))
    gaps = []
    if mean - score > 0:
        gaps.append(
            Gap(
                "variance",
                f"{metric} falls from {mean:.4g} in training to {score:.4g}: the model overfits",
                mean - score,
                mean - score,
                (mean - score, mean - score),
            )
        )
    if 1 - mean > 0:
        gaps.append(
            Gap(
                "bias",
                f"{metric} is only {mean:.4g} in training: the model underfits",
                1 - mean,
                1 - mean,
                (1 - mean, 1 - mean),
            )
        )
    return gaps


# --- quantities ---------------------------------------------------------------------------------


def _deciles(rows: _Rows) -> list[Gap]:
    """Range of the target in which squared errors are larger than elsewhere."""
    errors = (rows.predicted - rows.true) ** 2
    edges = np.unique(np.quantile(rows.true, np.linspace(0, 1, 11)))
    if len(edges) < 3:
        return []
    which = np.clip(np.searchsorted(edges, rows.true, side="right") - 1, 0, len(edges) - 2)
    p, inside = [], []
    for place in range(len(edges) - 1):
        mine = which == place
        inside.append(mine)
        p.append(_larger(errors[mine], errors[~mine], rows.worth))
    gaps = []
    for place, sure in enumerate(holm(p)):
        mine = inside[place]
        if sure > _SURE or mine.sum() < _FEWEST:
            continue
        share, rest = float(mine.mean()), float(errors[~mine].mean())
        ceiling = share * float(errors[mine].mean())
        low, high = _mean_interval(errors[mine], rows.worth)
        gaps.append(
            Gap(
                "decile",
                f"targets from {edges[place]:.4g} to {edges[place + 1]:.4g} have a mean squared"
                f" error of {errors[mine].mean():.4g}, the others of {rest:.4g}",
                ceiling,
                ceiling - share * rest,
                (share * low, share * high),
                int(mine.sum()),
                rows.count,
                where=f"{edges[place]:.4g} <= y_true <= {edges[place + 1]:.4g}",
            )
        )
    return gaps


def _larger(inside: NDArray[np.float64], outside: NDArray[np.float64], worth: float) -> float:
    """One-sided p of Welch's test that losses are larger inside, counting distinct examples."""
    n, m = len(inside) * worth, len(outside) * worth
    if n < 2 or m < 2:
        return 1.0
    parts = inside.var(ddof=1) / n, outside.var(ddof=1) / m
    error = math.sqrt(sum(parts))
    if not error:
        return 0.0 if inside.mean() > outside.mean() else 1.0
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (n - 1) + parts[1] ** 2 / (m - 1))
    return float(stats.t.sf((inside.mean() - outside.mean()) / error, max(freedom, 1)))


def _mean_interval(losses: NDArray[np.float64], worth: float) -> tuple[float, float]:
    n = len(losses) * worth
    reach = 1.96 * float(losses.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    return max(0.0, float(losses.mean()) - reach), float(losses.mean()) + reach


# --- slices -------------------------------------------------------------------------------------


def _slices(rows: _Rows, losses: NDArray[np.float64], skipped: list[str]) -> list[Gap]:
    """Parts of the feature space with larger losses: found on one half, told from the other.

    A tree of this depth finds a slice in pure noise every third time; on the half that did not
    choose it every ninth; with Holm over its nodes, at the rate that is claimed.
    """
    features, names = _features(rows)
    if not names:
        skipped.append("slices: no features were saved beside the predictions")
        return []
    half = np.array([hashlib.sha256(str(name).encode()).digest()[0] < 128 for name in rows.ids])
    if min(half.sum(), (~half).sum()) < _FEWEST_ROWS:
        skipped.append(f"slices: {rows.count} rows are too few to be halved")
        return []
    leaf = max(10, int(_LEAF * half.sum()))
    kind = DecisionTreeClassifier if set(np.unique(losses)) <= {0.0, 1.0} else DecisionTreeRegressor
    tree = kind(max_depth=_DEPTH, min_samples_leaf=leaf, random_state=0)
    tree.fit(features[half], losses[half])
    told = losses[~half]
    # Rows of the other half by the nodes that they pass; the root holds all and is no slice.
    passed = tree.decision_path(features[~half]).toarray().astype(bool)
    nodes = [n for n in range(1, passed.shape[1]) if _FEWEST <= passed[:, n].sum() < len(told)]
    p = [_larger(told[passed[:, n]], told[~passed[:, n]], rows.worth) for n in nodes]
    found = []
    for node, sure in zip(nodes, holm(p), strict=True):
        mine = passed[:, node]
        inside, rest = float(told[mine].mean()), float(told[~mine].mean())
        if sure > _SURE or inside <= rest:
            continue
        share = float(mine.mean())
        low, high = _mean_interval(told[mine], rows.worth)
        path = _path(tree, node, names)
        gap = Gap(
            "slice",
            f"where {path}, the error is {inside:.3g} and elsewhere {rest:.3g}",
            share * inside,
            share * (inside - rest),
            (share * low, share * high),
            int(mine.sum()),
            len(told),
            where=path,
        )
        found.append((gap, mine))
    chosen: list[tuple[Gap, NDArray[np.bool_]]] = []
    for gap, mine in sorted(found, key=lambda one: -one[0].recoverable):
        # A node and what lies below it are the same rows.
        if not any((mine & other).any() for _, other in chosen):
            chosen.append((gap, mine))
    return [gap for gap, _ in chosen]


def _features(rows: _Rows) -> tuple[NDArray[np.float64], list[str]]:
    """Saved columns as numbers; a category with few values becomes a column for each."""
    columns, names = [], []
    for name, texts in rows.columns.items():
        if name == SCORE or name.startswith(("proba_", "prob_", "p_")):
            continue
        numbers = _numbers(texts)
        if numbers is not None:
            columns.append(numbers)
            names.append(name)
            continue
        values = np.unique(texts)
        for value in values if len(values) <= _MOST_CATEGORIES else ():
            columns.append((texts == value).astype(float))
            names.append(f"{name} = {value}")
    return (np.column_stack(columns) if columns else np.zeros((rows.count, 0))), names


def _path(tree: Any, node: int, names: Sequence[str]) -> str:  # noqa: ANN401 - either tree
    """Conditions from the root to a node, in words."""
    structure = tree.tree_
    parents: dict[int, tuple[int, bool]] = {}
    for above in range(structure.node_count):
        if structure.children_left[above] != structure.children_right[above]:
            parents[int(structure.children_left[above])] = (above, True)
            parents[int(structure.children_right[above])] = (above, False)
    conditions: dict[tuple[str, bool], str] = {}
    while node in parents:
        node, below = parents[node]
        name = names[structure.feature[node]]
        if " = " in name:
            said = name.replace(" = ", " is not " if below else " is ")
        else:
            said = f"{name} {'<=' if below else '>'} {float(structure.threshold[node]):.4g}"
        # Of two conditions on one side the one nearest to the node is the narrower.
        conditions.setdefault((name, below), said)
    return " and ".join([*conditions.values()][::-1])
