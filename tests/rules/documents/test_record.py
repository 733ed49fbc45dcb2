from __future__ import annotations

import json
import math
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import canonical, count_newer, sha256
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import LONGEST, Record, parse_records
from gitexp.rules.verdict.pairs import first_good, pair
from gitexp.rules.verdict.verdict import LARGEST_SCORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

unhurried = settings(deadline=None, max_examples=100)


def a_run(seed: int = 1, accuracy: float | None = 0.93, **changes: Any) -> Record:  # noqa: ANN401
    record = Record(
        seed=seed,
        attempt=1,
        condition="c" * 16,
        environment="e" * 64,
        metrics={} if accuracy is None else {"accuracy": accuracy},
        start="2026-01-02T03:04:05+00:00",
        duration=1.5,
        exit=0,
    )
    return record._replace(**changes)


def a_failed_run(seed: int = 1, **changes: Any) -> Record:  # noqa: ANN401 - any field
    return a_run(seed, None, exit=1, failure="exit code 1", **changes)


def note(*records: Record) -> str:
    return "".join(f"{record.line()}\n" for record in records)


_texts = st.text(max_size=20)
_seconds = st.floats(0, 1e9).map(lambda seconds: round(seconds, 3))
_records = st.builds(
    Record,
    seed=st.integers(0, 5),
    attempt=st.integers(1, 3),
    condition=st.sampled_from(("one", "other")),
    environment=st.sampled_from(("x", "y")),
    metrics=st.dictionaries(
        st.sampled_from(("accuracy", "loss", "é\n")),
        st.floats(-LARGEST_SCORE, LARGEST_SCORE),
    ),
    start=st.sampled_from(("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:06+00:00")),
    duration=_seconds,
    exit=st.integers(-64, 255),
    cpu=_seconds,
    memory=st.integers(0, 2**50),
    failure=st.just("") | _texts,
    folder=_texts,
    ids=_texts,
)


# --- one line -----------------------------------------------------------------------------------


def test_a_record_is_one_canonical_line() -> None:
    assert a_run(3, 0.5, failure="x", folder="runs/3").line() == (
        '{"attempt":1,"condition":"cccccccccccccccc","cpu":0.0,"duration":1.5,'
        f'"environment":"{"e" * 64}","exit":0,"failure":"x","folder":"runs/3","memory":0,'
        '"metrics":{"accuracy":0.5},"schema":1,"seed":3,"start":"2026-01-02T03:04:05+00:00"}'
    )


def test_what_is_empty_is_left_out() -> None:
    fields = json.loads(a_run(accuracy=None).line())
    assert not {"metrics", "failure", "folder", "ids"} & fields.keys()
    assert fields["exit"] == 0
    assert fields["cpu"] == 0


@unhurried
@given(_records)
def test_a_line_is_read_back_as_the_record_that_wrote_it(record: Record) -> None:
    line = record.line()
    assert line.isascii()
    assert line.isprintable()
    assert parse_records(line) == [record]
    assert parse_records(line)[0].line() == line
    assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"))


@unhurried
@given(st.permutations(["seed", "note", "a", "Z", "ä"]))
def test_the_order_of_fields_makes_no_other_line_and_no_other_identity(names: list[str]) -> None:
    content = {name: [1, {"x": name}] for name in names}
    expected = {name: [1, {"x": name}] for name in sorted(names)}
    assert canonical(content) == canonical(expected)
    assert sha256(content) == sha256(expected)
    assert sha256(content) != sha256({**content, "a": 2})


def test_a_typical_record_takes_well_under_a_kilobyte() -> None:
    metrics = {f"validation/metric_{number}": math.pi * 10**number for number in range(10)}
    record = a_run(
        99_999,
        metrics=metrics,
        memory=2**40,
        cpu=123456.789,
        duration=123456.789,
        folder="runs/brave-otter/0123456789ab-99999-3",
        failure="the command ended with exit code 1: CUDA out of memory",
    )
    assert len(record.line().encode()) < LONGEST


def test_no_number_that_json_lacks_is_written() -> None:
    for wrong in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="JSON"):
            a_run(accuracy=wrong).line()


# --- a note -------------------------------------------------------------------------------------


def line_with(**changes: Any) -> str:  # noqa: ANN401 - any field
    fields = json.loads(a_run().line()) | changes
    return json.dumps({name: value for name, value in fields.items() if value is not ...})


