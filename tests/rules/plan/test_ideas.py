from __future__ import annotations

import json

import pytest

from gitexp.errors import UsageError
from gitexp.rules.plan.ideas import Idea, parse_ideas
from gitexp.rules.plan.options import Options

WHOLE = {
    "hypothesis": "C=10 raises accuracy because it underfits", "set": "model.C=10",
    "expect": "accuracy +0.01", "evidence": "gap train 0.93", "gain": 0.01, "chance": 1,
    "cost": "5m", "guards": ["latency_ms +5%"], "despite": "old data",
}  # fmt: skip
LEAST = {"hypothesis": "a because b", "set": "C=1"}


def test_an_idea_takes_what_start_takes() -> None:
    lines = [json.dumps(WHOLE), "", "  ", json.dumps({**LEAST, "guards": "f1 0"})]
    first, second = parse_ideas("\n".join(lines).encode(), "plan.jsonl")
    assert first == Idea(
        "C=10 raises accuracy because it underfits", "model.C=10",
        Options("accuracy +0.01", "gap train 0.93", 0.01, 1, "5m", ("latency_ms +5%",), "old data"),
        1,
    )  # fmt: skip
    assert second == Idea("a because b", "C=1", Options(guards=("f1 0",)), 4)


def test_line_ends_and_separators_of_other_systems_are_no_trouble() -> None:
    text = json.dumps({**LEAST, "hypothesis": "a\u2028b because c"}, ensure_ascii=False)
    content = b"\xef\xbb\xbf" + f"{text}\r\n{json.dumps(LEAST)}\r\n".encode()
    assert [idea.line for idea in parse_ideas(content, "p")] == [1, 2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "contains no idea"),
        (b"\n\n", "contains no idea"),
        (b"a because b", "line 1: it is not JSON"),
        (b'{"hypothesis": "a"', "line 1: it is not JSON"),
        (b"[]", "not a JSON object"),
        (b"7", "not a JSON object"),
        (b'{"set": "C=1"}', 'no "hypothesis"'),
        (b'{"hypothesis": " ", "set": "C=1"}', 'no "hypothesis"'),
        (b'{"hypothesis": "a because b"}', 'no "set"'),
        (b'{"hypothesis": 7, "set": "C=1"}', '"hypothesis" must be text, not 7'),
        (b'{"hypothesis": null, "set": "C=1"}', '"hypothesis" must be text, not null'),
        (b'{"hypothesis": "a", "set": "C=1", "gain": "0.1"}', '"gain" must be a number'),
        (b'{"hypothesis": "a", "set": "C=1", "gain": true}', '"gain" must be a number'),
        (b'{"hypothesis": "a", "set": "C=1", "gain": NaN}', "NaN is not a JSON number"),
        (b'{"hypothesis": "a", "set": "C=1", "guards": [1]}', '"guards" must be a list of texts'),
        (b'{"hypothesis": "a", "set": "C=1", "hypotesis": "b"}', "did you mean hypothesis?"),
        (b'{"hypothesis": "a", "set": "C=1", "line": 3}', "keys are hypothesis, set"),
        (b'{"set": "C=1", "set": "C=2", "hypothesis": "a"}', "a key appears twice"),
        (b"[" * 50_000, "nested too deeply"),
        (b'"' + b"x" * 200_000 + b'"', "at most 100000 are allowed"),
        (b"\xff{}", "line 1: not UTF-8"),
    ],
)
def test_a_line_that_is_no_idea_is_named_with_the_reason(line: bytes, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_ideas(line, "plan.jsonl")
    assert said in caught.value.message
    if b"idea" not in said.encode():
        assert caught.value.message.startswith("plan.jsonl, line 1: ")


def test_a_plan_of_too_many_is_refused() -> None:
    with pytest.raises(UsageError, match="has 1001 ideas"):
        parse_ideas(b"\n".join([json.dumps(LEAST).encode()] * 1001), "p")
