from __future__ import annotations

import pytest

from gitexp.rules.plan.prediction import exceeds_ceiling, prediction_of
from tests.rules.plan.arrange import a_registration


@pytest.mark.parametrize(
    ("trailers", "gain", "chance", "cost", "ceiling"),
    [
        ({}, None, None, None, None),
        ({"Gain": "0.01", "Chance": "0.3", "Cost": "5m"}, 0.01, 0.3, 300.0, None),
        ({"Gain": "nan", "Chance": "1.5", "Cost": "soon"}, None, None, None, None),
        ({"Evidence": "gap 3 for 8, ceiling +0.035"}, None, None, None, 0.035),
        ({"Evidence": "ceiling: 2e-3 of it"}, None, None, None, 0.002),
    ],
)
def test_predictions_are_read_from_the_trailers(
    trailers: dict[str, str],
    gain: float | None,
    chance: float | None,
    cost: float | None,
    ceiling: float | None,
) -> None:
    prediction = prediction_of(a_registration(**trailers))
    assert (prediction.gain, prediction.chance, prediction.cost) == (gain, chance, cost)
    assert prediction.ceiling == ceiling


def test_a_gain_above_its_gaps_ceiling_is_questioned() -> None:
    over = a_registration(Gain="0.05", Evidence="3 for 8: ceiling +0.035")
    finding = exceeds_ceiling(over)
    assert finding is not None
    assert (finding.id, finding.advice) == ("G1", True)
    assert exceeds_ceiling(a_registration(Gain="0.03", Evidence="ceiling +0.035")) is None
    assert exceeds_ceiling(a_registration(Gain="0.05")) is None
