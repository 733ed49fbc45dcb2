"""A mistyped metric is questioned before anything runs for it."""

from __future__ import annotations

import pytest

from gitexp.rules.plan.design import not_reported
from tests.rules.plan.test_standing import record, some_settings


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("accuracy", None),  # the settings' own
        ("loss", None),
        ("los", "did you mean loss?"),
        ("f1", "they reported loss, recall"),
    ],
)
def test_a_metric_that_the_baseline_did_not_report_is_questioned(
    metric: str, said: str | None
) -> None:
    ran = record(1, 0.9)._replace(metrics={"loss": 0.1, "recall": 0.8})
    finding = not_reported(metric, some_settings(), [ran])
    assert (finding and (finding.id, finding.advice, finding.hint)) == (said and ("S4", True, said))
    assert not_reported(metric, some_settings(), []) is None
