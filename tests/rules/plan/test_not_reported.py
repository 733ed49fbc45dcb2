"""What success is said to be is questioned before anything runs for it."""

from __future__ import annotations

import pytest

from gitexp.rules.plan.design import not_reported, registration_for, unguarded
from gitexp.rules.verdict.criterion import Criterion, Guard
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


@pytest.mark.parametrize(
    ("success", "guards", "hint"),
    [
        ("accuracy +0.01", (), None),
        ("accuracy >= 0.97", (), None),
        ("seconds -5%", ("accuracy -0.01",), None),
        ("seconds -5%", ("loss +0.01",), "--guard 'accuracy -0.005'"),
    ],
)
def test_a_success_that_leaves_the_projects_metric_out_is_questioned(
    success: str, guards: tuple[str, ...], hint: str | None
) -> None:
    registration = registration_for(
        some_settings(), criterion=Criterion.parse(success), first_seed=1, campaign=1, level=0.005,
        guards=tuple(map(Guard.parse, guards)),
    )  # fmt: skip
    finding = unguarded(registration, some_settings())
    assert (finding and (finding.id, finding.advice, finding.hint)) == (hint and ("S5", True, hint))
