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
from sklearn.metrics import confusion_matrix
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from gitexp.rules.documents.known_metrics import find_metric
from gitexp.rules.documents.outcomes import PREDICTED, SCORE, TRUE
from gitexp.rules.plan.gaps import Gap, holm, label, wilson
from gitexp.rules.verdict import student_t
from gitexp.statistics.yardstick import Yardstick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gitexp.rules.documents.outcomes import Outcomes

_SURE = 0.05  # familywise error of what is claimed
_FEWEST = 3  # errors, before they are a pattern
_MOST_LABELS = 200
_REGRESSION = 20  # distinct numbers, beyond which a target is a quantity
_DEPTH = 3
_MOST_CATEGORIES = 20
_FEWEST_ROWS = 40  # of predictions, before slices are looked for
_LEAF = 0.03  # share of rows in the smallest slice
_DEALS = 200  # of the errors; they tell the usual error of a tenth to 7 % of its spread
_PERMUTATIONS = 999  # of losses among slices: fine enough for Holm over all nodes of a tree
_MOST_PERMUTED = 20_000  # examples
_CLOSE = 0.005  # relative; a script's own number may be rounded


@dataclass(frozen=True, slots=True)
class Findings:
    """What predictions tell: gaps, the dummy's score, calibration, and what was skipped and why.

    Ceilings and `dummy` are in the `unit`: the project's metric, or what stands in for it where
    these predictions do not give it.
    """

    task: str
    unit: str
    rows: int
    examples: int
    gaps: tuple[Gap, ...]
    dummy: float
    calibration: dict[str, Any] | None
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    ids: NDArray[np.str_]
    true: NDArray[Any]
    predicted: NDArray[Any]
    columns: Mapping[str, Sequence[str]]
    stick: Yardstick
    examples: int
    unit: str  # of ceilings, as a gap names it

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def worth(self) -> float:
        """Distinct examples a row: 1 where none comes twice."""
        return self.examples / self.count

    def gap(
        self,
        kind: str,
        said: str,
        mine: NDArray[np.bool_],
        usual: float,
        *,
        among: NDArray[np.bool_] | None = None,
        **more: Any,  # noqa: ANN401 - what the gap is about
    ) -> Gap:
        """A gap of these rows, whose loss would be the share `usual` of what it is elsewhere."""
        if self.stick.shares and among is None:
            count = float((mine & (self.true != self.predicted)).sum())
            ceiling, between = count / self.count, wilson(count * self.worth, self.examples)
        else:
            ceiling, between = self.stick.ceiling(mine, among)
        return Gap(kind, said, ceiling, ceiling * (1 - usual), between, unit=self.unit, **more)