GARBAGE = (
    "", "not JSON", "{", "[]", "5", "null", '"text"', "{}", "[" * 100_000, '{"a":' * 50_000,
    "<<<<<<< HEAD", "\x00", line_with(schema=2), line_with(schema="1"), line_with(schema=None),
    line_with(schema=...), line_with(seed=...), line_with(seed="one"), line_with(seed=None),
    line_with(seed=math.inf), line_with(attempt=...), line_with(condition=...),
    line_with(environment=...), line_with(start=...), line_with(exit=...), line_with(duration=...),
    line_with(metrics=[1]), line_with(metrics={"accuracy": "high"}), line_with(metrics="x"),
    line_with(metrics={"accuracy": [1]}), line_with(duration=math.nan), line_with(cpu=math.inf),
    line_with(metrics={"accuracy": 10**400}), line_with(memory="lots"), line_with()[:-1],
    line_with(metrics={"accuracy": math.nan}), line_with(metrics={"accuracy": True}),
    line_with(metrics={"accuracy": "nan"}), line_with(metrics={"accuracy": 0.9, "\ud800": 1}),
    line_with(attempt=0), line_with(attempt=True), line_with(attempt=1.0), line_with(attempt="1"),
    line_with(attempt=10**30), line_with(seed=-1), line_with(seed=10**30), line_with(seed=1e400),
    line_with(duration=-1), line_with(duration=True), line_with(start="yesterday"),
    line_with(start="2026-06-30T23:59:60Z"), line_with(start="0000-01-01T00:00:00Z"),
    line_with(start="2026-01-01T00:00:00"), line_with(start="12026-01-01T00:00:00Z"),
    line_with(purpose="win"), line_with(attempt=-1),
    line_with(failure="\ud800"), line_with(failure=["x"]), line_with(kind=["x"]),
    line_with(kind={}), line_with(kind=""), line_with(kind=None), line_with() + "\r",
    line_with().replace('"attempt": 1', '"attempt": 1, "attempt": 1'),
    "x\x1c" + line_with(), "x\u2028" + line_with(), "x\r" + line_with(),
    a_run().line() + a_run().line(), "9" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("line", GARBAGE, ids=range(len(GARBAGE)))
def test_a_line_that_is_no_record_of_this_schema_is_left_out(line: str) -> None:
    assert parse_records(line) == []
    assert parse_records(f"{a_run(1).line()}\n{line}\n{a_run(2).line()}") == [a_run(1), a_run(2)]


@unhurried
@given(
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(st.sampled_from(("schema", "seed", "metrics")), x)
        ),
    ).map(json.dumps)
)
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(isinstance(record, Record) for record in parse_records(text))


def test_fields_of_a_later_release_do_no_harm() -> None:
    assert parse_records(line_with(gpu="A100", extra={"deep": [1]})) == [a_run()]


def test_metrics_beyond_all_scores_are_dropped_and_the_others_kept() -> None:
    (record,) = parse_records(line_with(metrics={"accuracy": 0.9, "mse": 1e301, "f1": 1}))
    assert record.metrics == {"accuracy": 0.9, "f1": 1.0}


def test_only_what_was_run_as_a_run_is_evidence() -> None:
    text = note(a_run(), a_run(purpose=Purpose.CANARY), a_run(purpose=Purpose.NEUTRAL))
    assert [record.purpose for record in parse_records(text)] == [Purpose.RUN]
    assert parse_records(text, Purpose.CANARY) == [a_run(purpose=Purpose.CANARY)]
    assert len(parse_records(text, None)) == 3


def test_a_line_that_a_merge_doubled_counts_once() -> None:
    assert parse_records(note(a_run(1), a_run(2), a_run(1))) == [a_run(1), a_run(2)]


# --- which attempt counts -----------------------------------------------------------------------


def test_the_first_attempt_counts_and_not_the_best() -> None:
    first, better = a_run(1, 0.5, attempt=1), a_run(1, 0.9, attempt=2)
    for records in ([first, better], [better, first]):
        assert first_good(records, [1], "accuracy") == {1: first}


def test_a_failed_attempt_leaves_its_place_to_the_next() -> None:
    records = [a_failed_run(1, attempt=1), a_run(1, 0.5, attempt=2), a_run(1, 0.9, attempt=3)]
    assert first_good(records, [1], "accuracy") == {1: records[1]}


