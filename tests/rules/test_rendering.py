"""Findings and errors as text."""

from __future__ import annotations

import pytest

from gitexp.errors import NotReady, Refused
from gitexp.rules.demand import demand
from gitexp.rules.finding import Finding, advice, refusals
from gitexp.rules.rendering import error_text, finding_lines

BROKEN = Finding("C2", "two values differ:\n  model.C  1.0 -> 10", "gitexp start --set A=1\nor B=2")
ADVICE = Finding("H4", "no metric is named", "say which metric", advice=True)


def test_a_finding_is_its_message_then_its_id_with_the_next_step() -> None:
    assert finding_lines([BROKEN]) == [
        "",
        "two values differ:",
        "  model.C  1.0 -> 10",
        "C2 · gitexp start --set A=1",
        "     or B=2",
    ]


def test_what_refuses_comes_first_and_advice_is_marked() -> None:
    lines = finding_lines([ADVICE, BROKEN])
    assert lines.index("C2 · gitexp start --set A=1") < lines.index(
        "H4 (advice) · say which metric"
    )


def test_a_finding_without_a_hint_still_shows_its_id() -> None:
    assert finding_lines([Finding("C1", "3 more files differ")])[-1] == "C1"


def test_prose_is_wrapped_and_commands_are_not() -> None:
    finding = Finding("C1", "one two three four", "git commit --message 'five six seven'")
    assert finding_lines([finding], width=10) == [
        "", "one two", "three four", "C1 · git commit --message 'five six seven'",
    ]  # fmt: skip


def test_characters_that_a_terminal_acts_on_are_shown_escaped() -> None:
    lines = finding_lines([Finding("C1", "\x1b[8mhidden", "rm \x1b[8mx")])
    assert lines == ["", "\\x1b[8mhidden", "C1 · rm \\x1b[8mx"]


def test_an_error_says_what_happened_and_what_to_do() -> None:
    assert error_text(NotReady("no settings", "gitexp init"), "gitexp") == (
        "gitexp: no settings\n-> gitexp init"
    )


def test_a_refusal_lists_its_findings() -> None:
    text = error_text(Refused("not registered", [ADVICE, BROKEN]))
    assert text.startswith("not registered\n\ntwo values differ:")
    assert text.endswith("H4 (advice) · say which metric")


def test_refusals_and_advice_are_told_apart() -> None:
    assert refusals([ADVICE, BROKEN]) == (BROKEN,)
    assert advice([ADVICE, BROKEN]) == (ADVICE,)


def test_demand_returns_the_advice_or_raises_with_everything() -> None:
    assert demand([ADVICE], "not registered") == (ADVICE,)
    with pytest.raises(Refused, match="not registered") as caught:
        demand([ADVICE, BROKEN], "not registered")
    assert caught.value.findings == (ADVICE, BROKEN)
