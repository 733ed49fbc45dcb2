"""Planted gaps: real models on data with a known flaw, which must come first, and pure noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from gitexp.rules.documents.outcomes import Outcomes, hash_of_id
from gitexp.rules.plan.gaps import Gap, ranked_gaps, with_template
from gitexp.statistics.gaps.find import Findings, find_gaps
from gitexp.statistics.yardstick import Yardstick
from tests.statistics.drawn import ranked_badly

Array = NDArray[Any]
Runs = tuple[list[Outcomes], list[float], list[float]]
SEEDS = 20


def outcomes(ids: Iterable[object], true: Any, predicted: Any, **columns: Any) -> Outcomes:  # noqa: ANN401 - arrays and lists
    names = tuple(map(str, ids))
    texts = {"y_true": true, "y_pred": predicted, **columns}
    return Outcomes(names, {name: tuple(map(str, c)) for name, c in texts.items()}, len(names))


def trained(
    x: Array,
    y: Array,
    model: Callable[[int], Any],
    seeds: Iterable[int],
    *,
    features: bool = False,
    probabilities: bool = False,
) -> Runs:
    """Train on redrawn splits; returns outcomes, training scores and the test scores."""
    found, train, test = [], [], []
    for seed in seeds:
        a, b = train_test_split(np.arange(len(y)), test_size=0.3, random_state=seed)
        fitted = model(seed).fit(x[a], y[a])
        columns: dict[str, Any] = {}
        if probabilities:
            table = fitted.predict_proba(x[b])
            columns = {f"proba_{name}": table[:, j] for j, name in enumerate(fitted.classes_)}
        if features:
            columns |= {f"x{j}": x[b, j] for j in range(x.shape[1])}
        found.append(outcomes(b, y[b], fitted.predict(x[b]), **columns))
        train.append(float(fitted.score(x[a], y[a])))
        test.append(float(fitted.score(x[b], y[b])))
    return found, train, test


def confused_pair(seed: int) -> Runs:
    """A third of the threes look like eights."""
    rng = np.random.default_rng(seed)
    x, y = load_digits(return_X_y=True)
    drawn = (y == 3) & (rng.random(len(y)) < 0.35)
    x[drawn] = x[rng.choice(np.flatnonzero(y == 8), drawn.sum())]
    return trained(x, y, lambda _: SVC(gamma=0.001), range(5 * seed, 5 * seed + 5))


def bad_slice(seed: int) -> Runs:
    """Labels are a coin's in one corner of the features."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2000, 4))
    y = (x[:, 0] + x[:, 1] > 0).astype(int)
    corner = (x[:, 2] > 1.0) & (x[:, 3] > -0.5) & (rng.random(2000) < 0.45)
    y = np.where(corner, 1 - y, y)
    seeds = range(5 * seed, 5 * seed + 5)
    return trained(x, y, lambda _: LogisticRegression(), seeds, features=True)


def label_noise(seed: int) -> Runs:
    """Fifteen of a hundred labels are wrong."""
    rng = np.random.default_rng(seed)
    x, y = load_digits(return_X_y=True)
    flipped = rng.random(len(y)) < 0.15
    y[flipped] = (y[flipped] + rng.integers(1, 10, flipped.sum())) % 10
    seeds = range(3 * seed, 3 * seed + 3)

    def forest(number: int) -> RandomForestClassifier:
        return RandomForestClassifier(100, random_state=number)

    return trained(x, y, forest, seeds, probabilities=True)


def underfit(seed: int) -> Runs:
    x, y = load_digits(return_X_y=True)

    def stump(number: int) -> DecisionTreeClassifier:
        return DecisionTreeClassifier(max_depth=3, random_state=number)

    return trained(x, y, stump, range(5 * seed, 5 * seed + 5))


def overfit(seed: int) -> Runs:
    x, y = make_classification(600, 40, n_informative=5, n_classes=3, random_state=seed)

    def tree(number: int) -> DecisionTreeClassifier:
        return DecisionTreeClassifier(random_state=number)

    return trained(x, y, tree, range(5 * seed, 5 * seed + 5))