def find(
    outcomes: Sequence[Outcomes],
    *,
    train: Sequence[float],
    scores: Sequence[float],
    metric: str,
    higher_is_better: bool = True,
) -> Findings:
    """Find the gaps of a baseline from the outcomes of its runs.

    `scores` are those on the test data, a run each; `train` those of the same runs on their
    training data, empty unless all reported one. Ceilings are in the metric's own unit where the
    predictions give it, and otherwise in accuracy or in the mean squared error.

    Raises:
        ValueError: there is nothing to be learned, in plain words.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows has no value, and says so
        return _find(outcomes, train, scores, metric, higher_is_better=higher_is_better)


def _find(
    outcomes: Sequence[Outcomes],
    train: Sequence[float],
    scores: Sequence[float],
    metric: str,
    *,
    higher_is_better: bool,
) -> Findings:
    ids = np.array([name for one in outcomes for name in one.ids])
    if not len(ids):
        raise ValueError("the predictions hold no rows")
    every = {name: None for one in outcomes for name in one.columns}
    shared = [name for name in every if all(name in one.columns for one in outcomes)]
    texts = {name: [text for one in outcomes for text in one.columns[name]] for name in shared}
    skipped: list[str] = []
    if lost := [name for name in every if name not in texts]:
        skipped.append(f"columns that not every run saved: {', '.join(lost[:5])}")
    more = {n: column for n, column in texts.items() if n not in {TRUE, PREDICTED}}
    true, predicted = np.array(texts[TRUE]), np.array(texts[PREDICTED])
    numbers = _numbers(true), _numbers(predicted)
    quantity = _is_quantity(metric, *numbers)
    if not quantity:
        numbers = None, None
        true, predicted = _labels(true), _labels(predicted)
        if len(labels := np.unique(true)) < 2:
            raise ValueError(
                f"every row has the label {label(labels[0])}: there is nothing to tell apart"
            )
    stick, unit = _stick(metric, outcomes, scores, quantity=quantity, skipped=skipped)
    rows = _Rows(
        ids,
        true if numbers[0] is None else numbers[0],
        predicted if numbers[1] is None else numbers[1],
        more,
        stick,
        len({*ids.tolist()}),
        "" if unit == metric else unit,
    )
    what, losses = stick.losses()
    if quantity:
        gaps = _deciles(rows)
    elif stick.ranks:
        skipped.append(f"confusions: {metric} ranks rows, and takes no label for another")
        gaps = []
    else:
        gaps = _confusions(rows, skipped)
    gaps += _slices(rows, what, losses, skipped)
    if not quantity and not stick.ranks:
        gaps += _suspects(rows, skipped)
    if not train:
        skipped.append(f"bias or variance: runs reported no train_{metric}")
    elif whole := _whole(
        train, scores, metric, stick, own=unit == metric, higher_is_better=higher_is_better
    ):
        gaps += whole
    return Findings(
        "regression" if quantity else "ranking" if stick.ranks else "classification",
        unit,
        rows.count,
        rows.examples,
        tuple(gaps),
        stick.constant(),
        None if quantity else _calibration(rows, skipped),
        tuple(skipped),
    )  # fmt: skip


def _stick(
    metric: str,
    outcomes: Sequence[Outcomes],
    scores: Sequence[float],
    *,
    quantity: bool,
    skipped: list[str],
) -> tuple[Yardstick, str]:
    """What rows are measured with, and its name: the metric, if these predictions give it."""
    otherwise = "mean_squared_error" if quantity else "accuracy"
    try:
        stick = Yardstick(metric, outcomes)
        score = float(np.mean(scores))
        # What was cut to the rows that fit into a note gives its numbers but roughly.
        if not all(one.complete for one in outcomes) or abs(stick.value - score) <= _CLOSE * max(
            abs(score), 1e-9
        ):
            return stick, metric
        why = f"{metric} is {score:.4g} by the script and {stick.value:.4g} by its predictions"
    except ValueError as error:
        why = str(error)
    unit = f"{otherwise.replace('_', ' ')} of the predictions"
    skipped.append(f"ceilings in {metric}: {why}; they are in {unit}")
    return Yardstick(otherwise, outcomes), unit


def _numbers(
    texts: Sequence[str] | NDArray[np.str_], *, missing: bool = False
) -> NDArray[np.float64] | None:
    """A column as numbers, None if it is none; `missing` cells become nan, if not all are."""
    try:
        values = np.array([float(text) if text or not missing else math.nan for text in texts])
    except ValueError:
        return None
    finite = np.isfinite(values)
    if missing and finite.any():
        return np.where(finite, values, np.nan)
    return values if finite.all() else None


def _is_quantity(
    metric: str, true: NDArray[np.float64] | None, predicted: NDArray[np.float64] | None
) -> bool:
    """Whether a target is a quantity: by the metric where it is known, else by its numbers."""
    if true is None or predicted is None:
        return False
    known = find_metric(metric)
    if known is not None:
        return known.of_quantities
    distinct = np.unique(np.concatenate([true, predicted]))
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
        mine = (rows.true == labels[a]) & (rows.predicted == labels[b])
        gaps.append(
            rows.gap(
                "confusion",
                f"{label(labels[a])} is taken for {label(labels[b])} in {count} of {errors} errors",
                mine,
                min(expected[a, b] / count, 1.0),
                count=count,
                rows=n,
                true=str(labels[a]),
                predicted=str(labels[b]),
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
            rows.gap(
                "class",
                f"{label(labels[a])} is missed in {count} of {sizes[a]} rows",
                rows.true == labels[a],
                min(expectation / count, 1.0),
                count=count,
                rows=int(sizes[a]),
                true=str(labels[a]),
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
    if wrong.mean() >= 1 - np.unique(rows.true, return_counts=True)[1].max() / rows.count:
        skipped.append("wrong labels: the model is no better than always the same answer")
        return []
    top = sure >= np.quantile(sure, 0.5)
    count, n = int((wrong & top).sum()), int(top.sum())
    if count < _FEWEST or float(sure[top].mean()) < 0.6:
        return []
    low, _ = wilson(count * rows.worth, n * rows.worth)
    overall = float(wrong.mean())
    # Sure and unsure predictions err alike only where chance decides about the label.
    if low < 0.5 * overall:
        return []
    # Chance spares the unsure ones no more: of all rows the same share has a wrong label.
    share = min(1.0, count / n / overall)
    whole = rows.gap("labels", "", wrong, 0.0)
    return [
        Gap(
            "labels",
            f"{count} of the {n} surest predictions are wrong, almost as many as of all:"
            " labels may be wrong",
            share * whole.ceiling,
            share * whole.ceiling,
            (share * whole.interval[0], share * whole.interval[1]),
            count,
            n,
            unit=rows.unit,
        )
    ]


def _confidence(rows: _Rows) -> NDArray[np.float64] | None:
    """Probability of the predicted label, where it was saved."""
    names = _probabilities(rows)
    columns = {label: _numbers(rows.columns[name]) for name, label in names.items()}
    known = {label: values for label, values in columns.items() if values is not None}
    if known and set(np.unique(rows.predicted)) <= known.keys():
        return np.array([known[str(p)][i] for i, p in enumerate(rows.predicted)])
    score = _numbers(rows.columns[SCORE]) if SCORE in rows.columns else None
    labels = np.unique(rows.true)
    if score is None or len(labels) != 2 or score.min() < 0 or score.max() > 1:
        return None
    return np.where(rows.predicted == _positive(labels), score, 1 - score)


def _probabilities(rows: _Rows) -> dict[str, str]:
    """Columns that hold the probability of a label, with that label; p_value is none."""
    labels = {*map(str, np.unique(rows.true)), *map(str, np.unique(rows.predicted))}
    split = ((name, name.partition("_")) for name in rows.columns)
    return {
        name: label
        for name, (head, _, label) in split
        if head in {"proba", "prob", "p"} and label in labels
    }


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


def _whole(
    train: Sequence[float],
    scores: Sequence[float],
    metric: str,
    stick: Yardstick,
    *,
    own: bool,
    higher_is_better: bool,
) -> list[Gap]:
    """What training itself leaves, and what is lost from training to test, over the runs."""
    sign = 1 if higher_is_better else -1
    mean, score = float(np.mean(train)), float(np.mean(scores))
    lost = [sign * (a - b) for a, b in zip(train, scores, strict=True)]
    gaps = []
    low, high = _interval_of_runs(lost)
    if np.mean(lost) > 0 and low > 0:
        moves = "falls" if higher_is_better else "rises"
        gaps.append(
            Gap(
                "variance",
                f"{metric} {moves} from {mean:.4g} in training to {score:.4g} on test rows"
                " (it overfits, or has too little data)",
                float(np.mean(lost)),
                float(np.mean(lost)),
                (low, high),
            )
        )
    if own:
        best = stick.best
    elif min(every := [*train, *scores]) >= 0 and (not higher_is_better or max(every) <= 1):
        best = 1.0 if higher_is_better else 0.0
    else:
        return gaps  # nobody knows what would be perfect
    kept = "only" if higher_is_better else "still"
    left = [sign * (best - value) for value in train]
    ceiling = float(np.mean(left))
    if ceiling > 0:
        # Of a quantity, noise that no model fits looks like underfitting: nothing to rank it by.
        why = "noisy targets" if stick.quantity else "wrong labels"
        gaps.append(
            Gap(
                "bias",
                f"{metric} is {kept} {mean:.4g} in training (it underfits, or {why})",
                ceiling,
                0.0 if stick.quantity else ceiling,
                _interval_of_runs(left),
            )
        )
    return gaps


def _interval_of_runs(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of a mean over runs by Student's t; of fewer than 2 the value itself."""
    n, mean = len(values), float(np.mean(values))
    reach = -student_t.ppf(0.025, n - 1) * float(np.std(values, ddof=1)) / n**0.5 if n > 1 else 0.0
    return max(0.0, mean - reach), max(0.0, mean + reach)


