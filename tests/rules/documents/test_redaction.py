"""What redaction takes out of lines, and that no merge brings it back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.rules.documents.lines import canonical, sha256
from gitexp.rules.documents.outcomes import Outcomes, outcomes_line, parse_outcomes
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.redaction import Sought, redact_note, still_holds
from gitexp.rules.documents.shape import MASK
from gitexp.rules.documents.tombstones import merge_lines

SECRET = "hunter2"


def a_record(**changes: Any) -> str:  # noqa: ANN401
    fields: dict[str, Any] = {
        "seed": 1, "attempt": 1, "condition": "c", "environment": "e", "metrics": {"accuracy": 0.9},
        "start": "2026-11-25T10:00:00.000Z", "duration": 1.0, "exit": 0, "commit": "a" * 40,
    }  # fmt: skip
    return Record(**(fields | changes)).line()


def redacted(text: str, value: str = SECRET, key: str = "") -> list[str]:
    return redact_note(text, Sought(value, key), {})[0]


def content(lines: list[str]) -> list[dict[str, Any]]:
    """The lines that are no tombstones, parsed."""
    parsed = [json.loads(line) for line in lines]
    return [line for line in parsed if line.get("kind") != "redacted"]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (a_record(failure=f"cannot log in as {SECRET}!"), {"failure": f"cannot log in as {MASK}!"}),
        (a_record(explore=SECRET), {"explore": MASK}),
        (a_record(folder=f"runs/{SECRET}"), {"folder": f"runs/{MASK}"}),
        ('{"kind":"parameters","schema":1,"values":{"c.toml":{"db.user":"hunter2","n":1}}}',
         {"values": {"c.toml": {"db.user": MASK, "n": 1}}}),
        ('{"condition":"c","kind":"environment","schema":1,"command":"run --as hunter2"}',
         {"command": f"run --as {MASK}"}),
        ('{"kind":"log","schema":1,"seed":1,"attempt":1,"condition":"c","stderr":"","stdout":"hunter2"}',
         {"stdout": MASK}),
        # In a list, as a key, and as the name of a nested object.
        ('{"kind":"x","schema":1,"deep":[{"hunter2":1},"hunter2"]}',
         {"deep": [{MASK: 1}, MASK]}),
    ],
)  # fmt: skip
def test_a_value_is_masked_and_nothing_else_changes(line: str, left: dict[str, Any]) -> None:
    lines = redacted(f"{line}\n{a_record(seed=2)}\n")
    assert SECRET not in "\n".join(lines)
    changed = [c for c in content(lines) if c.get("seed") != 2]
    assert changed == [json.loads(line) | left | {"redacted": 1}]
    assert a_record(seed=2) in lines


def test_what_was_measured_is_never_masked() -> None:
    line = a_record(metrics={SECRET: 0.5}, condition=SECRET, failure=SECRET)
    lines = redacted(line)
    [left] = parse_records("\n".join(lines))
    [before] = parse_records(line)
    assert left.failure == MASK
    assert (left.metrics, left.condition, left.seed) == (
        before.metrics, before.condition, before.seed,
    )  # fmt: skip
    assert any(still_holds(line, Sought(SECRET)) for line in lines)


@pytest.mark.parametrize("value", ["1", "0.9", "2026", "12"])
def test_digits_inside_of_a_number_are_no_occurrence(value: str) -> None:
    bulk = '{"kind":"parameters","schema":1,"values":{"c.toml":{"n":123,"s":"123","t":"0.95"}}}'
    assert redacted(f"{bulk}\n{a_record()}", value) == merge_lines(bulk, a_record())


def test_a_number_is_masked_where_it_is_the_value() -> None:
    bulk = '{"kind":"parameters","schema":1,"values":{"c.toml":{"n":4711,"s":"4711"}}}'
    [left] = content(redacted(bulk, "4711"))
    assert left["values"]["c.toml"] == {"n": MASK, "s": MASK}


def test_a_key_gives_up_whatever_it_holds() -> None:
    values = {"c.toml": {"db.user": "ada", "user": [1], "users": 2}}
    bulk = canonical({"kind": "parameters", "schema": 1, "values": values})
    [left] = content(redacted(bulk, "", "user"))
    assert left["values"]["c.toml"] == {"db.user": MASK, "user": MASK, "users": 2}
    assert redacted("\n".join(redacted(bulk, "", "user")), "", "user") == redacted(bulk, "", "user")


def test_predictions_are_masked_inside_of_their_compressed_text() -> None:
    outcomes = Outcomes(
        ("ada-1", "ada-2", "bob"), {"y_true": ("ada", "b", "b"), "y_pred": ("b", "ada", "b")}, 3
    )
    line = canonical(outcomes_line(outcomes, seed=1, attempt=1, condition="c"))
    lines = redacted(line, "ada")
    [left] = parse_outcomes("\n".join(lines)).values()
    assert left.ids == (f"{MASK}-1", f"{MASK}-2", "bob")
    assert left.columns == {"y_true": (MASK, "b", "b"), "y_pred": ("b", MASK, "b")}
    assert merge_lines("\n".join(lines), line) == lines


def test_records_cite_an_environment_that_was_redacted_by_its_new_hash() -> None:
    environment = {"kind": "environment", "schema": 1, "condition": "c", "command": SECRET}
    record = a_record(environment=sha256(environment))
    names: dict[str, str] = {}
    bulk, _ = redact_note(canonical(environment), Sought(SECRET), names)
    lines, changed = redact_note(record, Sought(SECRET), names)
    assert changed == 1
    [left] = parse_records("\n".join(lines))
    assert left.environment == sha256(content(bulk)[0])
    assert sha256(environment) not in "\n".join([*bulk, *lines])
    assert merge_lines(record, "\n".join(lines)) == lines


def test_a_line_that_is_no_json_goes_as_a_whole() -> None:
    lines = redacted(f"by hand: {SECRET}\nby hand: nothing")
    assert "by hand: nothing" in lines
    assert SECRET not in "\n".join(lines)
    assert merge_lines("\n".join(lines), f"by hand: {SECRET}") == lines


# --- merging ------------------------------------------------------------------------------------

OLD = [a_record(seed=seed, failure=f"{SECRET} {seed}") for seed in (1, 2)] + [a_record(seed=3)]


def test_an_old_clone_brings_nothing_back() -> None:
    clean = redacted("\n".join(OLD))
    assert merge_lines("\n".join(OLD), "\n".join(clean)) == clean
    assert len(parse_records("\n".join(clean))) == 3


def test_what_was_redacted_is_masked_anew_where_its_own_line_was_lost() -> None:
    stones = [line for line in redacted("\n".join(OLD)) if '"kind":"redacted"' in line]
    lines = merge_lines(*OLD, *stones)
    assert SECRET not in "\n".join(lines)
    assert {r.seed: r.failure for r in parse_records("\n".join(lines))} == {1: MASK, 2: MASK, 3: ""}


@pytest.mark.parametrize("second", ["2", "ada"], ids=["the same field", "another field"])
def test_redacting_twice_keeps_both_out(second: str) -> None:
    line = a_record(failure=f"{SECRET} and v2", explore="ada said so")
    value = {"2": "v2", "ada": "ada"}[second]
    first = redacted(line)
    both = redacted("\n".join(first), value)
    for others in ([line], first, [line, *first]):
        lines = merge_lines(*both, *others)
        assert len(content(lines)) == 1
        assert SECRET not in "\n".join(lines)
        assert value not in "\n".join(lines)


@pytest.mark.parametrize(
    "stone",
    [
        '{"kind":"redacted","schema":1,"line":"%s"}',
        '{"kind":"redacted","schema":1,"number":9,"paths":[["metrics"]],"rest":"%s"}',
        '{"kind":"redacted","schema":1,"number":9,"paths":[["seed"],["failure"]],"rest":"%s"}',
        '{"kind":"redacted","schema":1,"number":9,"paths":[[]],"rest":"%s"}',
        '{"kind":"redacted","schema":1,"number":9,"paths":[],"rest":"%s"}',
        '{"kind":"redacted","schema":2,"number":9,"paths":[["failure"]],"rest":"%s"}',
        '{"kind":"redacted","schema":1,"number":"9","paths":[["failure"]],"rest":"%s"}',
        '{"kind":"redacted","schema":1,"number":9,"paths":[["failure",{"a":1}]],"rest":"%s"}',
        '{"kind":"redacted","schema":1}',
        '{"kind":"redacted","schema":1,',
    ],
)
def test_no_tombstone_takes_a_result_away(stone: str) -> None:
    import hashlib

    line = a_record(failure="it failed")
    for paths in (("metrics",), ("seed", "failure"), ("failure",), ()):
        fields = json.loads(line) | dict.fromkeys(paths)
        for rest in (sha256(fields), hashlib.sha256(line.encode()).hexdigest()):
            text = stone % rest if "%s" in stone else stone
            assert line in merge_lines(line, text)


def test_a_tombstone_of_a_stranger_can_blank_a_text_and_no_more() -> None:
    line = a_record(failure="it failed")
    rest = sha256(json.loads(line) | {"failure": None})
    stone = canonical(
        {"kind": "redacted", "schema": 1, "number": 1, "paths": [["failure"]], "rest": rest}
    )
    [record] = parse_records("\n".join(merge_lines(line, stone)))
    assert record.failure == MASK
    assert record.metrics == {"accuracy": 0.9}


_TEXTS = st.text('ab[]"\\{}:, 12é\u2028', max_size=12)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 12) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_LINES = st.dictionaries(_TEXTS, _VALUES, max_size=3).map(
    lambda fields: canonical({"kind": "x", "schema": 1} | fields)
)
_NOTES = st.lists(_LINES | _TEXTS.filter(lambda text: text.strip() == text), max_size=4)


@given(_NOTES, _NOTES, st.sampled_from(["a", "ab", "12", "é"]), st.sampled_from(["b", "12"]))
def test_whatever_stands_in_notes_merging_loses_none_and_redaction_holds(
    ours: list[str], theirs: list[str], value: str, other: str
) -> None:
    lines = {line for line in (*ours, *theirs) if line.strip()}
    merged = merge_lines("\n".join(ours), "\n".join(theirs))
    assert {*merged} == lines
    assert merged == merge_lines("\n".join(theirs), "\n".join(ours)) == merge_lines(*merged)
    clean, changed = redact_note("\n".join(merged), Sought(value), {})
    again = merge_lines("\n".join(clean), "\n".join(ours), "\n".join(theirs))
    assert again == clean
    assert redact_note("\n".join(clean), Sought(value), {}) == (clean, 0)
    assert changed or clean == merged
    twice, _ = redact_note("\n".join(clean), Sought(other), {})
    assert merge_lines(*twice, *clean, *ours, *theirs) == twice
