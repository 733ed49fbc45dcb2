"""Starts of attempts, and the records of those that were stopped."""

from __future__ import annotations

import pytest

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.lines import canonical, parse_object
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.start import Start, parse_starts, without_end

COMMIT = "c" * 40
START = Start(
    COMMIT, 3, 2, "2026-11-29T10:00:00.000Z", host="h", boot="b", clone="k", batch="a1",
    condition="9f3c2a", scheduler="SLURM 4711", project="ml", purpose=Purpose.CANARY,
    explore="a try",
)  # fmt: skip


def test_a_start_is_read_as_it_was_written() -> None:
    assert parse_starts(START.line()) == [START]
    bare = START._replace(
        boot="", condition="", scheduler="", project="", purpose=Purpose.RUN, explore=""
    )
    assert parse_starts(bare.line()) == [bare]


@pytest.mark.parametrize("field", ["commit", "seed", "attempt", "start", "host", "clone", "batch"])
@pytest.mark.parametrize("value", [None, [], {}, "x" * 3 + "\0", 1.5e300])
def test_a_start_that_lacks_or_distorts_a_field_ends_nothing(field: str, value: object) -> None:
    content = parse_object(START.line()) or {}
    lacking = canonical({name: content[name] for name in content if name != field})
    parse_starts(canonical(content | {field: value}))
    assert parse_starts(lacking) == []


@pytest.mark.parametrize("ended", [Ended.ABORT, Ended.FREED, Ended.SCHEDULER, Ended.REBOOT])
def test_the_record_of_a_stopped_attempt_is_its_end_and_no_measurement(ended: Ended) -> None:
    record = START.ended_early(ended, 2.5)
    [again] = parse_records(record.line(), None)
    assert again == record
    assert not again.ok
    assert not again.end.by_itself
    assert (again.batch, again.duration, again.failure != "") == ("a1", 2.5, True)
    assert without_end(START.line(), COMMIT) == [START]
    assert without_end(f"{START.line()}\n{record.line()}", COMMIT) == []


def test_only_the_same_attempt_of_the_same_start_ends_it() -> None:
    record = START.ended_early(Ended.ABORT)
    for other in (
        record._replace(seed=4),
        record._replace(attempt=1),
        record._replace(start="2026-11-29T10:00:00.001Z"),
    ):
        assert without_end(f"{START.line()}\n{other.line()}", COMMIT) == [START]
    assert without_end(START.line(), "d" * 40) == []  # a copy in another commit's note