def pure_noise(seed: int) -> Runs:
    """Errors fall anywhere: no slice is to be claimed."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(1000, 5)), rng.integers(0, 2, 1000)
    predicted = np.where(rng.random(1000) < 0.2, 1 - y, y)
    columns = {f"x{j}": x[:, j] for j in range(5)}
    return [outcomes(range(1000), y, predicted, **columns)], [], [0.8]


def gaps_of(runs: Runs) -> tuple[list[Gap], Findings]:
    found, train, test = runs
    findings = find_gaps(found, train=train, scores=test, metric="accuracy")
    return ranked_gaps(findings.gaps), findings


PLANTED: dict[str, tuple[Callable[[int], Runs], tuple[str, str | None, str | None] | None]] = {
    "a confused pair": (confused_pair, ("confusion", "3", "8")),
    "a bad slice": (bad_slice, ("slice", None, None)),
    "wrong labels": (label_noise, ("labels", None, None)),
    "an underfit model": (underfit, ("bias", None, None)),
    "an overfit model": (overfit, ("variance", None, None)),
    "pure noise": (pure_noise, None),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_gap_comes_first_and_noise_has_none(name: str) -> None:
    plant, expected = PLANTED[name]
    first: Counter[tuple[str, str | None, str | None] | None] = Counter()
    for seed in range(SEEDS):
        gaps, _ = gaps_of(plant(seed))
        first[(gaps[0].kind, gaps[0].true, gaps[0].predicted) if gaps else None] += 1
    assert first[expected] >= 18, first


def test_counts_are_those_of_scikit_learns_confusion_matrix() -> None:
    runs = confused_pair(1)
    gaps, findings = gaps_of(runs)
    true = [text for one in runs[0] for text in one.columns["y_true"]]
    predicted = [text for one in runs[0] for text in one.columns["y_pred"]]
    labels = sorted(set(true))
    matrix = confusion_matrix(true, predicted, labels=labels)
    for gap in gaps:
        if gap.kind == "confusion":
            cell = labels.index(gap.true or ""), labels.index(gap.predicted or "")
            assert gap.count == matrix[cell]
            assert gap.ceiling == pytest.approx(matrix[cell] / len(true))
            assert gap.interval[0] < gap.ceiling < gap.interval[1]
            assert gap.recoverable < gap.ceiling
    assert findings.rows == len(true)
    assert findings.examples == len({name for one in runs[0] for name in one.ids})
    assert findings.dummy == pytest.approx(max(true.count(label) for label in labels) / len(true))


def test_the_worst_range_of_a_target_is_found() -> None:
    rng = np.random.default_rng(3)
    x, y = make_regression(1500, 5, noise=5.0, random_state=3)
    y = np.where(y > np.quantile(y, 0.9), y + rng.normal(0, 150, 1500), y)
    runs = trained(x, y, lambda _: LinearRegression(), range(4))
    findings = find_gaps(runs[0], train=[], scores=[1.0], metric="rmse")
    assert findings.task == "regression"
    best = ranked_gaps(findings.gaps)[0]
    assert best.kind == "decile"
    assert "y_true" in (best.where or "")


def test_probabilities_that_are_off_are_told() -> None:
    rng = np.random.default_rng(4)
    truth = rng.random(4000)
    y = (rng.random(4000) < truth).astype(int)
    told = outcomes(range(4000), y, (truth > 0.5).astype(int), y_score=truth)
    good = find_gaps([told], train=[], scores=[0.75], metric="accuracy").calibration
    skewed = outcomes(range(4000), y, (truth > 0.5).astype(int), y_score=truth**3)
    bad = find_gaps([skewed], train=[], scores=[0.75], metric="accuracy").calibration
    assert good is not None
    assert bad is not None
    assert good["error"] < 0.03
    assert bad["error"] > 0.1


def test_probabilities_of_several_labels_are_held_against_what_chance_allows() -> None:
    rng = np.random.default_rng(5)
    for n in (114, 4000):
        chances = rng.dirichlet((0.4, 0.4, 0.4), n)
        y = (chances.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
        sharpened = chances**3 / (chances**3).sum(axis=1, keepdims=True)
        found = [
            find_gaps(
                [outcomes(range(n), y, chances.argmax(axis=1),
                          **{f"proba_{label}": table[:, label] for label in range(3)})],
                train=[], scores=[0.7], metric="accuracy",
            ).calibration
            for table in (chances, sharpened)
        ]  # fmt: skip
        assert found[0] is not None
        assert found[1] is not None
        assert found[0]["error"] < found[0]["limit"] < found[1]["error"]
        assert found[0]["by_chance"] < found[0]["limit"]


@pytest.mark.parametrize("model", [DecisionTreeClassifier, lambda: KNeighborsClassifier(1)])
def test_a_model_that_is_certain_of_every_row_says_nothing_about_labels(
    model: Callable[[], Any],
) -> None:
    x, y = load_digits(return_X_y=True)
    runs = trained(x[:600], y[:600], lambda _: model(), range(1), probabilities=True)
    gaps, findings = gaps_of(runs)
    assert not any(gap.kind == "labels" for gap in gaps)
    assert any("wrong labels: the surest" in line for line in findings.skipped)


def overlap(seed: int) -> tuple[Array, Array]:
    """Two clouds of which each has rows in the other: nobody can tell a fifth of them apart."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 900)
    return rng.normal(size=(900, 3)) + 0.84 * np.outer(2 * y - 1, (1, 0, 0)), y


