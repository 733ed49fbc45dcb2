from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import sklearn.metrics as sk

from gitexp.rules.documents.known_metrics import find_metric, known_metrics
from gitexp.statistics.arrays import pair_arms
from gitexp.statistics.recompute import disagreement, recompute
from gitexp.statistics.weighted import weighted_score
from tests.statistics.drawn import a_classifier, a_regression, outcomes

QUANTITIES = {
    "mean_absolute_error": sk.mean_absolute_error,
    "mean_squared_error": sk.mean_squared_error,
    "mean_absolute_percentage_error": sk.mean_absolute_percentage_error,
    "mean_squared_log_error": sk.mean_squared_log_error,
    "mean_poisson_deviance": sk.mean_poisson_deviance,
    "mean_gamma_deviance": sk.mean_gamma_deviance,
    "r2": sk.r2_score,
    "explained_variance": sk.explained_variance_score,
    "root_mean_squared_error": sk.root_mean_squared_error,
    "root_mean_squared_log_error": sk.root_mean_squared_log_error,
    "median_absolute_error": sk.median_absolute_error,
}
SCORES = {
    "roc_auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "log_loss": sk.log_loss,
    "brier_score": sk.brier_score_loss,
}
BINARY = {
    "f1": sk.f1_score,
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "jaccard": sk.jaccard_score,
}
LABELS = {
    "accuracy": sk.accuracy_score,
    "error_rate": sk.zero_one_loss,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "matthews_corrcoef": sk.matthews_corrcoef,
    "cohen_kappa": sk.cohen_kappa_score,
} | {
    f"{family}_{average}": partial(function, average=average, zero_division=0)
    for family, function in BINARY.items()
    for average in ("macro", "micro", "weighted")
}


def test_every_metric_that_is_promised_has_its_oracle() -> None:
    assert {*QUANTITIES, *SCORES, *LABELS, *BINARY} == {*known_metrics()}


@pytest.mark.parametrize("name", [*QUANTITIES, *SCORES, *LABELS, *BINARY])
def test_values_and_draws_are_those_of_scikit_learn(name: str) -> None:
    """The draws' values by our own sums, on rows that are repeated as often as they were drawn."""
    n = 60
    if name in QUANTITIES:
        data, function = a_regression(n, 1), QUANTITIES[name]
    else:
        data = a_classifier(n, 1, labels=4 if name in LABELS else 2)
        function = (SCORES | LABELS | BINARY)[name]
    guess = data["y_score"] if name in SCORES else data["pred"]
    value = recompute(name, outcomes(**data))
    assert value is not None
    assert value == pytest.approx(function(data["true"], guess), rel=1e-12)
    if f"neg_{name}" in sk.get_scorer_names():
        assert recompute(f"neg_{name}", outcomes(**data)) == -value

    weights = np.random.default_rng(0).multinomial(n, [1 / n] * n, 20).astype(float)
    metric = find_metric(name)
    assert metric
    [run] = pair_arms(metric, [outcomes(**data)], None).candidate
    found = weighted_score(name, run, weights)
    for line, drawn in zip(weights, found, strict=True):
        rows = np.repeat(np.arange(n), line.astype(int))
        assert drawn == pytest.approx(function(data["true"][rows], guess[rows]), rel=2e-8)


@pytest.mark.parametrize(
    ("true", "pred", "f1"),
    [
        ("0 1 1 0", "0 1 0 0", 2 / 3),
        ("0.0 1.0 1 0", "0 1 0.0 0", 2 / 3),
        ("False True True False", "0 1 0 0", 2 / 3),
        ("-1 1 1 -1", "-1 1 -1 -1", 2 / 3),
        ("1 2 2 1", "1 2 1 1", 0.8),  # the label 1 is the positive one, as in scikit-learn
        ("no yes yes no", "no yes no no", 2 / 3),
        ("0 0 0", "0 0 0", 0.0),
        ("1 1", "1 1", 1.0),
        ("a b c", "a b b", None),
    ],
)
def test_labels_may_be_written_in_several_ways(true: str, pred: str, f1: float | None) -> None:
    found = recompute("f1", outcomes(true.split(), pred.split()))
    assert found == (None if f1 is None else pytest.approx(f1))
    if f1 is not None:
        by_hand = sum(t == p for t, p in zip("0110", "0100", strict=True)) / 4
        assert len(true.split()) != 4 or recompute(
            "accuracy", outcomes(true.split(), pred.split())
        ) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("name", "true", "pred", "more"),
    [
        ("roc_auc", "0 1", "0 1", {}),
        ("roc_auc", "1 1", "1 1", {"y_score": "0.1 0.9"}),
        ("roc_auc", "0 1 2", "0 1 2", {"y_score": "0.1 0.9 0.5"}),
        ("log_loss", "0 1", "0 1", {"y_score": "-3 4"}),
        ("rmse", "cat dog", "1 2", {}),
        ("rmse", "1 2", "inf 2", {}),
        ("r2", "1", "1", {}),
        ("msle", "-2 1", "1 1", {}),
        ("cohen_kappa", "1 1", "1 1", {}),
        ("loss", "1 1", "1 1", {}),
    ],
)
def test_what_the_outcomes_do_not_give_is_none(
    name: str, true: str, pred: str, more: dict[str, str]
) -> None:
    columns = {column: text.split() for column, text in more.items()}
    assert recompute(name, outcomes(true.split(), pred.split(), **columns)) is None


@pytest.mark.parametrize(
    ("reported", "agrees"),
    [
        (2 / 3, True), (0.6666667, True), (0.66667, True), (0.667, True), (0.67, True), (0.7, True),
        (0.666, False), (0.66, False), (0.6, False), (0.66668, False), (66.7, False), (1, False),
        (1.0, False), (float(np.float32(2 / 3)), True), (1e-300, False), (1e300, False),
    ],
)  # fmt: skip
def test_a_number_that_is_not_what_the_predictions_give_is_told(
    reported: float, agrees: bool
) -> None:
    said = disagreement("accuracy", reported, outcomes([1, 1, 0], [1, 1, 1]))
    assert agrees == (said == "")
    if not agrees:
        assert f"accuracy {reported:.6g}, but scikit-learn computes 0.666667 from the" in said


def test_nothing_is_said_of_what_cannot_be_compared() -> None:
    whole = outcomes([1, 1, 0, 1], [1, 1, 1, 0])
    assert disagreement("loss", 5.0, whole) == ""
    assert disagreement("roc_auc", 5.0, whole) == ""
    assert disagreement("accuracy", 5.0, whole.cut(3)) == ""
    assert disagreement("accuracy", 5.0, whole) != ""


# --- the closed form ----------------------------------------------------------------------------
