"""What `start` says of past experiments near a change, and of ideas that keep coming back."""

from __future__ import annotations

import pytest

from tests.arrange import (
    settle,
    train_with,
)
from tests.bench.projects import many_experiments
from tests.project import World

SET = ("--set", "model.C=10")


WHY = "C helps because the model underfits"


def test_a_value_between_two_that_were_ruled_out_is_remarked(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    for value in ("1.1", "1.3"):
        ready.start("--set", f"model.C={value}", "--expect", "accuracy +0.05")
        assert ready.gitexp("run", "--json").json["verdict"] == "RULED OUT"
    out = ready.gitexp("start", WHY, "--set", "model.C=1.2").out
    assert "1.2 lies between 1.1 and 1.3" in out
    assert "K4" in out


def test_an_idea_that_keeps_coming_back_is_shown_with_its_intervals(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    for value in ("1.1", "1.2", "1.3"):
        ready.start("--set", f"model.C={value}", "--expect", "accuracy +0.05")
        ready.gitexp("run")
    out = ready.gitexp("start", WHY, "--set", "model.C=1.4", "--expect", "accuracy +0.05").out
    assert "model.C keeps coming back: tested 3 times, never confirmed" in out
    assert "tried: 1.1, 1.2, 1.3, all below 1.4" in out
    assert "settled" not in out


def test_of_many_that_came_back_the_newest_are_shown(ready: World) -> None:
    many_experiments(ready, 9)
    out = ready.gitexp("start", WHY, "--set", "model.C=77").out
    assert "model.C keeps coming back: tested 9 times" in out
    assert "exp/run-8: 10 " in out
    assert "exp/run-4: 6 " in out
    assert "exp/run-3" not in out
    assert "and 4 before them" in out


def test_what_was_inconclusive_is_shown_again_to_whoever_replicates_it(drawn: World) -> None:
    # Of three seeds in a row, whichever they are, the mean gain is 0.001.
    noisy = (
        "noise = (SEED % 3 - 1) * 0.01 + 0.001 if CONFIG['model']['C'] == 10 else 0\n"
        "print(f'accuracy={0.9 + noise:.6f}')\n"
    )
    train_with(drawn, noisy, repeats=[3])
    name = drawn.start(*SET)
    assert drawn.gitexp("run", "--json").json["verdict"] == "INCONCLUSIVE"
    assert "K1" in drawn.gitexp("start", WHY, "--set", "model.C=10.0", code=1).err
    out = drawn.gitexp("start", WHY, *SET, "--replicate").out
    assert f"exp/{name}: 10  INCONCLUSIVE" in out
    assert "together: accuracy" in out
    assert "times as many repeats" in out


@pytest.mark.slow
def test_the_same_words_in_another_experiment_are_remarked(ready: World) -> None:
    for number in range(21):
        ready.start(
            "--set", f"train.epochs={30 + number}",
            text=f"word{number} helps thing{number} because of cause{number}",
        )  # fmt: skip
    out = ready.gitexp("start", "word7 helps thing7 because of cause7 indeed", *SET).out
    assert "K5" in out
    assert "much the same hypothesis" in out
    assert (
        "K5"
        not in ready.gitexp("start", "zebras run because lions hunt", "--set", "train.lr=1").out
    )
