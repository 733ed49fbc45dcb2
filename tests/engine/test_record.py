"""What of a record is kept where its line would be too long."""

from __future__ import annotations

from gitexp.engine.record import shorten
from gitexp.rules.documents.record import LONGEST
from tests.rules.verdict.test_objections import a_run


def test_the_metric_and_the_rate_stay_in_a_record_that_has_too_many_metrics() -> None:
    many = {f"m{n}": float(n) for n in range(150)}
    judged = {"accuracy": 0.9, "steps_per_second": 40.0}
    record, rest = shorten(a_run(1, 0.9)._replace(metrics=many | judged, pair="e" * 40), "accuracy")
    assert len(record.line()) <= LONGEST
    assert judged.items() <= record.metrics.items()
    assert {**record.metrics, **rest[0]["values"]} == many | judged