# --- quantities ---------------------------------------------------------------------------------


def _deciles(rows: _Rows) -> list[Gap]:
    """Tenths of the target in which errors are larger than errors that fall anywhere would be.

    Whoever picks rows by a noisy target picks its noise: the outer tenths look worse under the best
    of models. So each is held against the same predictions with their errors dealt anew.
    """
    absolute = "absolute" in rows.stick.metric.name
    what = "mean absolute error" if absolute else "mean squared error"
    _, example = np.unique(rows.ids, return_inverse=True)
    times = np.bincount(example)
    # One row for each distinct example: what comes twice is no new evidence.
    true, predicted = (
        np.bincount(example, values) / times for values in (rows.true, rows.predicted)
    )
    edges = np.unique(np.quantile(true, np.linspace(0, 1, 11)))
    tenths = len(edges) - 1
    if tenths < 2 or len(true) < _FEWEST_ROWS:
        return []

    def means(targets: NDArray[np.float64], borders: NDArray[np.float64]) -> NDArray[np.float64]:
        errors = abs(targets - predicted) if absolute else (targets - predicted) ** 2
        which = np.clip(np.searchsorted(borders, targets, side="right") - 1, 0, tenths - 1)
        return np.bincount(which, errors, tenths) / np.maximum(np.bincount(which, None, tenths), 1)

    rng = np.random.default_rng(0)
    quantiles = np.linspace(0, 1, tenths + 1)
    dealt = []
    for _ in range(_DEALS):
        targets = predicted + rng.permutation(true - predicted)
        dealt.append(means(targets, np.quantile(targets, quantiles)))
    usual, spread = np.mean(dealt, axis=0), np.std(dealt, axis=0, ddof=1)
    found = means(true, edges)
    p = stats.norm.sf((found - usual) / np.maximum(spread, 1e-300))
    gaps = []
    for place, sure in enumerate(holm([float(one) for one in p])):
        low, high = edges[place], edges[place + 1]
        mine = (rows.true >= low) & ((rows.true < high) | (place == tenths - 1))
        if sure > _SURE or mine.sum() < _FEWEST:
            continue
        gaps.append(
            rows.gap(
                "decile",
                f"the {what} is {found[place]:.4g} for targets from {low:.4g} to {high:.4g}, where"
                f" chance would give {usual[place]:.4g}",
                mine,
                float(usual[place] / found[place]),
                count=int(mine.sum()),
                rows=rows.count,
                where=f"{low:.4g} <= y_true <= {high:.4g}",
            )
        )
    return gaps