def test_an_attempt_without_the_metric_leaves_its_place_to_the_next() -> None:
    other = a_run(1, None, metrics={"loss": 1.0})
    again = a_run(1, 0.5, attempt=2)
    assert first_good([again, other], [1], "accuracy") == {1: again}
    assert first_good([again, other], [1], "loss") == {1: other}
    assert first_good([again, other], [1], "f1") == {}


def test_of_two_machines_first_attempts_the_earlier_counts() -> None:
    early = a_run(1, 0.5, start="2026-01-02T03:04:05+00:00")
    late = a_run(1, 0.9, start="2026-01-02T03:04:06+00:00")
    assert first_good([late, early], [1], "accuracy") == {1: early}


def test_attempts_of_one_second_stand_in_the_same_order_wherever_they_are_read() -> None:
    one, other = a_run(1, 0.5), a_run(1, 0.9)
    assert first_good([one, other], [1], "accuracy") == first_good([other, one], [1], "accuracy")
    one, other = a_run(1, condition="a"), a_run(1, condition="b")
    assert first_good([one, other], [1], "accuracy") == first_good([other, one], [1], "accuracy")


def test_only_wanted_seeds_and_conditions_count() -> None:
    records = [a_run(1, condition="a"), a_run(1, 0.5, condition="b", attempt=2), a_run(2)]
    assert first_good(records, [1], "accuracy", ["b"]) == {1: records[1]}
    assert first_good(records, [3], "accuracy") == {}


# --- pairs --------------------------------------------------------------------------------------


def paired(
    seeds: Sequence[int], baseline: Iterable[Record], candidate: Iterable[Record]
) -> tuple[list[tuple[int, float, float]], list[int]]:
    """Pairs as seed and both scores; each of two runs of one seed."""
    pairs, failed = pair(seeds, baseline, candidate, "accuracy")
    assert all(one.seed == other.seed for one, other in pairs)
    return [
        (one.seed, one.metrics["accuracy"], other.metrics["accuracy"]) for one, other in pairs
    ], failed


def test_runs_are_paired_by_seed_and_not_by_order() -> None:
    baseline = [a_run(seed, seed / 10) for seed in (1, 2, 3)]
    candidate = [a_run(seed, seed / 10 + 0.05) for seed in (3, 1, 2)]
    assert paired([1, 2, 3], baseline, candidate) == (
        [(1, 0.1, 0.1 + 0.05), (2, 0.2, 0.2 + 0.05), (3, 0.3, 0.3 + 0.05)],
        [],
    )


def test_runs_of_different_conditions_are_no_pair() -> None:
    baseline = [a_run(1, 0.1, condition="cpu"), a_run(2, 0.2, condition="gpu")]
    candidate = [a_run(1, 0.3, condition="gpu"), a_run(2, 0.4, condition="gpu")]
    assert paired([1, 2], baseline, candidate) == ([], [])
    baseline.append(a_run(1, 0.15, condition="gpu", attempt=2))
    assert paired([1, 2], baseline, candidate)[0] == [(1, 0.15, 0.3), (2, 0.2, 0.4)]


def test_each_pair_has_a_condition_of_its_own() -> None:
    baseline = [
        a_run(seed, seed + part, condition=condition)
        for seed in (1, 2)
        for condition, part in (("cpu", 0.1), ("gpu", 0.2))
    ]
    candidate = [a_run(1, 3.0, condition="cpu"), a_run(2, 4.0, condition="gpu")]
    assert paired([1, 2], baseline, candidate)[0] == [(1, 1.1, 3.0), (2, 2.2, 4.0)]


def test_pairs_end_at_the_first_seed_that_is_missing() -> None:
    baseline = [a_run(seed) for seed in (1, 2, 3, 4)]
    candidate = [a_run(seed) for seed in (1, 2, 4)]
    assert [seed for seed, *_ in paired([1, 2, 3, 4], baseline, candidate)[0]] == [1, 2]
    assert [seed for seed, *_ in paired([1, 2, 3, 4], candidate, baseline)[0]] == [1, 2]


def test_candidate_seeds_that_only_ever_failed_are_named() -> None:
    baseline = [a_failed_run(4), *(a_run(seed) for seed in (1, 2, 3))]
    candidate = [
        a_run(1), a_failed_run(2), a_failed_run(2, attempt=2), a_failed_run(3),
        a_run(3, attempt=2), a_failed_run(9),
    ]  # fmt: skip
    pairs, failed = paired([1, 2, 3, 4], baseline, candidate)
    assert [seed for seed, *_ in pairs] == [1]
    assert failed == [2]


