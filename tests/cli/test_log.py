"""`gitexp log`: which of its words are names, and which are searched for."""

from __future__ import annotations

import pytest

from tests.project import BECAUSE, World

RATE = "A lower lr raises accuracy because training oscillates: its loss is noisy"


@pytest.fixture
def two(ready: World) -> tuple[World, str, str]:
    """A project with two experiments: one about C, one about the learning rate."""
    return (
        ready,
        ready.start("--set", "model.C=10"),
        ready.start("--set", "train.lr=1e-4", text=RATE),
    )


def names(world: World, *words: str) -> list[str]:
    """Experiments that the log lists for these words."""
    return [row["name"] for row in world.gitexp("log", *words, "--json").json]


def test_a_name_lists_that_experiment(two: tuple[World, str, str]) -> None:
    world, one, other = two
    assert names(world, one) == [one]
    assert names(world, f"exp/{one}") == [one]
    assert set(names(world, one, other)) == {one, other}
    assert names(world, f"{one[:3]}*{one[-3:]}") == [one]


def test_other_words_are_searched_for(two: tuple[World, str, str]) -> None:
    world, one, other = two
    assert names(world, "oscillates") == [other]
    assert names(world, "underfits") == [one]
    assert set(names(world, "accuracy")) == {one, other}
    assert len(names(world, "accuracy", "-n", "1")) == 1
    assert names(world, "accuracy", "--author", "nobody") == []
    assert other in world.gitexp("log", "training", "oscillates").out


def test_a_name_with_words_searches_that_experiment_alone(two: tuple[World, str, str]) -> None:
    world, one, other = two
    assert names(world, one, "accuracy") == [one]
    assert names(world, one, "oscillates") == []
    assert names(world, other, "oscillates") == [other]


def test_a_mistyped_name_gets_a_suggestion(two: tuple[World, str, str]) -> None:
    world, one, _ = two
    for word in (f"{one}x", f"exp/{one}x"):
        ran = world.gitexp("log", word)
        assert f"There is no experiment {word}. Did you mean exp/{one}?" in ran.err
    assert "There is no experiment" not in world.gitexp("log", "cross-validation").err


def test_words_that_nothing_contains(two: tuple[World, str, str]) -> None:
    world, *_ = two
    assert world.gitexp("log", "dropout").out == "No experiment contains any of these words.\n"
    assert names(world, "dropout") == []


def test_calibration_is_a_view_of_the_log(ready: World) -> None:
    ready.start("--set", "model.C=10", "--gain", "0.01", "--chance", "0.5", text=BECAUSE)
    ready.gitexp("run")
    [whole, *_] = ready.gitexp("log", "--calibration", "--json").json
    assert whole["group"] == "all"
    assert ready.gitexp("calibration").out == ready.gitexp("log", "--calibration").out
