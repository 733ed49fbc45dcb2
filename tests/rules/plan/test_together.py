"""One estimate for several tests of a change."""

from __future__ import annotations

import pytest

from gitexp.rules.plan.together import say_together, together
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.plan.arrange import a_precedent

RISE = Criterion.parse("accuracy +0.005")
FIRST = a_precedent("first", "C = 1 -> 2", Verdict.INCONCLUSIVE, 0.004)
SECOND = a_precedent("second", "C = 1 -> 2", Verdict.INCONCLUSIVE, 0.008)


def test_tests_that_share_no_runs_are_pooled_and_called_an_estimate() -> None:
    found = together(RISE, [FIRST, SECOND])
    assert found is not None
    assert (found.pairs, found.experiments) == (10, 2)
    assert found.effect == pytest.approx(0.006)
    assert found.upper - found.effect == pytest.approx(found.effect - found.lower)
    said = say_together(found, RISE)
    assert said.startswith("together accuracy +0.0060 [")
    assert said.endswith("(95 %; 2 experiments, 10 pairs): an estimate, not a verdict")


def test_folds_are_the_same_data_on_every_baseline() -> None:
    folds = [
        one._replace(registration=one.registration._replace(rules=2)) for one in (FIRST, SECOND)
    ]
    found = together(RISE, folds)
    assert found is not None
    assert (found.pairs, found.experiments) == (5, 1)


def test_only_tests_of_the_same_measure_are_pooled() -> None:
    assert together(Criterion.parse("loss -0.1"), [FIRST]) is None
    assert together(Criterion.parse("accuracy +2%"), [FIRST]) is None
    assert together(RISE, []) is None
    nothing = FIRST._replace(judgement=FIRST.judgement._replace(effect=None))
    assert together(RISE, [nothing]) is None


def test_where_lower_is_better_the_change_of_the_metric_is_given() -> None:
    fall = Criterion.parse("loss -0.005")
    tests = [
        one._replace(registration=one.registration._replace(criterion=fall))
        for one in (FIRST, SECOND)
    ]
    found = together(fall, tests)
    assert found is not None
    shown = found.as_change(fall)
    assert shown.effect == pytest.approx(-0.006)
    assert shown.lower < shown.effect < shown.upper
