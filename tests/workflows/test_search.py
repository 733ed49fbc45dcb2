"""Words found in hypotheses and verdicts."""

from __future__ import annotations

from tests.arrange import (
    settle,
)
from tests.project import World

SET = ("--set", "model.C=10")


def test_search_finds_words_of_hypotheses_and_verdicts(ready: World) -> None:
    settle(ready, repeats=[3])
    name = ready.start(*SET, text="C helps because pistons jump")
    ready.gitexp("run")
    other = ready.start("--set", "train.lr=2e-3", text="lr helps because gaskets seal")
    ready.gitexp("run")
    assert [row["name"] for row in ready.gitexp("log", "gaskets", "--json").json] == [other]
    assert [row["name"] for row in ready.gitexp("log", "confirmed", "--json").json] == [name]
    assert [row["name"] for row in ready.gitexp("log", "piston", "--json").json] == [name]
    assert "No experiment" in ready.gitexp("log", "platypus").out
