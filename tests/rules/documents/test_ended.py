"""How attempts end, as new records say it and as those of version 0.1.0 do."""

from __future__ import annotations

import pytest

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.lines import canonical, parse_object
from gitexp.rules.documents.record import parse_records
from tests.rules.documents.test_record import a_failed_run, a_run

OUTSIDE = {Ended.ABORT, Ended.FREED, Ended.SCHEDULER, Ended.REBOOT}


@pytest.mark.parametrize(
    ("failure", "ended"),
    [
        ("the command ended with exit code 3", Ended.EXIT),
        ("killed by SIGKILL", Ended.SIGNAL),
        ("stopped after the timeout of 5 s", Ended.TIMEOUT),
        ("no metric accuracy was reported; it reported loss", Ended.METRIC),
        ("accuracy is nan", Ended.METRIC),
        ("the metrics file cannot be read: m.json", Ended.METRIC),
        ("no predictions were written to p.csv", Ended.PREDICTIONS),
        ("the predictions cannot be read: no column id", Ended.PREDICTIONS),
        ("R1: code was loaded from outside the checkout: /x", Ended.RULE),
        ("R2: declared data changed while it ran", Ended.RULE),
    ],
)
def test_a_record_without_the_field_says_it_in_its_text(failure: str, ended: Ended) -> None:
    record = a_run(accuracy=None, failure=failure)
    assert '"ended"' not in record.line()
    assert parse_records(record.line())[0].end is ended
    assert ended.by_itself


@pytest.mark.parametrize("ended", Ended)
def test_every_way_is_written_and_read(ended: Ended) -> None:
    record = a_run(failure=str(ended), ended=ended)
    [again] = parse_records(record.line())
    assert again.end is ended
    assert again.ok is (ended is Ended.WELL)
    assert ended.by_itself is (ended not in OUTSIDE | {Ended.WELL})


@pytest.mark.parametrize("ended", ["later", 1, ["exit"], {"exit": 1}])
def test_a_way_that_nobody_knows_is_no_record(ended: object) -> None:
    content = parse_object(a_failed_run().line()) or {}
    assert parse_records(canonical(content | {"ended": ended})) == []