# --- slices -------------------------------------------------------------------------------------


def _slices(rows: _Rows, what: str, losses: NDArray[np.float64], skipped: list[str]) -> list[Gap]:
    """Parts of the feature space with larger losses: found on one half, told from the other.

    A tree of this depth finds a slice in pure noise every third time; on the half that did not
    choose it every ninth; with Holm over its nodes, at the rate that is claimed.
    """
    features, names = _features(rows, skipped)
    if not names:
        skipped.append("slices: no features were saved beside the predictions")
        return []
    # Another hash than the one by which very many rows are cut to those that are kept.
    half = np.array([hashlib.blake2b(str(name).encode()).digest()[0] < 128 for name in rows.ids])
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
    p = _by_chance(rows.ids[~half], told, passed[:, nodes]) if nodes else []
    found: list[tuple[float, int, NDArray[np.bool_], float, float]] = []
    for node, sure in zip(nodes, holm(p), strict=True):
        mine = passed[:, node]
        inside, rest = float(told[mine].mean()), float(told[~mine].mean())
        if sure > _SURE or inside <= rest:
            continue
        found.append((rest / inside, node, mine, inside, rest))
    gaps: list[Gap] = []
    taken = np.zeros(len(told), bool)
    # A node and what lies below it are the same rows: the one with more beyond the usual counts.
    for usual, node, mine, inside, rest in sorted(
        found, key=lambda one: -one[2].sum() * (one[3] - one[4])
    ):
        if (mine & taken).any():
            continue
        taken |= mine
        path = _path(tree, node, names)
        whole = np.zeros(rows.count, bool)
        whole[np.flatnonzero(~half)[mine]] = True
        said = f"the {what} is {inside:.3g} where {path}, and {rest:.3g} elsewhere"
        gaps.append(
            rows.gap("slice", said, whole, usual, among=~half, count=int(mine.sum()),
                     rows=len(told), where=path)
        )  # fmt: skip
    return gaps


