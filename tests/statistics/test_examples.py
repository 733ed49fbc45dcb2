from __future__ import annotations

import json
import math
import operator
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sklearn.metrics as sk

from gitexp.rules.documents.known_metrics import find_metric, known_metrics
from gitexp.rules.documents.outcomes import Outcomes
from gitexp.statistics.arrays import pair_arms
from gitexp.statistics.examples import example_variance
from gitexp.statistics.recompute import disagreement, recompute
from gitexp.statistics.weighted import weighted_score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Array = NDArray[Any]

CASES = Path(__file__).parents[1] / "rules" / "verdict" / "verdict_cases.json"


def outcomes(
    true: Iterable[object],
    pred: Iterable[object],
    ids: Iterable[object] = (),
    **more: Any,  # noqa: ANN401 - further columns
) -> Outcomes:
    columns = {"y_true": true, "y_pred": pred, **more}
    texts = {name: tuple(map(str, values)) for name, values in columns.items()}
    names = tuple(map(str, ids)) or tuple(map(str, range(len(texts["y_true"]))))
    return Outcomes(names, texts, len(names))


def a_classifier(n: int, seed: int, noise: float = 1.0, labels: int = 2) -> dict[str, Any]:
    """Truth is the same for every seed; the scores' noise is not."""
    true = np.random.default_rng(n).integers(0, labels, n)
    rng = np.random.default_rng([seed, int(noise * 1000)])
    if labels > 2:
        right = rng.random(n) < 0.7
        return {"true": true, "pred": np.where(right, true, rng.integers(0, labels, n))}
    score = 1 / (1 + np.exp(-2 * (true + rng.normal(0, noise, n) - 0.5)))
    return {"true": true, "pred": (score > 0.5).astype(int), "y_score": score.round(2)}


def a_regression(n: int, seed: int, noise: float = 0.5) -> dict[str, Any]:
    true = np.random.default_rng(n).gamma(2, 1, n) + 0.01
    rng = np.random.default_rng([seed, int(noise * 1000)])
    return {"true": true, "pred": np.abs(true + rng.normal(0, noise, n)) + 0.01}


def runs(make: Callable[..., dict[str, Any]], count: int, n: int, **how: Any) -> list[Outcomes]:  # noqa: ANN401
    return [outcomes(**make(n, seed, **how)) for seed in range(count)]


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


# --- values -------------------------------------------------------------------------------------


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


def test_the_case_worked_elsewhere_comes_out() -> None:
    [case] = [c for c in json.loads(CASES.read_text()) if c["id"].startswith("14_")]
    truth = [1] * 60
    baseline = [outcomes(truth, case["baseline_correct"])]
    candidate = [outcomes(truth, case["candidate_correct"])]
    variance, n = example_variance("accuracy", baseline, candidate)
    want = case["expect"]
    assert n == want["n"]
    assert math.sqrt(variance * n) == pytest.approx(want["sd"], abs=1e-11)
    assert math.sqrt(variance * (1 + case["c"])) == pytest.approx(want["se"], abs=1e-11)
    # The same from the two counts that McNemar's test takes: better and worse.
    better = sum(map(operator.lt, case["baseline_correct"], case["candidate_correct"]))
    worse = sum(map(operator.gt, case["baseline_correct"], case["candidate_correct"]))
    assert (better, worse) == (9, 2)
    mean = (better - worse) / n
    assert variance == pytest.approx(((better + worse) / n - mean**2) / (n - 1), rel=1e-11)


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("accuracy", lambda true, pred, _: true == pred),
        ("error_rate", lambda true, pred, _: true != pred),
        ("mae", lambda true, pred, _: abs(true - pred)),
        ("neg_mean_squared_error", lambda true, pred, _: (true - pred) ** 2),
        ("val_log_loss", lambda true, _, score: -np.log(np.where(true == 1, score, 1 - score))),
        ("brier", lambda true, _, score: (true - score) ** 2),
    ],
)
def test_an_example_counts_by_its_mean_over_the_seeds_that_tested_it(
    name: str, loss: Callable[..., Array]
) -> None:
    size, seeds = 90, 7
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, size)
    seen = np.full((seeds, size), np.nan)
    arms: tuple[list[Outcomes], list[Outcomes]] = ([], [])
    for seed in range(seeds):
        tested = rng.permutation(size)[:40]
        losses = []
        for arm in arms:
            pred, score = rng.integers(0, 2, 40), rng.random(40)
            losses.append(loss(truth[tested], pred, score).astype(float))
            arm.append(outcomes(truth[tested], pred, ids=tested, y_score=score.tolist()))
        seen[seed, tested] = losses[1] - losses[0]
    tested_ever = ~np.isnan(seen).all(axis=0)
    means = np.nanmean(seen[:, tested_ever], axis=0)
    assert 80 < len(means) < size
    variance, n = example_variance(name, *arms)
    assert n == len(means)
    assert variance == pytest.approx(means.var(ddof=1) / n, rel=1e-10)


