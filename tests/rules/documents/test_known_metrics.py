from __future__ import annotations

import pytest
from sklearn.metrics import get_scorer_names

from gitexp.rules.documents.known_metrics import find_metric, is_known


@pytest.mark.parametrize(
    ("name", "found", "sign"),
    [
        ("accuracy", "accuracy", 1),
        ("val_acc", "accuracy", 1),
        ("test/accuracy_score", "accuracy", 1),
        ("valid.F1", "f1", 1),
        ("eval_f1_macro", "f1_macro", 1),
        ("neg_root_mean_squared_error", "root_mean_squared_error", -1),
        ("validation-rmse", "root_mean_squared_error", 1),
        ("neg_log_loss", "log_loss", -1),
        ("AUC", "roc_auc", 1),
        ("R2", "r2", 1),
    ],
)
def test_a_metric_is_known_by_scikit_learns_names_and_the_usual_short_ones(
    name: str, found: str, sign: int
) -> None:
    metric = find_metric(name)
    assert metric
    assert (metric.name, metric.sign, is_known(name)) == (found, sign, True)


@pytest.mark.parametrize("name", ["loss", "train_accuracy", "latency_ms", "val_", "accuracy_", ""])
def test_what_predictions_do_not_tell_is_not_known(name: str) -> None:
    assert not is_known(name)


def test_of_scikit_learns_scorers_those_that_need_more_than_a_column_are_not_known() -> None:
    unknown = {name for name in get_scorer_names() if not is_known(name)}
    clusters = {
        "adjusted_mutual_info_score", "adjusted_rand_score", "completeness_score",
        "fowlkes_mallows_score", "homogeneity_score", "mutual_info_score",
        "normalized_mutual_info_score", "rand_score", "v_measure_score",
    }  # fmt: skip
    several_columns = {
        "f1_samples", "jaccard_samples", "precision_samples", "recall_samples", "roc_auc_ovo",
        "roc_auc_ovo_weighted", "roc_auc_ovr", "roc_auc_ovr_weighted", "top_k_accuracy",
    }  # fmt: skip
    rare = {
        "d2_absolute_error_score", "d2_brier_score", "d2_log_loss_score", "neg_max_error",
        "neg_negative_likelihood_ratio", "positive_likelihood_ratio",
    }  # fmt: skip
    assert unknown <= clusters | several_columns | rare
