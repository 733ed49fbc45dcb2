from __future__ import annotations

import numpy as np
import pytest

from gitexp.statistics.learning_curve import Curve, fit_curve

# Three seeds whose losses all fall with the square root of the data.
SHARES = (0.25, 0.5, 1.0)
LOSSES = (0.08, 0.1, 0.12)
ACCURACY = {share: [1 - loss / share**0.5 for loss in LOSSES] for share in SHARES}
ERROR = {share: [1 - score for score in scores] for share, scores in ACCURACY.items()}


def fitted(points: dict[float, list[float]], *, higher: bool) -> Curve:
    curve = fit_curve(points, higher_is_better=higher, widening=0.0)
    assert curve is not None
    return curve


def test_a_power_law_is_continued_to_twice_the_data() -> None:
    curve = fitted(ACCURACY, higher=True)
    assert curve.gain == pytest.approx(0.1 * (1 - 0.5**0.5))
    assert curve.interval[0] < curve.gain < curve.interval[1]
    assert dict(curve.points) == pytest.approx({s: np.mean(ACCURACY[s]) for s in SHARES})


def test_a_loss_that_falls_is_better_too() -> None:
    up, down = fitted(ACCURACY, higher=True), fitted(ERROR, higher=False)
    assert down.gain == pytest.approx(-up.gain)
    assert down.better(higher_is_better=False) == pytest.approx(up.better(higher_is_better=True))


def test_redrawn_splits_widen_the_interval() -> None:
    narrow = fitted(ACCURACY, higher=True).interval
    wide = fit_curve(ACCURACY, higher_is_better=True, widening=0.5)
    assert wide is not None
    assert wide.interval[1] - wide.interval[0] == pytest.approx(
        (narrow[1] - narrow[0]) * (1 + 3 * 0.5) ** 0.5
    )


@pytest.mark.parametrize(
    ("points", "higher"),
    [
        ({0.5: [0.9], 1.0: [0.95]}, True),  # one seed
        ({0.5: [0.9, 0.9], 1.0: [1.0, 0.9]}, True),  # perfect already
        ({0.5: [90, 91], 1.0: [95, 94]}, True),  # not a share
        ({0.5: [-3, -2], 1.0: [-4, -3]}, False),  # below 0, where nothing is known to be best
    ],
)
def test_without_a_perfect_score_to_approach_there_is_no_curve(
    points: dict[float, list[float]], higher: bool
) -> None:
    assert fit_curve(points, higher_is_better=higher, widening=0.0) is None