def test_ids_of_one_arm_alone_are_left_out() -> None:
    baseline = outcomes([1, 0, 1, 1, 0], [1, 0, 0, 1, 1], ids="abcdx")
    candidate = outcomes([0, 1, 0, 1, 1], [0, 1, 1, 1, 1], ids="ycbda")
    common = [outcomes([1, 0, 1, 1], [1, 0, 0, 1]), outcomes([1, 0, 1, 1], [1, 1, 1, 1])]
    found = example_variance("accuracy", [baseline], [candidate])
    assert found == example_variance("accuracy", common[:1], common[1:])
    assert found[1] == 4


def test_without_a_baseline_the_candidate_stands_alone() -> None:
    data = [a_classifier(500, seed) for seed in range(3)]
    hits = np.mean([run["true"] == run["pred"] for run in data], axis=0)
    variance, n = example_variance("accuracy", None, [outcomes(**run) for run in data])
    assert n == 500
    assert variance == pytest.approx(hits.var(ddof=1) / 500)
    by_draws, _ = example_variance("f1_micro", None, [outcomes(**run) for run in data])
    assert by_draws == pytest.approx(variance, rel=0.2)


# --- the bootstrap ------------------------------------------------------------------------------

# 500 draws tell a variance to 6 % (one standard error).
NEAR = 0.2


def delong(true: Array, score: Array) -> tuple[Array, Array]:
    """Placements of DeLong, DeLong & Clarke-Pearson (1988): what each example adds to the AUC."""
    positive, negative = score[true == 1], score[true == 0]
    above = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    return above.mean(axis=1), above.mean(axis=0)


def test_the_bootstrap_of_an_auc_has_delongs_variance() -> None:
    one, other = a_classifier(600, 1), a_classifier(600, 2, noise=0.8)
    (p1, n1), (p2, n2) = (delong(run["true"], run["y_score"]) for run in (one, other))
    wanted = (p2 - p1).var(ddof=1) / len(p1) + (n2 - n1).var(ddof=1) / len(n1)
    variance, n = example_variance("roc_auc", [outcomes(**one)], [outcomes(**other)])
    assert n == 600
    assert variance == pytest.approx(wanted, rel=NEAR)


def test_the_bootstrap_of_an_accuracy_has_the_variance_of_its_closed_form() -> None:
    baseline, candidate = runs(a_classifier, 4, 800), runs(a_classifier, 4, 800, noise=0.8)
    exact, _ = example_variance("accuracy", baseline, candidate)
    # Over single labels the micro average is the accuracy, and known as no mean over examples.
    drawn, _ = example_variance("f1_micro", baseline, candidate)
    assert drawn == pytest.approx(exact, rel=NEAR)


def test_a_percentage_takes_logarithms() -> None:
    baseline, candidate = runs(a_regression, 4, 800), runs(a_regression, 4, 800, noise=0.4)
    errors = [
        np.array([float(t) for t in run.columns["y_true"]])
        - np.array([float(t) for t in run.columns["y_pred"]])
        for run in (*baseline, *candidate)
    ]
    # The delta method: d log mean(e^2) = sum of (e_i^2 / mean(e^2) - 1) / n.
    parts = np.array([e**2 / np.mean(e**2) for e in errors])
    wanted = (parts[4:].mean(axis=0) - parts[:4].mean(axis=0)).var(ddof=1) / 800
    variance, _ = example_variance("mse", baseline, candidate, percent=True)
    assert variance == pytest.approx(wanted, rel=NEAR)
    root, _ = example_variance("rmse", baseline, candidate, percent=True)
    assert root == pytest.approx(wanted / 4, rel=NEAR)


