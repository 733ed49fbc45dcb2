"""A summary comes back from its text as it was, and a damaged text is refused."""

from __future__ import annotations

import json

import pytest

from gitexp.rules.documents.record import Record
from gitexp.rules.documents.summary import (
    Stage,
    Summary,
    parse_summary,
    summarize,
    summary_text,
)
from gitexp.rules.verdict.criterion import Criterion, Guard
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.verdict import Design, Judgement, Pair, Verdict


def a_record(seed: int = 1, **change: object) -> Record:
    record = Record(
        seed=seed, attempt=1, condition="c", environment="e", metrics={"accuracy": 0.9},
        start="2026-01-01T00:00:00.000Z", duration=61.5, exit=0, ids="0123456789ab",
    )  # fmt: skip
    return record._replace(**change)  # type: ignore[arg-type]


def a_judgement() -> Judgement:
    guards = (Guard.parse("latency_ms +5%"), Guard.parse("recall -0.01"))
    design = Design(
        Criterion("accuracy", 0.005, higher_is_better=True), (3, 5), 0.01, 0.0, guards=guards
    )
    pairs = [Pair(seed, 0.9, 0.91 + 0.001 * seed) for seed in range(1, 6)]
    guarded = {"latency_ms": [Pair(seed, 10.0, 10.0 + seed / 10) for seed in range(1, 6)]}
    return judge(design, pairs, guards=guarded)


def a_summary() -> Summary:
    records = [a_record(seed) for seed in range(1, 6)]
    return summarize(a_judgement(), records, foreign=2, newer={3: 1, 2: 4})


@pytest.mark.parametrize(
    "summary",
    [
        summarize(None, ()),
        summarize(None, [a_record(explore="to see")]),
        summarize(None, [a_record(failure="exit 1", ids="")], newer={2: 1}),
        summarize(Judgement(None, "", 0, 0, 5), [a_record()]),
        a_summary(),
    ],
    ids=["nothing", "explored", "failed", "undecided", "decided"],
)
def test_a_summary_comes_back_as_it_was(summary: Summary) -> None:
    assert parse_summary(summary_text(summary)) == summary


def test_what_a_summary_says() -> None:
    summary = a_summary()
    assert summary.judgement is not None
    assert summary.stage is Stage.DECIDED
    assert summary.verdict is summary.judgement.verdict
    assert (summary.ran, summary.foreign, summary.newer) == (5, 2, ((2, 4), (3, 1)))
    assert (summary.seconds, summary.ids) == ((61.5,) * 5, ("0123456789ab",))
    assert summary.finished == 1_767_225_600 + 61.5


@pytest.mark.parametrize(
    ("judgement", "records", "stage"),
    [
        (None, [], Stage.UNDECIDED),
        (None, [a_record(explore="to see")], Stage.EXPLORED),
        (None, [a_record(explore="to see", failure="exit 1")], Stage.EXPLORED),
        (None, [a_record(failure="exit 1")], Stage.FAILED),
        (None, [a_record(failure="exit 1"), a_record(attempt=2)], Stage.UNDECIDED),
        (Judgement(None, "", 0, 0, 5), [a_record()], Stage.UNDECIDED),
        (Judgement(Verdict.RULED_OUT, "harmful", 1, 5, None), [a_record()], Stage.DECIDED),
        # Whoever repairs the failing seeds may still get a verdict.
        (
            Judgement(Verdict.INCONCLUSIVE, "repeats failed", 0, 0, None),
            [a_record(failure="exit 1")],
            Stage.FAILED,
        ),
    ],
)
def test_how_far_an_experiment_has_come(
    judgement: Judgement | None, records: list[Record], stage: Stage
) -> None:
    assert summarize(judgement, records).stage is stage


def _without(name: str) -> str:
    fields = json.loads(summary_text(a_summary()))
    del fields[name]
    return json.dumps(fields)


def _with(name: str, value: object, within: str = "") -> str:
    fields = json.loads(summary_text(a_summary()))
    (fields[within] if within else fields)[name] = value
    return json.dumps(fields)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "[]", "7", "{}", '"text"', "[" * 100_000, summary_text(a_summary())[:-1],
        *(_without(name) for name in json.loads(summary_text(a_summary()))),
        _with("more", 1), _with("stage", "done"), _with("stage", None), _with("ran", "5"),
        _with("ran", -1), _with("ran", True), _with("why", 7), _with("seconds", None),
        _with("seconds", ["61.5"]), _with("seconds", [float("nan")]), _with("ids", [1]),
        _with("foreign", 0.5), _with("newer", [[1, 2, 3]]), _with("newer", {"2": 4}),
        _with("judgement", []), _with("judgement", {}), _with("verdict", "TRUE", "judgement"),
        _with("more", 1, "judgement"), _with("effect", "0.01", "judgement"),
        _with("look", None, "judgement"), _with("p", float("inf"), "judgement"),
        _with("guards", [["recall -0.01"]], "judgement"),
        _with("guards", [["no guard", True, 0.0, 0.0]], "judgement"),
        _with("guards", [["recall -0.01", "yes", 0.0, 0.0]], "judgement"),
        _with("guards", None, "judgement"),
    ],
)  # fmt: skip
def test_a_damaged_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_summary(text)
