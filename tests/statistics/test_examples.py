from __future__ import annotations

import json
import math
import operator
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gitexp.rules.documents.outcomes import Outcomes
from gitexp.statistics.examples import example_variance
from tests.statistics.drawn import a_classifier, a_regression, outcomes, runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]

CASES = Path(__file__).parents[1] / "rules" / "verdict" / "verdict_cases.json"


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
from gitexp.statistics.examples import example_variance
from tests.statistics.drawn import a_classifier, a_regression, runs
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