def ring(seed: int) -> tuple[Array, Array]:
    """One label within a ring of the other: no line tells them apart."""
    x = np.random.default_rng(seed).normal(size=(900, 2))
    return x, ((x**2).sum(axis=1) > 1.4).astype(int)


@pytest.mark.parametrize(
    ("draw", "features", "said", "ranked"),
    [
        (overlap, True, "underfitting, overlapping or wrong labels", False),
        (overlap, False, "underfitting, overlapping or wrong labels", False),
        (ring, True, "underfitting: a vote of the 15 nearest rows is wrong in", True),
        (ring, False, "underfitting, overlapping or wrong labels", False),
    ],
)
def test_labels_that_overlap_are_not_called_underfitting(
    draw: Callable[[int], tuple[Array, Array]], features: bool, said: str, ranked: bool
) -> None:
    for seed in range(3):
        x, y = draw(seed)
        runs = trained(x, y, lambda _: LogisticRegression(), range(2), features=features)
        [bias] = [gap for gap in gaps_of(runs)[1].gaps if gap.kind == "bias"]
        assert said in bias.said
        assert (bias.recoverable > 0) == ranked


def test_labels_of_two_spellings_are_one() -> None:
    one = outcomes(range(6), ["1", "2", "3", "1", "2", "3"], ["1.0", "2.0", "3.0"] * 2)
    findings = find_gaps([one], train=[], scores=[1.0], metric="accuracy")
    assert findings.gaps == ()
    assert findings.task == "classification"


def test_strings_beside_numbers_are_labels() -> None:
    one = outcomes(range(4), ["1", "cat", "1", "cat"], ["cat", "1", "1", "never seen"])
    assert find_gaps([one], train=[], scores=[0.25], metric="accuracy").task == "classification"


def test_a_single_label_leaves_nothing_to_tell_apart() -> None:
    one = outcomes(range(3), ["a", "a", "a"], ["a", "a", "a"])
    with pytest.raises(ValueError, match="nothing to learn"):
        find_gaps([one], train=[], scores=[1.0], metric="accuracy")


def test_what_could_not_be_looked_for_is_said() -> None:
    runs = confused_pair(2)
    said = " ".join(gaps_of(runs)[1].skipped)
    for word in ("slices", "wrong labels", "calibration"):
        assert word in said


