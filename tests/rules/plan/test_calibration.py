from __future__ import annotations

import pytest

from gitexp.rules.plan.calibration import calibrate, in_words
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.plan.arrange import a_registration, judged


def test_calibration_holds_predictions_against_results() -> None:
    past = [
        (a_registration(Gain="0.03", Chance="0.9"), judged(Verdict.CONFIRMED, 0.01)),
        (a_registration(Gain="0.03", Chance="0.6"), judged(Verdict.RULED_OUT, 0.005)),
        (a_registration(Gain="0.03", Chance="0.3"), judged(Verdict.RULED_OUT, 0.015)),
        (a_registration(Chance="0.5"), judged(Verdict.INCONCLUSIVE, 0.0)),
    ]
    found = calibrate("all", "accuracy", past)
    assert found.gains == 3
    assert [found.predicted, found.measured] == pytest.approx([0.03, 0.01])
    assert (found.decided, found.inconclusive) == (3, 1)
    assert [found.stated, found.hits] == pytest.approx([0.575, 1 / 4])
    assert found.brier == pytest.approx((0.01 + 0.36 + 0.09 + 0.25) / 4)
    assert in_words(found) == [
        "You predict 3 times the gain that you measure.",
        "You give your ideas a chance of 57 %, and 25 % of 4 were confirmed.",
    ]


def test_gains_count_over_the_baseline_and_in_one_metric() -> None:
    constant = a_registration(Gain="0.02")._replace(criterion=Criterion.parse("accuracy >= 0.97"))
    other = a_registration(Gain="5")._replace(criterion=Criterion.parse("latency_ms -10"))
    # 0.04 beyond the constant, and 0.01 better than its baseline.
    beyond = judged(Verdict.CONFIRMED, 0.04)._replace(baseline_mean=1.0, candidate_mean=1.01)
    found = calibrate("all", "accuracy", [(constant, beyond), (other, beyond)])
    assert found.gains == 1
    assert [found.predicted, found.measured] == pytest.approx([0.02, 0.01])


def test_too_little_is_put_into_no_words() -> None:
    past = [(a_registration(Gain="0.03", Chance="0.9"), judged(Verdict.CONFIRMED, 0.01))]
    assert in_words(calibrate("all", "accuracy", past)) == []
    assert in_words(calibrate("none", "accuracy", [])) == []