def shuffled_and_doubled(records: Sequence[Record], rng: random.Random) -> str:
    lines = note(*records).splitlines()
    lines += rng.sample(lines, len(lines) // 2)
    rng.shuffle(lines)
    return "\n".join(lines)


@settings(deadline=None, max_examples=200)
@given(st.lists(_records, max_size=25), st.lists(_records, max_size=25), st.integers(0, 2**32))
def test_merged_doubled_and_shuffled_notes_give_the_same_pairs(
    baseline: list[Record], candidate: list[Record], seed: int
) -> None:
    rng = random.Random(seed)
    expected = paired(range(6), baseline, candidate)
    found = paired(
        range(6),
        parse_records(shuffled_and_doubled(baseline, rng)),
        parse_records(shuffled_and_doubled(candidate, rng)),
    )
    assert found == expected


@unhurried
@given(st.lists(_records, max_size=25), st.lists(_records, max_size=25))
def test_pairs_are_a_gapless_beginning_of_the_seeds_each_in_one_condition(
    baseline: list[Record], candidate: list[Record]
) -> None:
    pairs, failed = paired(range(6), baseline, candidate)
    assert [seed for seed, *_ in pairs] == list(range(len(pairs)))
    for seed, before, after in pairs:
        assert any(
            (one.seed, one.metrics.get("accuracy"), other.metrics.get("accuracy"))
            == (seed, before, after)
            and one.seed == other.seed
            and one.condition == other.condition
            and one.ok
            and other.ok
            for one in baseline
            for other in candidate
        )
    assert not {seed for seed, *_ in pairs} & set(failed)


def test_a_thousand_seeds_are_paired_at_once() -> None:
    runs = [a_run(seed, seed / 1000) for seed in range(1000)]
    pairs, _ = paired(range(1000), runs, reversed(runs))
    assert pairs == [(seed, seed / 1000, seed / 1000) for seed in range(1000)]


def test_the_schema_is_the_one_that_notes_are_written_in() -> None:
    assert json.loads(a_run().line())["schema"] == Kind.RECORD.schema == 1


# --- schemas ------------------------------------------------------------------------------------

# Written by the first gitexp. No later one may read it otherwise, or lose it.
FIRST = (
    '{"attempt":2,"commit":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","condition":"9f3c2a",'
    '"cpu":60.5,"duration":61.25,"environment":"e3b0c442","exit":0,"explore":"a look",'
    '"folder":"runs/4b825dc642cb/7-2","ids":"0a1b","memory":1073741824,'
    '"metrics":{"accuracy":0.93,"loss":0.21},"schema":1,"seed":7,"start":"2026-11-01T08:00:00Z"}'
)


def test_a_record_of_the_first_schema_is_read_for_ever() -> None:
    expected = Record(
        seed=7, attempt=2, condition="9f3c2a", environment="e3b0c442",
        metrics={"accuracy": 0.93, "loss": 0.21}, start="2026-11-01T08:00:00Z", duration=61.25,
        exit=0, cpu=60.5, memory=1 << 30, explore="a look", folder="runs/4b825dc642cb/7-2",
        commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904", ids="0a1b",
    )  # fmt: skip
    assert parse_records(FIRST) == [expected]
    least = '{"attempt":1,"condition":"","duration":1,"environment":"","exit":1,"schema":1,'
    [failed] = parse_records(
        least + '"failure":"exit code 1","seed":1,"start":"2026-11-01T08:00:00Z"}'
    )
    assert (failed.ok, failed.failure, failed.metrics) == (False, "exit code 1", {})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], {}),
        ([FIRST], {}),
        ([FIRST, FIRST.replace('"schema":1', '"schema":2')], {2: 1}),
        (
            ['{"schema":2}', '{"schema": 2, "text": "\\"schema\\":9"}', '{"schema":13}'],
            {2: 2, 13: 1},
        ),
        (['{"schema":"2"}', '{"schema":2.5}', '{"schema":true}', '{"schema":0}', "[2]", "{"], {}),
        (['{"note":"\\"schema\\":1,","schema":2}'], {2: 1}),
    ],
)
def test_lines_of_a_newer_gitexp_are_counted_and_read_as_nothing(
    lines: list[str], expected: dict[int, int]
) -> None:
    text = "\n".join(lines)
    assert count_newer(text) == expected
    assert parse_records(text) == parse_records(FIRST if FIRST in lines else "")
