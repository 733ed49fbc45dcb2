"""Lines of notes: stored bytes stay as they are, and nothing that is pushed can raise."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.documents.check import Check, parse_checks
from gitexp.rules.documents.example_spread import ExampleSpread, parse_spreads
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.holdout import Opening, parse_openings
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import (
    LONGEST_LINE,
    canonical,
    count_lines,
    kind_of,
    parse_line,
    parse_object,
    read_contents,
    stamped,
    write_line,
)
from gitexp.rules.documents.outcomes import Outcomes, parse_outcomes
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.redaction import Sought, redact_note, still_holds
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.documents.tombstones import Tombstones, merge_lines

unhurried = settings(deadline=None, max_examples=100)

COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
# As version 0.1.0 wrote them: these bytes lie in repositories.
STORED = {
    Kind.RECORD: '{"attempt":1,"commit":"' + COMMIT + '","condition":"9f3c2a","cpu":60.5,'
    '"duration":61.25,"environment":"e3b0c442","exit":0,"folder":"runs/4b825dc642cb/7-1",'
    '"ids":"0a1b","memory":1073741824,"metrics":{"accuracy":0.93},"schema":1,"seed":7,'
    '"start":"2026-11-01T08:00:00.000Z"}',
    Kind.EXAMPLES: '{"count":500,"inputs":"0123456789abcdef","kind":"examples","pairs":5,'
    '"schema":1,"variance":1.25e-05}',
    Kind.HOLDOUT: '{"commit":"' + COMMIT + '","kind":"holdout","metrics":{"accuracy":0.91},'
    '"number":2,"schema":1,"seed":7,"start":"2026-11-01T08:00:00Z","why":"the paper"}',
    Kind.START: '{"attempt":1,"batch":"5f1d09c2","boot":"77aa01","clone":"c0ffee",'
    '"commit":"' + COMMIT + '","host":"beef02","kind":"start","schema":1,"seed":7,'
    '"start":"2026-11-01T08:00:00.000Z"}',
    Kind.CHECK: '{"changed":["host a -> b"],"commit":"' + COMMIT + '","condition":"9f3c2a",'
    '"found":"moved","kind":"check","schema":1,"scores":[0.93,0.94,0.94],"seed":7,'
    '"start":"2026-11-01T08:00:00.000Z"}',
    Kind.REMARK: '{"by":"Ada Tester","commit":"' + COMMIT + '","kind":"remark","schema":1,'
    '"text":"the paper was retracted","time":"2026-11-01T08:00:00.000Z","withdraws":true}',
    Kind.ARTIFACT: '{"attempt":1,"condition":"9f3c2a","kind":"artifact","path":"model.pkl",'
    '"schema":1,"seed":7,"sha256":"0a1b","size":1024}',
    Kind.ENVIRONMENT: '{"condition":"9f3c2a","kind":"environment","packages":{"numpy":"2.1"},'
    '"python":"3.11.4","schema":1}',
    Kind.PARAMETERS: '{"kind":"parameters","schema":1,"values":{"model.C":10}}',
    Kind.METRICS: '{"attempt":1,"condition":"9f3c2a","kind":"metrics","schema":1,"seed":7,'
    '"values":{"f1":0.9}}',
    Kind.OUTCOMES: '{"attempt":1,"condition":"9f3c2a","count":2,"data":"eNrLTNFJ1Eni5aqMLykqTdUx'
    '1DEAsQuKUlN0DEBsAJtNCLo=","ids":"facdde7abf1e","kind":"outcomes","rows":2,"schema":1,'
    '"seed":7}',
    Kind.SERIES: '{"attempt":1,"condition":"9f3c2a","kind":"series","schema":1,"seed":7,'
    '"steps":[10,20],"values":{"loss":[0.5,0.25]}}',
    Kind.SAMPLE: '{"kind":"sample","sample":0.5,"schema":1,"seed":7,"values":{"accuracy":0.9}}',
    Kind.LOG: '{"attempt":1,"condition":"9f3c2a","kind":"log","schema":1,"seed":7,"stderr":"",'
    '"stdout":"epoch 1\\n"}',
    Kind.TOMBSTONE: '{"kind":"redacted","number":1,"paths":[["folder"]],"rest":"ab12","schema":1}',
}


def test_every_kind_has_a_stored_line() -> None:
    assert STORED.keys() == {*Kind}


@pytest.mark.parametrize("kind", Kind)
def test_a_stored_line_is_read_and_written_to_the_byte(kind: Kind) -> None:
    line = STORED[kind]
    content = parse_line(line)
    assert content is not None
    assert kind_of(content) is kind
    assert canonical(content) == line
    fields = {name: value for name, value in content.items() if name not in {"kind", "schema"}}
    assert write_line(kind, fields) == canonical(stamped(kind, fields)) == line
    assert [*read_contents("\n".join(STORED.values()), kind)] == [content]
    assert kind.mark in line


def test_stored_lines_become_what_they_were_written_from() -> None:
    note = "\n".join(STORED.values())
    [record] = parse_records(note)
    assert record.line() == STORED[Kind.RECORD]
    [spread] = parse_spreads(note)
    assert spread == ExampleSpread(5, "0123456789abcdef", 500, 1.25e-05)
    assert spread.line() == STORED[Kind.EXAMPLES]
    [opening] = parse_openings(note)
    metrics = {"accuracy": 0.91}
    assert opening == Opening(COMMIT, 7, 2, "2026-11-01T08:00:00Z", "the paper", metrics)
    assert opening.line() == STORED[Kind.HOLDOUT]
    [start] = parse_starts(note)
    assert (start.seed, start.attempt, start.start) == (record.seed, record.attempt, record.start)
    assert start.line() == STORED[Kind.START]
    [check] = parse_checks(note, COMMIT)
    assert check.scores == (0.93, 0.94, 0.94)
    assert check.line() == STORED[Kind.CHECK]
    assert parse_checks(note, "d" * 40) == []
    assert parse_outcomes(note) == {
        (7, 1, "9f3c2a"): Outcomes(("a", "b"), {"y_true": ("1", "0"), "y_pred": ("0", "0")}, 2)
    }


def test_checks_come_in_the_order_in_which_they_were_found_wherever_their_lines_are() -> None:
    found = [
        Check(COMMIT, Found.OFF, "2026-11-01T08:00:00Z"),
        Check(COMMIT, Found.MOVED, "2026-11-01T11:00:00+02:00", 1, "c", (0.9, 0.8, 0.8)),
        Check(COMMIT, Found.MOVED, "2026-11-01T10:00:00Z", 1, "c", (0.9, 0.7, 0.7)),
        Check(COMMIT, Found.MOVED, "2026-11-01T10:00:00Z", 2, "c", (0.9, 0.7, 0.7)),
    ]
    for lines in itertools.permutations(check.line() for check in found):
        assert parse_checks("\n".join(lines), COMMIT) == found


# --- anything at all ----------------------------------------------------------------------------

_NAMES = st.sampled_from(
    (
        "attempt", "commit", "condition", "count", "data", "duration", "environment", "exit",
        "inputs", "kind", "line", "metrics", "number", "pairs", "paths", "redacted", "rest", "rows",
        "schema", "seed", "start", "values", "variance",
    )
)  # fmt: skip
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from((1, 2, 10**400, 1e308, *(kind.value for kind in Kind), "eNrLTNFJ1"))
    | st.text(max_size=5)
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def _spoilt(draw: st.DrawFn) -> str:
    """A stored line in which some fields are anything, or are missing."""
    content: dict[str, Any] = json.loads(STORED[draw(st.sampled_from([*Kind]))])
    for name in draw(st.lists(st.sampled_from([*content]), max_size=3)):
        content[name] = draw(_JSON)
    for name in draw(st.lists(st.sampled_from([*content]), max_size=1)):
        del content[name]
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


_ODD = (
    '{"schema":1,"kind":"holdout","number":1e400}', '{"schema":1e400}', '{"schema":NaN}',
    '{"schema":1,"kind":{}}', '{"schema":1,"kind":[]}', '{"schema":1,"kind":""}',
    '{"schema":1,"kind":"redacted","number":1,"paths":[[[]]],"rest":"x"}',
    '{"schema":1,"kind":"redacted","number":1,"paths":[[{}]],"rest":"x"}',
    '{"schema":1,"redacted":' + "9" * 4300 + ',"folder":"secret"}',
    '{"schema":1,"folder":"secret","cpu":1e400}', '{"schema":1,"folder":"secret","cpu":-Infinity}',
    '{"schema":1,"folder":' + "[" * 90 + '"secret"' + "]" * 90 + "}",
    '{"schema":1,"folder":' + "[" * 900 + '"secret"' + "]" * 900 + "}",
    '{"schema":1,"folder":' + "[" * 50_000 + "]" * 50_000 + "}",
    '{"a":' * 50_000, "[" * 100_000, "[]", "5", "null", '"text"', "{}", "", " ", "\x00", "{",
    '{"schema":1,"folder":"\\ud800 secret"}', '{"schema":1} {"schema":1}',
    '{"schema":1,"folder":"' + "secret " * 100_000 + '"}',
)  # fmt: skip
_lines = st.sampled_from(_ODD) | _JSON.map(json.dumps) | _spoilt() | st.text(max_size=40)


@unhurried
@given(st.lists(_lines, max_size=4).map("\n".join))
def test_any_note_is_read_merged_and_redacted_without_an_error(note: str) -> None:
    assert all(isinstance(record, Record) for record in parse_records(note))
    assert all(math.isfinite(spread.variance) for spread in parse_spreads(note))
    assert all(isinstance(opening.commit, str) for opening in parse_openings(note))
    parse_outcomes(note)
    for kind in Kind:
        assert all(kind_of(content) is kind for content in read_contents(note, kind))
    assert all(isinstance(stone.rest, str) for stone in Tombstones(note.split("\n")).about({}))
    census = count_lines(note.split("\n"))
    assert sum(census.kinds.values()) + sum(census.newer.values()) + census.foreign <= len(
        note.split("\n")
    )
    merged = merge_lines(note)
    assert merge_lines("\n".join(merged)) == merged
    lines, _ = redact_note(note, Sought("secret"), {})
    redact_note(note, Sought(key="condition"), {})
    assert not any(still_holds(line, Sought("secret")) for line in lines)


@pytest.mark.parametrize("line", _ODD, ids=range(len(_ODD)))
def test_an_odd_line_hides_no_other_and_keeps_no_secret(line: str) -> None:
    note = "\n".join([*STORED.values(), line])
    assert len(parse_records(note)) == 1
    assert len(parse_spreads(note)) == 1
    assert len(parse_openings(note)) == 1
    assert len(parse_outcomes(note)) == 1
    lines, changed = redact_note(note, Sought("secret"), {})
    assert changed == ("secret" in line)
    assert "secret" not in "\n".join(lines)


def test_texts_are_texts() -> None:
    content = json.loads(STORED[Kind.RECORD])
    for name in ("condition", "environment", "start", "failure", "folder", "commit", "ids"):
        for wrong in ({"a": 1}, ["a"], 1, None):
            assert parse_records(json.dumps(content | {name: wrong})) == []


def test_what_no_reader_accepts_is_not_written() -> None:
    with pytest.raises(ValueError, match="too long for a note"):
        write_line(Kind.LOG, {"stdout": "x" * LONGEST_LINE})
    with pytest.raises(ValueError, match="JSON"):
        write_line(Kind.SAMPLE, {"sample": math.nan})
    long = '{"schema":1,"text":"' + "x" * LONGEST_LINE + '"}'
    assert parse_object(long) is None
    assert count_lines([long]).foreign == 1


def test_lines_are_counted_by_what_they_are() -> None:
    lines = [
        *STORED.values(), STORED[Kind.RECORD], '{"schema":2}', '{"schema":2,"kind":"log"}',
        '{"schema":7,"kind":"telemetry"}', '{"schema":1,"kind":"telemetry"}', "{}", "[1]", "", "x",
        '{"schema":true}',
    ]  # fmt: skip
    census = count_lines(lines)
    assert census.kinds == dict.fromkeys(Kind, 1) | {Kind.RECORD: 2}
    assert census.newer == {2: 2, 7: 1}
    assert census.foreign == 4


@pytest.mark.parametrize("depth", [1, 50, 99])
def test_objects_in_objects_are_read_to_a_depth(depth: int) -> None:
    inner = "1"
    for _ in range(depth - 1):
        inner = f'{{"a":{inner}}}'
    assert parse_object(f'{{"a":{inner}}}') == json.loads(f'{{"a":{inner}}}')
    flat = canonical({"a": [[n] for n in range(500)]})
    assert parse_object(flat) == json.loads(flat)
    assert parse_object('{"a":' * 101 + "1" + "}" * 101) is None
