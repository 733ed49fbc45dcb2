"""Words found in hypotheses and verdicts."""

from __future__ import annotations

from tests.arrange import (
    settle,
)
from tests.project import World

SET = ("--set", "model.C=10")


def test_search_finds_words_of_hypotheses_and_verdicts(ready: World) -> None:
    settle(ready, repeats=[3])
    name = ready.start(*SET, text="C helps because kangaroos jump")
    ready.gitexp("run")
    other = ready.start("--set", "train.lr=2e-3", text="lr helps because wombats dig")
    ready.gitexp("run")
    assert [row["name"] for row in ready.gitexp("log", "wombats", "--json").json] == [other]
    assert [row["name"] for row in ready.gitexp("log", "confirmed", "--json").json] == [name]
    assert [row["name"] for row in ready.gitexp("log", "kangaroo", "--json").json] == [name]
    assert "No experiment" in ready.gitexp("log", "platypus").out