def test_of_outcomes_that_were_cut_the_true_number_of_examples_counts() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 6000)
    arms: tuple[list[Outcomes], list[Outcomes]] = ([], [])
    for _ in range(3):
        tested = rng.permutation(6000)[:4000]
        for arm in arms:
            wrong = rng.random(4000) < 0.2
            arm.append(outcomes(truth[tested], truth[tested] ^ wrong, ids=tested))
    cut = [[run.cut(1000 + 100 * n) for n, run in enumerate(arm)] for arm in arms]
    for name in ("accuracy", "f1"):
        whole, n = example_variance(name, *arms)
        part, estimated = example_variance(name, *cut)
        assert estimated == pytest.approx(n, rel=0.1)
        assert part == pytest.approx(whole, rel=0.25)
    fixed = [outcomes(truth, truth ^ (rng.random(6000) < 0.2)) for _ in range(2)]
    assert example_variance("accuracy", [fixed[0].cut(500)], [fixed[1].cut(500)])[1] == 6000


TWICE = """
import sys
sys.path[:0] = sys.argv[1:2]
from tests.statistics.test_examples import a_classifier, a_regression, example_variance, runs
for make, name in ((a_classifier, "f1"), (a_classifier, "roc_auc"), (a_regression, "rmse"),
                   (a_regression, "r2"), (a_classifier, "neg_log_loss")):
    print(example_variance(name, runs(make, 2, 400), runs(make, 2, 400, noise=0.8)))
"""


def test_another_processor_comes_to_the_same_digits() -> None:
    printed = {
        subprocess.run(
            [sys.executable, "-c", TWICE, str(Path(__file__).parents[2])],
            env=os.environ | {"OPENBLAS_CORETYPE": kind, "OPENBLAS_NUM_THREADS": threads,
                              "NPY_DISABLE_CPU_FEATURES": without},
            capture_output=True, text=True, check=True,
        ).stdout
        for kind, threads, without in (("Prescott", "1", "X86_V3 X86_V4"), ("Haswell", "2", ""))
    }  # fmt: skip
    assert len(printed) == 1
    assert printed.pop().count("(") == 5


@pytest.mark.parametrize("name", ["accuracy", "f1", "roc_auc"])
def test_the_order_of_rows_means_nothing(name: str) -> None:
    data, better = a_classifier(300, 1), a_classifier(300, 2, noise=0.8)
    order = np.random.default_rng(0).permutation(300)
    shuffled = {column: values[order] for column, values in better.items()}
    straight = example_variance(name, [outcomes(**data)], [outcomes(**better)])
    mixed = example_variance(name, [outcomes(**data)], [outcomes(**shuffled, ids=order)])
    assert straight == mixed


# --- what cannot be told ------------------------------------------------------------------------

ONE = outcomes("0101", "0110", ids="abcd")


@pytest.mark.parametrize(
    ("name", "baseline", "candidate", "reason"),
    [
        ("loss", [ONE], [ONE], "loss cannot be computed from predictions"),
        ("accuracy", [], [], "needs a baseline run"),
        ("accuracy", [ONE], [ONE, ONE], "needs a baseline run"),
        ("accuracy", [ONE], [outcomes("01", "01", ids="xy")], "no id in common"),
        ("accuracy", [outcomes("0", "1")], [outcomes("0", "0")], "one example is not enough"),
        ("roc_auc", [ONE], [ONE], "roc_auc needs a column y_score, which was not stored"),
        ("rmse", [ONE], [outcomes("0101", "012x", ids="abcd")], "y_pred holds text, but"),
        ("f1", [ONE], [outcomes("0101", "0120", ids="abcd")], "needs two labels, but there are 3"),
        ("accuracy", [ONE], [outcomes("0111", "0110", ids="abcd")], "row c has different y_true"),
        ("accuracy", [ONE, outcomes("1", "1", ids="a")], [ONE, outcomes("1", "1", ids="a")],
         "row a has different y_true"),
        ("r2", [outcomes("1122", "1111")], [outcomes("1122", "2222")], "r2 is undefined on too"),
        ("log_loss", None, [outcomes("01", "01", y_score=["0.5", "2"])], "probability of the"),
    ],
)  # fmt: skip
def test_why_outcomes_do_not_tell_is_said(
    name: str, baseline: list[Outcomes] | None, candidate: list[Outcomes], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        example_variance(name, baseline, candidate)


def test_a_percentage_of_what_may_be_negative_is_refused() -> None:
    poor = a_regression(50, 1, noise=5)
    with pytest.raises(ValueError, match="the logarithm of r2 is undefined"):
        example_variance("r2", None, [outcomes(**poor)], percent=True)
