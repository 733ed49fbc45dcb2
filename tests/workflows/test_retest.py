"""Testing a change again with more runs: a test of its own, and one estimate of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.arrange import seeds_of, trailers, train_with

if TYPE_CHECKING:
    from tests.project import World

SET = ("--set", "model.C=10")
# Of three seeds in a row, whichever they are, the mean gain is 0.001.
NOISY = """\
noise = (SEED % 3 - 1) * 0.02 + 0.001 if CONFIG['model']['C'] == 10 else 0
print(f'accuracy={0.9 + noise:.6f}')
"""


def test_more_pairs_are_a_new_test_and_both_together_are_no_verdict(drawn: World) -> None:
    train_with(drawn, NOISY, repeats=[3])
    first = drawn.start(*SET)
    alone = drawn.gitexp("run", "--json").json
    assert (alone["verdict"], alone["pairs"], alone["together"]) == ("INCONCLUSIVE", 3, None)
    second = drawn.gitexp("retest", first, "--repeats", "6", "--json").json["name"]
    assert trailers(drawn, f"exp/{second}")["Repeats"] == "3 6"
    start = seeds_of(drawn, f"exp/{first}").start
    assert seeds_of(drawn, f"exp/{second}") == range(start + 1000, start + 1006)
    ran = drawn.gitexp("run", second).out
    assert "(95 %; 2 experiments, 6 pairs): an estimate, not a verdict" in " ".join(ran.split())
    shown = drawn.gitexp("show", second, "--json").json
    assert (shown["verdict"], shown["pairs"]) == ("INCONCLUSIVE", 3)
    both = shown["together"]
    assert (both["pairs"], both["experiments"]) == (6, 2)
    assert both["effect"] == pytest.approx(0.001)
    assert both["upper"] - both["lower"] < shown["upper"] - shown["lower"]
    assert "an estimate, not a verdict" in " ".join(drawn.gitexp("show", first).out.split())


def test_more_pairs_are_of_one_experiment(ready: World) -> None:
    ready.start(*SET)
    before = ready.snapshot()
    for words, said in ((("--planned", "--repeats", "40"), "not both"),
                        (("--repeats", "0"), "0 repeats are out of range")):  # fmt: skip
        assert said in ready.gitexp("retest", *words, code=2).err
    assert ready.snapshot() == before
