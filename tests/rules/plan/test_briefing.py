"""What an agent is told fits into the characters that it asked for, whatever the names are."""

from __future__ import annotations

import json

import pytest

from gitexp.rules.plan.briefing import FEWEST, MOST, as_json, as_text, fitted, section

LONG = "x" * 5000
HOSTILE = ["a\nb\x1b[31m\u202e", '"\\' * 90, "\ud800" * 50, "漢字" * 400, LONG, " \n ", "{}[]:,-"]
COMMANDS = [f"gitexp run {LONG}", "gitexp next", f"gitexp show {'y' * 60}"]
SECTIONS = [
    section("standing", "Standing", ["accuracy 0.9", *HOSTILE]),
    section("dead_ends", "Dead ends", [f"{name} {at}" for at in range(60) for name in HOSTILE]),
    section("empty", "Empty", []),
    section("next", "Next", COMMANDS, is_exact=True),
]


@pytest.mark.parametrize("most", [*range(FEWEST, 420, 7), 1000, 1999, 2000, 7777, MOST])
@pytest.mark.parametrize("is_json", [False, True])
def test_it_never_takes_more_room_than_there_is(most: int, *, is_json: bool) -> None:
    text = fitted(SECTIONS, "next", most, as_json if is_json else as_text)
    assert len(text) <= most
    assert "gitexp next" in text
    assert all(character.isprintable() or character == "\n" for character in text)
    if is_json:
        found = json.loads(text)
        assert set(found["next"]) <= set(COMMANDS)
        missing = found["left_out"].get("next", 0)
        assert missing == len(COMMANDS) - len(found["next"])
    else:
        commands = text.partition("Next")[2].splitlines()[1:]
        assert {line.removeprefix("- ") for line in commands} <= set(COMMANDS)
        assert "Empty" not in text


def test_each_topic_gets_a_line_before_any_gets_two() -> None:
    topics = [section(f"t{at}", f"Topic {at}", [f"{n} " * 20 for n in range(9)]) for at in range(4)]
    text = fitted(topics, "t3", 300, as_text)
    assert [line for line in text.splitlines() if line.startswith("Topic")] == [
        "Topic 0 (8 more):", "Topic 1 (8 more):", "Topic 2 (8 more):", "Topic 3 (7 more):",
    ]  # fmt: skip


def test_with_room_for_all_nothing_is_said_to_be_missing() -> None:
    few = [section("known", "Settled", ["one", "two"]), section("next", "Next", ["gitexp next"])]
    assert fitted(few, "next", 2000, as_text) == "Settled:\n- one\n- two\nNext:\n- gitexp next"
    assert json.loads(fitted(few, "next", 2000, as_json)) == {
        "known": ["one", "two"], "next": ["gitexp next"],
    }  # fmt: skip