# --- the metric's own unit ------------------------------------------------------------------------


def test_a_ranking_has_slices_and_no_confusions() -> None:
    told = ranked_badly(2)
    score = Yardstick("roc_auc", [told]).value
    findings = find_gaps([told], train=[], scores=[score], metric="roc_auc")
    best = ranked_gaps(findings.gaps)[0]
    assert (findings.task, findings.dummy, best.kind) == ("ranking", 0.5, "slice")
    assert "x0 > " in (best.where or "")
    assert {gap.kind for gap in findings.gaps} == {"slice"}
    assert any("does not compare labels" in line for line in findings.skipped)


@pytest.mark.slow
def test_noise_has_no_slices_in_a_ranking_and_no_bad_tenths_in_a_regression() -> None:
    claimed: Counter[str] = Counter()
    for seed in range(SEEDS):
        told = ranked_badly(seed, corner=False)
        score = Yardstick("roc_auc", [told]).value
        claimed["ranking"] += bool(
            find_gaps([told], train=[], scores=[score], metric="roc_auc").gaps
        )
        x, y = make_regression(800, 5, noise=40.0, random_state=seed)
        runs, _, _ = trained(x, y, lambda _: LinearRegression(), range(4))
        score = Yardstick("rmse", runs).value
        claimed["tenths"] += bool(find_gaps(runs, train=[], scores=[score], metric="rmse").gaps)
    assert max(claimed.values(), default=0) <= 2, claimed


def test_whole_numbers_are_a_quantity_where_the_metric_says_so() -> None:
    one = outcomes(range(60), range(60), [n + 0.5 for n in range(60)])
    findings = find_gaps([one], train=[0.4], scores=[0.5], metric="rmse", higher_is_better=False)
    assert findings.task == "regression"
    assert findings.dummy == pytest.approx(np.std(range(60)))
    # How much of it is noise nobody knows, so it does not go before what could be located.
    assert {gap.kind: gap.recoverable for gap in findings.gaps}["bias"] == 0


def test_a_metric_in_another_unit_is_not_mixed_with_ceilings() -> None:
    runs, train, test = confused_pair(3)
    percent = [[100 * value for value in values] for values in (train, test)]
    findings = find_gaps(runs, train=percent[0], scores=percent[1], metric="accuracy")
    gaps = ranked_gaps(findings.gaps)
    assert findings.unit == gaps[0].unit == "accuracy of the predictions"
    assert "ceiling +" not in with_template(gaps[0], "accuracy", higher_is_better=True).template
    assert any("the script reports" in line for line in findings.skipped)


def test_slices_are_found_among_rows_that_were_cut_by_their_hash() -> None:
    ids = sorted(map(str, range(40_000)), key=hash_of_id)[:1000]
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=1000), rng.integers(0, 2, 1000)
    guess = np.where((x > 1) & (rng.random(1000) < 0.6), 1 - y, y)
    columns = {"y_true": y, "y_pred": guess, "x": x}
    told = Outcomes(
        tuple(ids), {name: tuple(map(str, column)) for name, column in columns.items()}, 40_000
    )
    findings = find_gaps([told], train=[], scores=[0.9], metric="accuracy")
    assert findings.gaps[0].kind == "slice"


def test_missing_numbers_and_texts_without_number_do_not_stop_the_search() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=900), rng.integers(0, 2, 900)
    wrong = (x > 0) & (rng.random(900) < 0.5)
    guess = np.where(wrong, 1 - y, y)
    cells = ["" if n % 3 == 0 and value < 0 else str(value) for n, value in enumerate(x)]
    told = outcomes(range(900), y, guess, x=cells, text=[f"t{n}" for n in range(900)])
    score = float((guess == y).mean())
    findings = find_gaps([told], train=[], scores=[score], metric="accuracy")
    assert {gap.kind for gap in findings.gaps} == {"slice"}
    assert any(line.startswith("slices by text") for line in findings.skipped)