def _by_chance(
    ids: NDArray[np.str_], losses: NDArray[np.float64], inside: NDArray[np.bool_]
) -> list[float]:
    """P of so large a mean loss in each column's rows, were losses dealt to examples at random.

    Losses are too skewed, and slices too small, for a test that takes means as normal. What comes
    in several runs is one example with its mean loss.
    """
    _, first, example = np.unique(ids, return_index=True, return_inverse=True)
    loss = np.bincount(example, losses) / np.bincount(example)
    rng = np.random.default_rng(0)
    # More examples than that would take a minute, and tell hardly more.
    kept = rng.permutation(len(loss))[:_MOST_PERMUTED]
    loss, members = loss[kept], inside[first][kept].astype(float)
    seen = loss @ members
    above = np.ones(members.shape[1])
    for _ in range(_PERMUTATIONS):
        above += rng.permutation(loss) @ members >= seen - 1e-12
    return [float(count) for count in above / (_PERMUTATIONS + 1)]


def _features(rows: _Rows, skipped: list[str]) -> tuple[NDArray[np.float64], list[str]]:
    """Saved columns as numbers; a category with few values becomes a column for each.

    A number that is missing in some rows is a column with the middle in its place, and one more.
    """
    columns, names, texts = [], [], []
    probabilities = _probabilities(rows)
    for name, cells in rows.columns.items():
        if name == SCORE or name in probabilities:
            continue
        numbers = _numbers(cells, missing=True)
        if numbers is not None:
            gone = np.isnan(numbers)
            columns.append(np.where(gone, np.nanmedian(numbers), numbers))
            names.append(name)
            if gone.any():
                columns.append(gone.astype(float))
                names.append(f"{name} = missing")
            continue
        values = {*cells}
        if len(values) > _MOST_CATEGORIES:
            texts.append(name)
            continue
        for value in sorted(values):
            columns.append(np.array([cell == value for cell in cells], float))
            names.append(f"{name} = {value}")
    if texts:
        skipped.append(
            f"slices by {', '.join(texts[:5])}: over {_MOST_CATEGORIES} texts, and no numbers"
        )
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
            said = label(name).replace(" = ", " is not " if below else " is ")
        else:
            said = f"{label(name)} {'<=' if below else '>'} {float(structure.threshold[node]):.4g}"
        # Of two conditions on one side the one nearest to the node is the narrower.
        conditions.setdefault((name, below), said)
    return " and ".join([*conditions.values()][::-1])
