"""What rows cost, against scikit-learn's own value after they are corrected."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score, root_mean_squared_error

from gitexp.statistics.yardstick import Yardstick
from tests.statistics.drawn import outcomes, ranked_badly


def test_a_ceiling_of_labels_is_the_gain_from_correcting_them() -> None:
    rng = np.random.default_rng(5)
    true, wrong = rng.integers(0, 3, 900), rng.random(900) < 0.2
    guess = np.where(wrong, (true + 1) % 3, true)
    rows = true == 1
    stick = Yardstick("f1_macro", [outcomes(true, guess)])
    corrected = f1_score(true, np.where(rows, true, guess), average="macro")
    assert stick.ceiling(rows)[0] == pytest.approx(corrected - stick.value)


def test_a_ceiling_of_quantities_is_the_gain_from_correcting_them() -> None:
    rng = np.random.default_rng(5)
    true, guess, rows = rng.normal(size=900), rng.normal(size=900), rng.random(900) < 1 / 3
    stick = Yardstick("neg_root_mean_squared_error", [outcomes(true, guess)])
    corrected = root_mean_squared_error(true, np.where(rows, true, guess))
    ceiling, (low, high) = stick.ceiling(rows)
    assert ceiling == pytest.approx(root_mean_squared_error(true, guess) - corrected)
    assert low < ceiling < high


def test_a_ceiling_of_a_ranking_is_the_gain_from_ranking_the_rows_right() -> None:
    badly = ranked_badly(1)
    true, score = (np.array(badly.columns[name], float) for name in ("y_true", "y_score"))
    rows = np.array(badly.columns["x0"], float) > 1
    corrected = roc_auc_score(true, np.where(rows, np.where(true == 1, 9, -9), score))
    stick = Yardstick("roc_auc", [badly])
    assert stick.ceiling(rows)[0] == pytest.approx(corrected - roc_auc_score(true, score))
    assert stick.losses()[1].mean() == pytest.approx(1 - stick.value)


def test_what_the_predictions_do_not_give_is_an_error_that_says_why() -> None:
    with pytest.raises(ValueError, match="needs a column y_score"):
        Yardstick("roc_auc", [outcomes("01", "01")])
    with pytest.raises(ValueError, match="loss cannot be computed"):
        Yardstick("loss", [outcomes("01", "01")])
    with pytest.raises(ValueError, match="r2 is undefined"):
        Yardstick("r2", [outcomes("1", "1")])
