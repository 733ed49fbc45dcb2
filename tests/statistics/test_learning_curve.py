from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gitexp.statistics.learning_curve import LearningCurve, measure_gain

# Four seeds whose errors fall with the square root of the data, towards 5 in a hundred.
SHARES = (0.25, 0.5, 1.0)
LOSSES = (0.08, 0.1, 0.12, 0.11)
ACCURACY = {share: [0.95 - loss / share**0.5 for loss in LOSSES] for share in SHARES}
ERROR = {share: [1 - score for score in scores] for share, scores in ACCURACY.items()}


def measured(points: dict[float, list[float]], widening: float = 0.0) -> LearningCurve:
    curve = measure_gain(points, widening=widening)
    assert curve is not None
    return curve


def test_the_last_doubling_is_measured_as_scipy_does_and_limits_the_next() -> None:
    curve = measured(ACCURACY)
    assert dict(curve.points) == pytest.approx({s: np.mean(ACCURACY[s]) for s in SHARES})
    scipys = stats.ttest_rel(ACCURACY[1.0], ACCURACY[0.5]).confidence_interval(0.95)
    assert curve.within == pytest.approx((scipys.low, scipys.high))
    # A power law to 0 would foresee more than there is left to gain.
    really = np.mean(LOSSES) * (1 - 2**-0.5)
    assert curve.interval[0] == 0 < really < curve.gain < curve.interval[1]


def test_a_loss_that_falls_is_better_too() -> None:
    up, down = measured(ACCURACY), measured(ERROR)
    assert down.gain == pytest.approx(-up.gain)
    assert down.better(higher_is_better=False) == pytest.approx(up.better(higher_is_better=True))
    assert down.interval[1] == 0


def test_redrawn_splits_widen_the_interval() -> None:
    (low, high), wide = measured(ACCURACY).within, measured(ACCURACY, 0.5).within
    assert wide[1] - wide[0] == pytest.approx((high - low) * (1 + 4 * 0.5) ** 0.5)


@pytest.mark.parametrize(
    "points",
    [
        {0.5: [0.9], 1.0: [0.95]},  # one seed
        {0.5: [0.9, 0.8], 1.0: [1.0, 0.9]},  # both gained the same
    ],
)
def test_without_a_difference_between_seeds_nothing_is_claimed(
    points: dict[float, list[float]],
) -> None:
    assert measure_gain(points, widening=0.0) is None


def test_a_perfect_score_and_a_metric_without_one_have_a_curve_too() -> None:
    assert measured({0.5: [0.9, 0.9], 1.0: [1.0, 0.95]}).gain == pytest.approx(0.075)
    assert measured({0.5: [-3, -2], 1.0: [-4, -3.5]}).gain == pytest.approx(-1.25)
