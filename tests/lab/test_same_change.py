"""A change is told by its values, however they are spelled and whatever they hold."""

from __future__ import annotations

import json

import pytest

from tests.arrange import settle, trailers
from tests.project import World
from tests.team import measure

LONG = "Answer in one word. " * 15


def prompted(ready: World, prompt: str = "x") -> World:
    """A project whose config has a prompt, at its top."""
    config = (ready.path / "config.toml").read_text()
    ready.write("config.toml", f"prompt = {json.dumps(prompt)}\n{config}")
    settle(ready, repeats=[5])
    return ready


def set_prompt(prompt: str) -> tuple[str, ...]:
    return ("--set", f"prompt={json.dumps(prompt)}")


def with_a_verdict(world: World, prompt: str) -> str:
    """Register a prompt and record runs that rule it out; returns the experiment's name."""
    name = world.start(*set_prompt(prompt))
    measure(world, world.git("rev-parse", "main"), 0.9)
    measure(world, world.git("rev-parse", f"exp/{name}"), 0.8)
    assert world.gitexp("log", "--json").json[0]["verdict"] == "RULED OUT"
    return name


def test_values_that_hold_an_arrow_are_two_changes(ready: World) -> None:
    first = with_a_verdict(prompted(ready), "x -> z")
    second = ready.start(*set_prompt("y -> z"))
    assert trailers(ready, f"exp/{second}")["Change"] == 'config.toml: prompt = "x" -> "y -> z"'
    ran = ready.gitexp("start", "another prompt helps because it is short", *set_prompt("x -> z"),
                       code=1)  # fmt: skip
    assert "K1" in ran.err
    assert first in ran.err
    changes = {row["name"]: row["change"] for row in ready.gitexp("log", "--json").json}
    assert changes[second] == {
        "file": "config.toml", "key": "prompt", "before": "x", "after": "y -> z",
    }  # fmt: skip


def test_long_values_that_differ_at_their_end_are_two_changes(ready: World) -> None:
    first = with_a_verdict(prompted(ready), LONG + "1")
    second = ready.start(*set_prompt(LONG + "2"))
    cut, other = (trailers(ready, f"exp/{name}")["Change"] for name in (first, second))
    assert cut == other  # what the message shows cannot tell them apart
    assert "K1" in ready.gitexp("start", "a prompt helps because it is short",
                                *set_prompt(LONG + "1"), code=1).err  # fmt: skip
    changes = {row["name"]: row["change"] for row in ready.gitexp("log", "--json").json}
    assert [changes[name]["after"] for name in (first, second)] == [LONG + "1", LONG + "2"]
    # The gate, which reads commits, finds the same.
    assert ready.gitexp("check", second).code == 0
    again = ("start", "again, because luck may have hidden it", *set_prompt(LONG + "1"))
    ran = ready.gitexp(*again, "--replicate", code=1)
    assert f"exp/{first} tested this change, and seeds are fold numbers" in ran.err


def test_long_values_are_compared_as_they_are_whatever_they_replace(ready: World) -> None:
    # Where both are long, each is cut where they begin to differ: the line depends on the baseline.
    first = with_a_verdict(prompted(ready, LONG + "0"), LONG + "1")
    ready.edit(LONG + "0", "short")
    ready.commit("a short prompt")
    ran = ready.gitexp("start", "a prompt helps because it is long", *set_prompt(LONG + "1"))
    assert f"exp/{first} made the same change on an older baseline" in ran.out


@pytest.mark.parametrize("key", ["a = b", "a: b", "a -> b", "größe", 'quo"te', "two\nlines"])
def test_a_key_may_hold_what_stands_between_the_parts(ready: World, key: str) -> None:
    ready.write("config.toml", f"{json.dumps(key, ensure_ascii=False)} = 1\n")
    settle(ready, repeats=[5])
    ready.edit("= 1\n", "= 2\n")
    name = ready.start()
    [row] = ready.gitexp("log", "--json").json
    assert (row["change"]["before"], row["change"]["after"]) == (1, 2)
    assert row["change"]["key"].isprintable()
    assert ready.gitexp("check", name).code == 0


def test_several_lines_of_text_are_one_value(ready: World) -> None:
    name = prompted(ready).start(*set_prompt("one\ntwo -> three"))
    [row] = ready.gitexp("log", "--json").json
    assert row["change"]["after"] == "one\ntwo -> three"
    assert ready.gitexp("check", name).code == 0
